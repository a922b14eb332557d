/* SPDX-License-Identifier: MIT */
/* Saving and restoring what the guest changes through fw_cfg's registers. */
#include "base/error.h"
#include "hw/fw_cfg_core.h"
#include "hw/state.h"

typedef struct Saved {
    uint16_t key;
    uint32_t offset;
    uint64_t dma_latch;
} Saved;

/* clang-format off */
static const GcField saved_fields[] = {
    GC_FIELD(Saved, key, 2, 2),
    GC_FIELD(Saved, offset, 4, 4),
    GC_FIELD(Saved, dma_latch, 8, 8),
};
/* clang-format on */
static const GcRecord saved_record = GC_RECORD("fw_cfg", saved_fields);
static const GcState saved_state = {"gcFWCFG", 1, &saved_record};

GBytes *gc_fw_cfg_save(const GcFwCfg *cfg)
{
    const Saved saved = {
        .key = cfg->position.key,
        .offset = cfg->position.offset,
        .dma_latch = cfg->dma_latch,
    };

    return gc_state_save(&saved_state, &saved);
}

/* Whether a device with these items can be in that state. */
static bool check_saved(GcFwCfg *cfg, const Saved *saved, GError **error)
{
    GcFwCfgItem *item = gc_fw_cfg_find_item(cfg, saved->key);
    size_t size = item != NULL ? item->size : 0;

    if (gc_fw_cfg_normalize_key(cfg, saved->key) != saved->key) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "fw_cfg state: key 0x%04x is out of range", saved->key);
        return false;
    }
    if (saved->offset > size) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "fw_cfg state: offset %u is past the %zu bytes of item "
                    "0x%04x",
                    saved->offset, size, saved->key);
        return false;
    }
    if ((saved->dma_latch & UINT32_MAX) != 0 ||
        (saved->dma_latch != 0 && !gc_fw_cfg_has_dma(cfg))) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "fw_cfg state: DMA latch 0x%" G_GINT64_MODIFIER
                    "x cannot be",
                    saved->dma_latch);
        return false;
    }
    return true;
}

bool gc_fw_cfg_restore(GcFwCfg *cfg, GBytes *state, GError **error)
{
    Saved saved;

    if (!gc_state_load(&saved_state, state, &saved, error) ||
        !check_saved(cfg, &saved, error)) {
        return false;
    }
    cfg->position.key = saved.key;
    cfg->position.offset = saved.offset;
    cfg->dma_latch = saved.dma_latch;
    return true;
}
