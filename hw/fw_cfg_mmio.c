/* SPDX-License-Identifier: MIT */
/* fw_cfg in memory: the data register, the selector and the DMA register,
 * all big-endian, in a window of 24 bytes. */
#include "guestcore/fw_cfg.h"

#include "base/byteorder.h"
#include "base/trace.h"
#include "hw/access.h"
#include "hw/fw_cfg_core.h"

#define DATA_START 0
#define SELECTOR_START 8
#define DMA_START 16
#define MAX_WIDTH 8

static bool is_dma(const GcFwCfg *cfg, uint64_t offset)
{
    return gc_fw_cfg_has_dma(cfg) && offset >= DMA_START &&
           offset < GC_FW_CFG_MMIO_SIZE;
}

/* One naturally aligned access. */
static uint64_t read_register(void *opaque, uint64_t offset, unsigned width)
{
    GcFwCfg *cfg = opaque;
    uint8_t bytes[MAX_WIDTH];

    if (is_dma(cfg, offset)) {
        return gc_fw_cfg_dma_read((unsigned)offset - DMA_START, width);
    }
    if (offset != DATA_START) {
        gc_trace(GUEST, "fw_cfg: %u-byte read at %u of the window", width,
                 (unsigned)offset);
        return 0;
    }
    gc_fw_cfg_take(cfg, bytes, width);
    return gc_get_uint(bytes, width, false);
}

static void write_register(void *opaque, uint64_t offset, unsigned width,
                           uint64_t value)
{
    GcFwCfg *cfg = opaque;

    if (is_dma(cfg, offset)) {
        gc_fw_cfg_dma_write(cfg, (unsigned)offset - DMA_START, width, value);
    } else if (offset == SELECTOR_START && width == 2) {
        gc_fw_cfg_select(cfg, GUINT16_SWAP_LE_BE((uint16_t)value));
    } else {
        gc_trace(GUEST, "fw_cfg: %u-byte write at %u of the window", width,
                 (unsigned)offset);
    }
}

uint64_t gc_fw_cfg_mmio_read(GcFwCfg *cfg, uint64_t offset, unsigned size)
{
    return gc_access_read(read_register, cfg, offset, size, MAX_WIDTH);
}

void gc_fw_cfg_mmio_write(GcFwCfg *cfg, uint64_t offset, unsigned size,
                          uint64_t value)
{
    gc_access_write(write_register, cfg, offset, size, value, MAX_WIDTH);
}
