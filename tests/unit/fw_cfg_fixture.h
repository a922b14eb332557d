/* SPDX-License-Identifier: MIT */
/* A fw_cfg device with a little guest memory of which it is known what DMA
 * did: 64 KiB at 0 and 64 KiB at the very end of the address space. */
#pragma once

#include <string.h>

#include "guestcore/fw_cfg.h"

#include "base/byteorder.h"
#include "tests/unit/cmocka_all.h"

#define FIXTURE_RAM_SIZE UINT64_C(0x10000)
#define FIXTURE_TOP (UINT64_MAX - FIXTURE_RAM_SIZE + 1)

/* Of DMA control. */
#define DMA_ERROR 0x01u
#define DMA_READ 0x02u
#define DMA_SKIP 0x04u
#define DMA_SELECT 0x08u
#define DMA_WRITE 0x10u

typedef struct Fixture {
    uint8_t low[FIXTURE_RAM_SIZE];
    uint8_t top[FIXTURE_RAM_SIZE];
    GcPaddr rom_start; /* reads here succeed and writes do not */
    size_t rom_size;
    size_t largest;    /* longest access seen */
    unsigned n_checks; /* calls of check */
    GcFwCfg *cfg;
} Fixture;

static inline uint8_t *fixture_find(Fixture *fixture, GcPaddr paddr, size_t len)
{
    GcPaddr last = paddr + (len - 1);

    fixture->largest = MAX(fixture->largest, len);
    if (last < paddr) {
        return NULL;
    }
    if (last < FIXTURE_RAM_SIZE) {
        return fixture->low + paddr;
    }
    return paddr >= FIXTURE_TOP ? fixture->top + (paddr - FIXTURE_TOP) : NULL;
}

static inline bool fixture_read(void *opaque, GcPaddr paddr, void *buf,
                                size_t len)
{
    uint8_t *from = fixture_find(opaque, paddr, len);

    if (from != NULL) {
        memcpy(buf, from, len);
    }
    return from != NULL;
}

static inline bool fixture_write(void *opaque, GcPaddr paddr, const void *buf,
                                 size_t len)
{
    Fixture *fixture = opaque;
    uint8_t *to = fixture_find(fixture, paddr, len);

    if (to == NULL || (paddr < fixture->rom_start + fixture->rom_size &&
                       paddr + len > fixture->rom_start)) {
        return false;
    }
    memcpy(to, buf, len);
    return true;
}

static inline bool fixture_check(void *opaque, GcPaddr paddr, uint64_t len)
{
    Fixture *fixture = opaque;
    GcPaddr last = paddr + (len - 1);

    fixture->n_checks++;
    return last >= paddr && (last < FIXTURE_RAM_SIZE || paddr >= FIXTURE_TOP);
}

static inline GBytes *fixture_bytes(const char *text)
{
    return g_bytes_new_static(text, strlen(text));
}

static inline void fixture_add_file(GcFwCfg *cfg, const char *name,
                                    const char *text, bool is_writable)
{
    g_autoptr(GBytes) bytes = fixture_bytes(text);

    assert_true(is_writable
                    ? gc_fw_cfg_add_writable_file(cfg, name, bytes, NULL)
                    : gc_fw_cfg_add_file(cfg, name, bytes, NULL));
}

static inline Fixture *fixture_new_with_ops(const GcFwCfgMemoryOps *ops)
{
    Fixture *fixture = g_new0(Fixture, 1);

    fixture->cfg = gc_fw_cfg_new(ops, fixture);
    fixture_add_file(fixture->cfg, "a/read-only", "0123456789", false);
    fixture_add_file(fixture->cfg, "b/writable", "abcdefghijklmnop", true);
    return fixture;
}

/* The files: a/read-only "0123456789", b/writable "abcdefghijklmnop". */
static inline Fixture *fixture_new(void)
{
    static const GcFwCfgMemoryOps ops = {
        .read = fixture_read,
        .write = fixture_write,
    };

    return fixture_new_with_ops(&ops);
}

/* The same, with a callback that knows what is memory. */
static inline Fixture *fixture_new_with_check(void)
{
    static const GcFwCfgMemoryOps ops = {
        .read = fixture_read,
        .write = fixture_write,
        .check = fixture_check,
    };

    return fixture_new_with_ops(&ops);
}

static inline void fixture_free(Fixture *fixture)
{
    if (fixture != NULL) {
        gc_fw_cfg_free(fixture->cfg);
        g_free(fixture);
    }
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Fixture, fixture_free)

static inline void fixture_select(Fixture *fixture, uint16_t key)
{
    gc_fw_cfg_io_write(fixture->cfg, 0, 2, key);
}

/* Reads @len bytes of the selected item and compares. */
static inline void fixture_expect(Fixture *fixture, const char *bytes,
                                  size_t len)
{
    for (size_t i = 0; i < len; i++) {
        assert_int_equal(gc_fw_cfg_io_read(fixture->cfg, 1, 1),
                         (uint8_t)bytes[i]);
    }
}

/* Compares the whole content of an item. */
static inline void fixture_expect_item(Fixture *fixture, const char *name,
                                       const char *text)
{
    g_autoptr(GBytes) bytes = gc_fw_cfg_dup_item(
        fixture->cfg, gc_fw_cfg_find_file(fixture->cfg, name));
    g_autoptr(GBytes) expected = fixture_bytes(text);

    assert_non_null(bytes);
    assert_true(g_bytes_equal(bytes, expected));
}

/* Writes a descriptor. */
static inline void fixture_describe(uint8_t *at, uint32_t control,
                                    uint32_t length, GcPaddr address)
{
    gc_put_uint(at, 4, true, control);
    gc_put_uint(at + 4, 4, true, length);
    gc_put_uint(at + 8, 8, true, address);
}

static inline uint32_t fixture_swap(uint64_t value)
{
    return GUINT32_SWAP_LE_BE((uint32_t)value);
}

/* Writes the address of a descriptor to the ports. */
static inline void fixture_start(Fixture *fixture, GcPaddr descriptor)
{
    gc_fw_cfg_io_write(fixture->cfg, 4, 4, fixture_swap(descriptor >> 32));
    gc_fw_cfg_io_write(fixture->cfg, 8, 4, fixture_swap(descriptor));
}

/* Runs a transfer from a descriptor at 0x100; returns the control that the
 * device leaves. */
static inline uint32_t fixture_dma(Fixture *fixture, uint32_t control,
                                   uint32_t length, GcPaddr address)
{
    fixture_describe(fixture->low + 0x100, control, length, address);
    fixture_start(fixture, 0x100);
    return (uint32_t)gc_get_uint(fixture->low + 0x100, 4, true);
}
