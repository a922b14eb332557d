/* SPDX-License-Identifier: MIT */
/* The fw_cfg device: items that the host hands to the guest by key, and
 * named files among them, some of which the guest may write.
 *
 * The device knows neither a bus nor guest memory, so any VMM can embed it.
 * It needs: the guest's accesses to the register window, passed to
 * gc_fw_cfg_io_read() and gc_fw_cfg_io_write() (x86) or gc_fw_cfg_mmio_read()
 * and gc_fw_cfg_mmio_write() (everything else), and two callbacks that reach
 * guest memory for DMA.  What the guest sees is written down in
 * docs/devices/fw_cfg.md.
 *
 * Nothing that a guest does is an error of the host: it gets the answer that
 * the specification has for it.
 *
 * Threads: a device belongs to one thread at a time; its owner locks. */
#pragma once

#include "guestcore/types.h"

G_BEGIN_DECLS

typedef struct GcFwCfg GcFwCfg;

/**
 * GcFwCfgKey:
 *
 * The items whose key is fixed.  Bit 15 of a key chooses the table that
 * belongs to the architecture, bit 14 is ignored.
 */
typedef enum GcFwCfgKey {
    GC_FW_CFG_SIGNATURE = 0x00,
    GC_FW_CFG_ID = 0x01,
    GC_FW_CFG_UUID = 0x02,
    GC_FW_CFG_RAM_SIZE = 0x03,
    GC_FW_CFG_NOGRAPHIC = 0x04,
    GC_FW_CFG_NB_CPUS = 0x05,
    GC_FW_CFG_MACHINE_ID = 0x06,
    GC_FW_CFG_KERNEL_ADDR = 0x07,
    GC_FW_CFG_KERNEL_SIZE = 0x08,
    GC_FW_CFG_KERNEL_CMDLINE = 0x09,
    GC_FW_CFG_INITRD_ADDR = 0x0a,
    GC_FW_CFG_INITRD_SIZE = 0x0b,
    GC_FW_CFG_BOOT_DEVICE = 0x0c,
    GC_FW_CFG_NUMA = 0x0d,
    GC_FW_CFG_BOOT_MENU = 0x0e,
    GC_FW_CFG_MAX_CPUS = 0x0f,
    GC_FW_CFG_KERNEL_ENTRY = 0x10,
    GC_FW_CFG_KERNEL_DATA = 0x11,
    GC_FW_CFG_INITRD_DATA = 0x12,
    GC_FW_CFG_CMDLINE_ADDR = 0x13,
    GC_FW_CFG_CMDLINE_SIZE = 0x14,
    GC_FW_CFG_CMDLINE_DATA = 0x15,
    GC_FW_CFG_SETUP_ADDR = 0x16,
    GC_FW_CFG_SETUP_SIZE = 0x17,
    GC_FW_CFG_SETUP_DATA = 0x18,
    GC_FW_CFG_FILE_DIR = 0x19,
    GC_FW_CFG_FILE_FIRST = 0x20,
    GC_FW_CFG_ARCH_LOCAL = 0x8000,
    GC_FW_CFG_INVALID = 0xffff,
} GcFwCfgKey;

/* Where the windows are and how large: I/O ports on x86; the registers of
 * the memory-mapped window at their offsets from its base. */
#define GC_FW_CFG_IO_BASE 0x510
#define GC_FW_CFG_IO_SIZE 12
#define GC_FW_CFG_MMIO_SIZE 24

/* A file name with its NUL fills at most this many bytes. */
#define GC_FW_CFG_NAME_SIZE 56

/* How many files there is room for: always, if nobody asks, at most. */
#define GC_FW_CFG_MIN_SLOTS 0x10
#define GC_FW_CFG_DEFAULT_SLOTS 0x20
#define GC_FW_CFG_MAX_SLOTS (0x3fff - GC_FW_CFG_FILE_FIRST + 1)

/* The largest item: its size must fit the directory and the saved state. */
#define GC_FW_CFG_MAX_ITEM_SIZE UINT32_MAX

/**
 * GcFwCfgMemoryOps:
 * @read: copies @len bytes of guest memory at @paddr into @buf
 * @write: copies @len bytes from @buf to guest memory at @paddr
 *
 * @check: (nullable): whether all of @len bytes at @paddr is memory.  NULL
 *     has the device look by reading a byte of each page, which is slow for
 *     4 GiB and touches pages that the guest may never have used.
 *
 * How DMA reaches guest memory.  All return whether the whole range is
 * memory, and change nothing if it is not; none may reach a device window.
 * The range never wraps around, and @read and @write get at most 64 KiB.
 */
typedef struct GcFwCfgMemoryOps {
    bool (*read)(void *opaque, GcPaddr paddr, void *buf, size_t len);
    bool (*write)(void *opaque, GcPaddr paddr, const void *buf, size_t len);
    bool (*check)(void *opaque, GcPaddr paddr, uint64_t len);
} GcFwCfgMemoryOps;

/**
 * GcFwCfgFileOps:
 * @select: (nullable): the guest selected the file and is about to use it;
 *     may replace the content with gc_fw_cfg_set_file()
 * @write: (nullable): the guest wrote @len bytes at @offset; @data is the
 *     whole content of the file, @size bytes, and may be changed in place
 *
 * What the owner of a file wants to hear.  Neither may add files.
 */
typedef struct GcFwCfgFileOps {
    void (*select)(void *opaque);
    void (*write)(void *opaque, uint8_t *data, size_t size, size_t offset,
                  size_t len);
} GcFwCfgFileOps;

/**
 * gc_fw_cfg_new:
 * @ops: (nullable): how DMA reaches guest memory; must outlive the device.
 *     NULL makes a device without DMA, which the guest cannot write to.
 * @opaque: passed to @ops
 *
 * Returns: (transfer full): a device with its signature, its feature bits
 *     and an empty file directory
 */
GC_API GcFwCfg *gc_fw_cfg_new(const GcFwCfgMemoryOps *ops, void *opaque);

/**
 * gc_fw_cfg_free:
 * @cfg: (transfer full) (nullable): the device
 */
GC_API void gc_fw_cfg_free(GcFwCfg *cfg);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcFwCfg, gc_fw_cfg_free)

/**
 * gc_fw_cfg_reset:
 * @cfg: the device
 *
 * Selects the signature, as at power-on.  Items and the address latch of
 * DMA stay as they are.
 */
GC_API void gc_fw_cfg_reset(GcFwCfg *cfg);

/**
 * gc_fw_cfg_has_dma:
 * @cfg: the device
 *
 * Returns: whether it was made with callbacks for guest memory
 */
GC_API bool gc_fw_cfg_has_dma(const GcFwCfg *cfg);

/**
 * gc_fw_cfg_set_slots:
 * @cfg: the device
 * @slots: room for so many files, %GC_FW_CFG_MIN_SLOTS to
 *     %GC_FW_CFG_MAX_SLOTS
 * @error: (out) (optional): return location
 *
 * The directory that the guest reads has its full size from the start.
 * Errors: GC_ERROR_INVALID if @slots is out of range or less than the number
 *     of files there are.
 */
GC_API bool gc_fw_cfg_set_slots(GcFwCfg *cfg, unsigned slots, GError **error);

/**
 * gc_fw_cfg_add_bytes:
 * @cfg: the device
 * @key: below %GC_FW_CFG_FILE_FIRST, with or without %GC_FW_CFG_ARCH_LOCAL
 * @bytes: the content; the device keeps a reference
 * @error: (out) (optional): return location
 *
 * Adds an item.  The guest can only read it.
 * Errors: GC_ERROR_INVALID if the key is none of these or has an item, or
 *     the content is larger than %GC_FW_CFG_MAX_ITEM_SIZE.
 */
GC_API bool gc_fw_cfg_add_bytes(GcFwCfg *cfg, uint16_t key, GBytes *bytes,
                                GError **error);

/**
 * gc_fw_cfg_add_u16:
 * @cfg: the device
 * @key: as for gc_fw_cfg_add_bytes()
 * @value: stored as 2 bytes, little-endian
 * @error: (out) (optional): return location
 *
 * Errors: as gc_fw_cfg_add_bytes().
 */
GC_API bool gc_fw_cfg_add_u16(GcFwCfg *cfg, uint16_t key, uint16_t value,
                              GError **error);

/**
 * gc_fw_cfg_add_u32:
 * @cfg: the device
 * @key: as for gc_fw_cfg_add_bytes()
 * @value: stored as 4 bytes, little-endian
 * @error: (out) (optional): return location
 *
 * Errors: as gc_fw_cfg_add_bytes().
 */
GC_API bool gc_fw_cfg_add_u32(GcFwCfg *cfg, uint16_t key, uint32_t value,
                              GError **error);

/**
 * gc_fw_cfg_add_u64:
 * @cfg: the device
 * @key: as for gc_fw_cfg_add_bytes()
 * @value: stored as 8 bytes, little-endian
 * @error: (out) (optional): return location
 *
 * Errors: as gc_fw_cfg_add_bytes().
 */
GC_API bool gc_fw_cfg_add_u64(GcFwCfg *cfg, uint16_t key, uint64_t value,
                              GError **error);

/**
 * gc_fw_cfg_add_string:
 * @cfg: the device
 * @key: as for gc_fw_cfg_add_bytes()
 * @string: stored with its NUL
 * @error: (out) (optional): return location
 *
 * Errors: as gc_fw_cfg_add_bytes().
 */
GC_API bool gc_fw_cfg_add_string(GcFwCfg *cfg, uint16_t key, const char *string,
                                 GError **error);

/**
 * gc_fw_cfg_add_file:
 * @cfg: the device
 * @name: 1 to 55 bytes
 * @bytes: the content; the device keeps a reference
 * @error: (out) (optional): return location
 *
 * Adds a file that the guest can only read.  The directory is sorted by
 * name, and keys follow it: a new file moves those after it by one, so all
 * files are to be added before the guest runs.
 * Errors: GC_ERROR_INVALID if the name is empty, too long or taken, the
 *     directory is full or the content too large.
 */
GC_API bool gc_fw_cfg_add_file(GcFwCfg *cfg, const char *name, GBytes *bytes,
                               GError **error);

/**
 * gc_fw_cfg_add_writable_file:
 * @cfg: the device
 * @name: 1 to 55 bytes
 * @bytes: the first content, which is copied; its size is the file's for good
 * @error: (out) (optional): return location
 *
 * Adds a file that the guest can read and, by DMA, write.
 * Errors: as gc_fw_cfg_add_file().
 */
GC_API bool gc_fw_cfg_add_writable_file(GcFwCfg *cfg, const char *name,
                                        GBytes *bytes, GError **error);

/**
 * gc_fw_cfg_watch_file:
 * @cfg: the device
 * @name: a file of it
 * @ops: (nullable): what to call; must outlive @cfg or be taken back with
 *     NULL first
 * @opaque: passed to @ops
 * @error: (out) (optional): return location
 *
 * Calls @ops from now on when the guest selects or writes the file.
 * Errors: GC_ERROR_NO_DATA if there is no such file.
 */
GC_API bool gc_fw_cfg_watch_file(GcFwCfg *cfg, const char *name,
                                 const GcFwCfgFileOps *ops, void *opaque,
                                 GError **error);

/**
 * gc_fw_cfg_set_file:
 * @cfg: the device
 * @name: a file of it
 * @bytes: the new content, of any size for a file that the guest can only
 *     read and of the same size for one that it can write
 * @error: (out) (optional): return location
 *
 * Replaces the content of a file; whether the guest may write it and who is
 * called stay as they are.
 * Errors: GC_ERROR_NO_DATA if there is no such file; GC_ERROR_INVALID if the
 *     size is not allowed.
 */
GC_API bool gc_fw_cfg_set_file(GcFwCfg *cfg, const char *name, GBytes *bytes,
                               GError **error);

/**
 * gc_fw_cfg_find_file:
 * @cfg: the device
 * @name: any name
 *
 * Returns: the key of the file at present, or %GC_FW_CFG_INVALID
 */
GC_API uint16_t gc_fw_cfg_find_file(const GcFwCfg *cfg, const char *name);

/**
 * gc_fw_cfg_dup_item:
 * @cfg: the device
 * @key: any key
 *
 * Returns: (transfer full) (nullable): a copy of the content of an item as it
 *     is now; NULL if there is none
 */
GC_API GBytes *gc_fw_cfg_dup_item(GcFwCfg *cfg, uint16_t key);

/**
 * gc_fw_cfg_io_read:
 * @cfg: the device
 * @offset: from port 0x510, less than %GC_FW_CFG_IO_SIZE
 * @size: of the access: 1, 2 or 4 bytes
 *
 * The guest reads I/O ports.
 *
 * Returns: the value that the guest's register gets
 */
GC_API uint64_t gc_fw_cfg_io_read(GcFwCfg *cfg, uint64_t offset, unsigned size);

/**
 * gc_fw_cfg_io_write:
 * @cfg: the device
 * @offset: from port 0x510, less than %GC_FW_CFG_IO_SIZE
 * @size: of the access: 1, 2 or 4 bytes
 * @value: what the guest's register holds
 *
 * The guest writes I/O ports.  A transfer is complete when this returns.
 */
GC_API void gc_fw_cfg_io_write(GcFwCfg *cfg, uint64_t offset, unsigned size,
                               uint64_t value);

/**
 * gc_fw_cfg_mmio_read:
 * @cfg: the device
 * @offset: from the window's base, less than %GC_FW_CFG_MMIO_SIZE
 * @size: of the access: 1, 2, 4 or 8 bytes
 *
 * The guest reads the memory-mapped window.
 *
 * Returns: the value that a little-endian guest's register gets; the byte
 *     at the lowest address is its lowest 8 bits
 */
GC_API uint64_t gc_fw_cfg_mmio_read(GcFwCfg *cfg, uint64_t offset,
                                    unsigned size);

/**
 * gc_fw_cfg_mmio_write:
 * @cfg: the device
 * @offset: from the window's base, less than %GC_FW_CFG_MMIO_SIZE
 * @size: of the access: 1, 2, 4 or 8 bytes
 * @value: what a little-endian guest's register holds
 *
 * The guest writes the memory-mapped window.  A transfer is complete when
 * this returns.
 */
GC_API void gc_fw_cfg_mmio_write(GcFwCfg *cfg, uint64_t offset, unsigned size,
                                 uint64_t value);

/**
 * gc_fw_cfg_save:
 * @cfg: the device
 *
 * Returns: (transfer full): the state that a guest can change through the
 *     registers: which item is selected, the offset in it, the latch.  The
 *     items are not part of it; both ends must have the same.
 */
GC_API GBytes *gc_fw_cfg_save(const GcFwCfg *cfg);

/**
 * gc_fw_cfg_restore:
 * @cfg: a device with the items that the saved one had
 * @state: what gc_fw_cfg_save() returned
 * @error: (out) (optional): return location
 *
 * Nobody is called.  A record that is not whole and valid changes nothing.
 * Errors: GC_ERROR_FORMAT if the record is cut, too long or no such record,
 *     or a value is out of range; GC_ERROR_UNSUPPORTED if it is newer than
 *     this library.
 */
GC_API bool gc_fw_cfg_restore(GcFwCfg *cfg, GBytes *state, GError **error);

G_END_DECLS
