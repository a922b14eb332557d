/* SPDX-License-Identifier: MIT */
/* DMA of the fw_cfg device: the register that takes a descriptor's address,
 * and the transfer that the descriptor asks for.
 *
 * A transfer that fails changes nothing: everything that can be checked is
 * checked before the item is selected, its owner called or a byte copied. */
#include <string.h>

#include "base/byteorder.h"
#include "base/trace.h"
#include "hw/fw_cfg_core.h"

#define REGISTER_SIZE 8
#define DESCRIPTOR_SIZE 16

#define CONTROL_ERROR 0x01
#define CONTROL_READ 0x02
#define CONTROL_SKIP 0x04
#define CONTROL_SELECT 0x08
#define CONTROL_WRITE 0x10

/* Guest memory is reached in parts of this size at most. */
#define CHUNK_SIZE 65536
/* No guest has smaller pages, and memory comes in whole ones. */
#define PROBE_SIZE 4096

typedef struct Transfer {
    uint32_t control;
    uint32_t length;
    GcPaddr address;
} Transfer;

static bool read_guest(const GcFwCfg *cfg, GcPaddr paddr, void *buf, size_t len)
{
    return paddr <= UINT64_MAX - (len - 1) &&
           cfg->memory_ops->read(cfg->memory_opaque, paddr, buf, len);
}

static bool write_guest(const GcFwCfg *cfg, GcPaddr paddr, const void *buf,
                        size_t len)
{
    return paddr <= UINT64_MAX - (len - 1) &&
           cfg->memory_ops->write(cfg->memory_opaque, paddr, buf, len);
}

/* Where the guest will be once the transfer's SELECT, if any, is done. */
static GcFwCfgPosition get_target(const GcFwCfg *cfg, const Transfer *transfer)
{
    if ((transfer->control & CONTROL_SELECT) == 0) {
        return cfg->position;
    }
    return (GcFwCfgPosition){
        .key =
            gc_fw_cfg_normalize_key(cfg, (uint16_t)(transfer->control >> 16)),
        .offset = 0,
    };
}

static void select_target(GcFwCfg *cfg, const Transfer *transfer)
{
    if ((transfer->control & CONTROL_SELECT) != 0) {
        gc_fw_cfg_select(cfg, (uint16_t)(transfer->control >> 16));
    }
}

/* Whether all of [@at, @last] is memory, by looking at one byte of each page
 * and at the last one. */
static bool probe_memory(const GcFwCfg *cfg, GcPaddr at, GcPaddr last)
{
    uint8_t byte;

    while (read_guest(cfg, at, &byte, 1)) {
        GcPaddr next = (at | (PROBE_SIZE - 1)) + 1;

        if (at == last) {
            return true;
        }
        at = next > at && next < last ? next : last;
    }
    return false;
}

/* Item to guest memory; past the end of the item come zeros. */
static bool copy_to_guest(GcFwCfg *cfg, const Transfer *transfer)
{
    g_autofree uint8_t *chunk = g_malloc(MIN(transfer->length, CHUNK_SIZE));

    for (uint32_t done = 0; done < transfer->length;) {
        uint32_t len = MIN(transfer->length - done, CHUNK_SIZE);

        gc_fw_cfg_take(cfg, chunk, len);
        if (!write_guest(cfg, transfer->address + done, chunk, len)) {
            return false;
        }
        done += len;
    }
    return true;
}

static bool is_memory(const GcFwCfg *cfg, GcPaddr address, uint32_t length)
{
    GcPaddr last = address + (length - 1);

    if (last < address) {
        return false;
    }
    return cfg->memory_ops->check != NULL
               ? cfg->memory_ops->check(cfg->memory_opaque, address, length)
               : probe_memory(cfg, address, last);
}

static bool run_read(GcFwCfg *cfg, const Transfer *transfer)
{
    GcFwCfgPosition before = cfg->position;

    if (!is_memory(cfg, transfer->address, transfer->length)) {
        gc_trace(GUEST,
                 "fw_cfg: DMA read of %u bytes to 0x%" G_GINT64_MODIFIER
                 "x: not all memory",
                 transfer->length, transfer->address);
        return false;
    }
    select_target(cfg, transfer);
    if (!copy_to_guest(cfg, transfer)) {
        gc_trace(GUEST,
                 "fw_cfg: DMA read of %u bytes to 0x%" G_GINT64_MODIFIER
                 "x: not all writable",
                 transfer->length, transfer->address);
        cfg->position = before;
        return false;
    }
    return true;
}

/* Guest memory to @buf, which has the transfer's length. */
static bool copy_from_guest(const GcFwCfg *cfg, const Transfer *transfer,
                            uint8_t *buf)
{
    if (transfer->address > UINT64_MAX - (transfer->length - 1)) {
        return false;
    }
    for (uint32_t done = 0; done < transfer->length;) {
        uint32_t len = MIN(transfer->length - done, CHUNK_SIZE);

        if (!read_guest(cfg, transfer->address + done, buf + done, len)) {
            return false;
        }
        done += len;
    }
    return true;
}

/* The item that the transfer may write as it asks, or NULL. */
static GcFwCfgItem *find_writable(GcFwCfg *cfg, const Transfer *transfer,
                                  GcFwCfgPosition target)
{
    GcFwCfgItem *item = gc_fw_cfg_find_item(cfg, target.key);

    if (item == NULL || item->own == NULL) {
        gc_trace(GUEST, "fw_cfg: DMA write to 0x%04x: not writable",
                 target.key);
        return NULL;
    }
    if (transfer->length > gc_fw_cfg_item_get_rest(item, target.offset)) {
        gc_trace(GUEST,
                 "fw_cfg: DMA write of %u bytes at %u of 0x%04x: it has %zu",
                 transfer->length, target.offset, target.key, item->size);
        return NULL;
    }
    return item;
}

static bool run_write(GcFwCfg *cfg, const Transfer *transfer)
{
    GcFwCfgPosition target = get_target(cfg, transfer);
    GcFwCfgItem *item = find_writable(cfg, transfer, target);
    g_autofree uint8_t *data = NULL;

    if (item == NULL) {
        return false;
    }
    data = g_malloc(transfer->length);
    if (!copy_from_guest(cfg, transfer, data)) {
        gc_trace(GUEST,
                 "fw_cfg: DMA write of %u bytes from 0x%" G_GINT64_MODIFIER
                 "x: not all memory",
                 transfer->length, transfer->address);
        return false;
    }
    select_target(cfg, transfer);
    memcpy(item->own + target.offset, data, transfer->length);
    cfg->position.offset = target.offset + transfer->length;
    if (item->ops != NULL && item->ops->write != NULL) {
        item->ops->write(item->opaque, item->own, item->size, target.offset,
                         transfer->length);
    }
    return true;
}

static void run_skip(GcFwCfg *cfg, const Transfer *transfer)
{
    size_t rest;

    select_target(cfg, transfer);
    rest = gc_fw_cfg_item_get_rest(gc_fw_cfg_find_item(cfg, cfg->position.key),
                                   cfg->position.offset);
    cfg->position.offset += (uint32_t)MIN(transfer->length, rest);
}

/* READ before WRITE before SKIP; SELECT alone, and nothing at all, is fine. */
static bool run_transfer(GcFwCfg *cfg, const Transfer *transfer)
{
    if (transfer->length > 0) {
        if ((transfer->control & CONTROL_READ) != 0) {
            return run_read(cfg, transfer);
        }
        if ((transfer->control & CONTROL_WRITE) != 0) {
            return run_write(cfg, transfer);
        }
        if ((transfer->control & CONTROL_SKIP) != 0) {
            run_skip(cfg, transfer);
            return true;
        }
    }
    select_target(cfg, transfer);
    return true;
}

void gc_fw_cfg_dma_run(GcFwCfg *cfg, GcPaddr address)
{
    uint8_t descriptor[DESCRIPTOR_SIZE];
    uint8_t control[4];
    bool ok = read_guest(cfg, address, descriptor, sizeof(descriptor));

    if (ok) {
        Transfer transfer = {
            .control = (uint32_t)gc_get_uint(descriptor, 4, true),
            .length = (uint32_t)gc_get_uint(descriptor + 4, 4, true),
            .address = gc_get_uint(descriptor + 8, 8, true),
        };

        gc_trace(FW_CFG,
                 "DMA control 0x%08x, %u bytes, address 0x%" G_GINT64_MODIFIER
                 "x",
                 transfer.control, transfer.length, transfer.address);
        ok = run_transfer(cfg, &transfer);
    } else {
        gc_trace(GUEST,
                 "fw_cfg: DMA descriptor at 0x%" G_GINT64_MODIFIER
                 "x: not memory",
                 address);
    }
    gc_put_uint(control, sizeof(control), true, ok ? 0 : CONTROL_ERROR);
    if (!write_guest(cfg, address, control, sizeof(control))) {
        gc_trace(GUEST,
                 "fw_cfg: DMA descriptor at 0x%" G_GINT64_MODIFIER
                 "x: nowhere to write the result",
                 address);
    }
}

uint64_t gc_fw_cfg_dma_read(unsigned offset, unsigned size)
{
    static const uint8_t signature[REGISTER_SIZE] = "QEMU CFG";

    return gc_get_uint(signature + offset, size, false);
}

/* The register is big-endian: what the CPU has as its lowest byte lies at
 * the lowest address, and is the highest byte of the number. */
static uint64_t to_big_endian(uint64_t value, unsigned size)
{
    uint8_t bytes[sizeof(value)];

    gc_put_uint(bytes, size, false, value);
    return gc_get_uint(bytes, size, true);
}

void gc_fw_cfg_dma_write(GcFwCfg *cfg, unsigned offset, unsigned size,
                         uint64_t value)
{
    uint64_t number = to_big_endian(value, size);
    uint64_t high = cfg->dma_latch;

    if (size == 4 && offset == 0) {
        cfg->dma_latch = number << 32;
    } else if (size == 4 && offset == 4) {
        cfg->dma_latch = 0;
        gc_fw_cfg_dma_run(cfg, high | number);
    } else if (size == 8 && offset == 0) {
        cfg->dma_latch = 0;
        gc_fw_cfg_dma_run(cfg, number);
    } else {
        gc_trace(GUEST, "fw_cfg: %u-byte write at %u of the DMA register", size,
                 offset);
    }
}
