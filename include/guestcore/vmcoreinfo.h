/* SPDX-License-Identifier: MIT */
/* The vmcoreinfo device: through the fw_cfg file etc/vmcoreinfo the guest
 * tells the host where the note lies that describes its kernel, so that a
 * dump of the guest can carry it.
 *
 * docs/devices/vmcoreinfo.md is what the guest sees.
 *
 * Threads: as the fw_cfg device that it is part of. */
#pragma once

#include "guestcore/fw_cfg.h"

G_BEGIN_DECLS

/* The name of the file, and its size in bytes. */
#define GC_VMCOREINFO_FILE "etc/vmcoreinfo"
#define GC_VMCOREINFO_SIZE 16

/**
 * GcVmcoreinfoFormat:
 * @GC_VMCOREINFO_FORMAT_NONE: no note
 * @GC_VMCOREINFO_FORMAT_ELF: an ELF note
 *
 * What the guest's note is.  A guest may give any other 16-bit value, which
 * is kept and shown, and which nobody can process.
 */
typedef enum GcVmcoreinfoFormat {
    GC_VMCOREINFO_FORMAT_NONE = 0,
    GC_VMCOREINFO_FORMAT_ELF = 1,
} GcVmcoreinfoFormat;

/**
 * GcVmcoreinfoState:
 * @present: whether the guest has given a note and not withdrawn it
 * @host_format: what the host supports; the guest cannot change it
 * @guest_format: what the guest says its note is
 * @size: how many bytes the guest reserved for the note; it may be shorter
 * @paddr: where it begins; nobody has checked that there is memory
 *
 * What the guest last wrote.  Only if @present is it worth anything.
 */
typedef struct GcVmcoreinfoState {
    bool present;
    uint16_t host_format;
    uint16_t guest_format;
    uint32_t size;
    GcPaddr paddr;
} GcVmcoreinfoState;

typedef struct GcVmcoreinfo GcVmcoreinfo;

/**
 * gc_vmcoreinfo_new:
 * @cfg: the fw_cfg device to live in; must be freed after this one
 * @error: (out) (optional): return location
 *
 * Adds the device, and its file, to @cfg.
 * Errors: GC_ERROR_INVALID if @cfg has one already, if it has no DMA, or if
 *     its directory is full.
 *
 * Returns: (transfer full): the device, or NULL
 */
GC_API GcVmcoreinfo *gc_vmcoreinfo_new(GcFwCfg *cfg, GError **error);

/**
 * gc_vmcoreinfo_free:
 * @vmcoreinfo: (transfer full) (nullable): the device
 *
 * The file stays in its fw_cfg device as it is; nobody listens to it.
 */
GC_API void gc_vmcoreinfo_free(GcVmcoreinfo *vmcoreinfo);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcVmcoreinfo, gc_vmcoreinfo_free)

/**
 * gc_vmcoreinfo_reset:
 * @vmcoreinfo: the device
 *
 * Withdraws what the guest gave and restores the first content of the file.
 */
GC_API void gc_vmcoreinfo_reset(GcVmcoreinfo *vmcoreinfo);

/**
 * gc_vmcoreinfo_get_state:
 * @vmcoreinfo: the device
 *
 * Returns: what the guest told
 */
GC_API GcVmcoreinfoState
gc_vmcoreinfo_get_state(const GcVmcoreinfo *vmcoreinfo);

/**
 * gc_vmcoreinfo_save:
 * @vmcoreinfo: the device
 *
 * Returns: (transfer full): a record of its state
 */
GC_API GBytes *gc_vmcoreinfo_save(const GcVmcoreinfo *vmcoreinfo);

/**
 * gc_vmcoreinfo_restore:
 * @vmcoreinfo: the device
 * @state: what gc_vmcoreinfo_save() returned
 * @error: (out) (optional): return location
 *
 * A record that is not whole and valid changes nothing.
 * Errors: GC_ERROR_FORMAT if the record is cut, too long or no such record,
 *     or a value is out of range; GC_ERROR_UNSUPPORTED if it is newer than
 *     this library.
 */
GC_API bool gc_vmcoreinfo_restore(GcVmcoreinfo *vmcoreinfo, GBytes *state,
                                  GError **error);

G_END_DECLS
