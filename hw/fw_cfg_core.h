/* SPDX-License-Identifier: MIT */
/* What the parts of the fw_cfg device share: the items and the cursor on
 * them, seen by the transports and by DMA. */
#pragma once

#include "guestcore/fw_cfg.h"

/* A content that the guest reads.  Exactly one of @bytes and @own is set for
 * an item that is there; @own is what the guest may also write. */
typedef struct GcFwCfgItem {
    GBytes *bytes;
    uint8_t *own;
    size_t size;
    const GcFwCfgFileOps *ops;
    void *opaque;
} GcFwCfgItem;

/* Where the guest is: the selected key, %GC_FW_CFG_INVALID if there can be
 * no such item, and the offset in the item. */
typedef struct GcFwCfgPosition {
    uint16_t key;
    uint32_t offset;
} GcFwCfgPosition;

struct GcFwCfg {
    const GcFwCfgMemoryOps *memory_ops;
    void *memory_opaque;
    GcFwCfgItem fixed[2][GC_FW_CFG_FILE_FIRST]; /* generic, arch-local */
    GPtrArray *files;                           /* of File, sorted by name */
    unsigned slots;
    bool directory_is_stale; /* files were added or resized */
    GcFwCfgPosition position;
    uint64_t dma_latch; /* the high half of a descriptor's address */
};

/* The key that the 16 bits that a guest writes mean. */
uint16_t gc_fw_cfg_normalize_key(const GcFwCfg *cfg, uint16_t selector);

/* Selects the item of a selector, calling its owner. */
void gc_fw_cfg_select(GcFwCfg *cfg, uint16_t selector);

/* The item of a key, or NULL if there is none. */
GcFwCfgItem *gc_fw_cfg_find_item(GcFwCfg *cfg, uint16_t key);

/* The first byte of an item. */
const uint8_t *gc_fw_cfg_item_get_data(const GcFwCfgItem *item);

/* How many bytes of @item, which may be NULL, follow @offset. */
size_t gc_fw_cfg_item_get_rest(const GcFwCfgItem *item, uint32_t offset);

/* Fills @buf with the next bytes of the selected item, and with zeros past
 * its end; the offset grows by the bytes that were there. */
void gc_fw_cfg_take(GcFwCfg *cfg, uint8_t *buf, size_t len);

/* One access of @size bytes at @offset of the 8-byte DMA register; values as
 * a little-endian CPU has them. */
uint64_t gc_fw_cfg_dma_read(unsigned offset, unsigned size);
void gc_fw_cfg_dma_write(GcFwCfg *cfg, unsigned offset, unsigned size,
                         uint64_t value);

/* Runs the transfer that the descriptor at @address asks for. */
void gc_fw_cfg_dma_run(GcFwCfg *cfg, GcPaddr address);
