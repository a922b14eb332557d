/* SPDX-License-Identifier: MIT */
/* fw_cfg behind I/O ports: a selector at 0x510 of 2 bytes that shares its
 * place with the data register of 1 byte, and the DMA register at 0x514. */
#include "guestcore/fw_cfg.h"

#include "base/trace.h"
#include "hw/access.h"
#include "hw/fw_cfg_core.h"

#define SELECTOR_END 2
#define DMA_START 4
#define MAX_WIDTH 4

static bool is_dma(const GcFwCfg *cfg, uint64_t offset)
{
    return gc_fw_cfg_has_dma(cfg) && offset >= DMA_START &&
           offset < GC_FW_CFG_IO_SIZE;
}

/* One naturally aligned access. */
static uint64_t read_register(void *opaque, uint64_t offset, unsigned width)
{
    GcFwCfg *cfg = opaque;
    uint8_t byte;

    if (is_dma(cfg, offset)) {
        return gc_fw_cfg_dma_read((unsigned)offset - DMA_START, width);
    }
    if (offset >= SELECTOR_END) {
        return UINT64_MAX >> (64 - 8 * width);
    }
    if (width != 1) {
        gc_trace(GUEST, "fw_cfg: %u-byte read of the selector", width);
        return 0;
    }
    gc_fw_cfg_take(cfg, &byte, 1);
    return byte;
}

static void write_register(void *opaque, uint64_t offset, unsigned width,
                           uint64_t value)
{
    GcFwCfg *cfg = opaque;

    if (is_dma(cfg, offset)) {
        gc_fw_cfg_dma_write(cfg, (unsigned)offset - DMA_START, width, value);
    } else if (offset == 0 && width == 2) {
        gc_fw_cfg_select(cfg, (uint16_t)value);
    } else {
        gc_trace(GUEST, "fw_cfg: %u-byte write at port 0x%x", width,
                 (unsigned)(GC_FW_CFG_IO_BASE + offset));
    }
}

uint64_t gc_fw_cfg_io_read(GcFwCfg *cfg, uint64_t offset, unsigned size)
{
    return gc_access_read(read_register, cfg, offset, size, MAX_WIDTH);
}

void gc_fw_cfg_io_write(GcFwCfg *cfg, uint64_t offset, unsigned size,
                        uint64_t value)
{
    gc_access_write(write_register, cfg, offset, size, value, MAX_WIDTH);
}
