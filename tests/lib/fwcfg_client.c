/* SPDX-License-Identifier: MIT */
#include "tests/lib/fwcfg_client.h"

#include <string.h>

#define PORT 0x510
#define PORT_DMA 0x514
#define WINDOW UINT64_C(0x09020000)
#define WINDOW_SELECTOR (WINDOW + 8)
#define WINDOW_DMA (WINDOW + 16)

#define ENTRY_SIZE 64

static uint32_t get_be32(const uint8_t *bytes)
{
    uint32_t value;

    memcpy(&value, bytes, sizeof(value));
    return GUINT32_FROM_BE(value);
}

FwCfgTransport fwcfg_parse_transport(int argc, char **argv)
{
    static const char *const names[] = {"io", "mmio", "dma-io", "dma-mmio"};

    for (unsigned i = 0; argc == 2 && i < G_N_ELEMENTS(names); i++) {
        if (strcmp(argv[1], names[i]) == 0) {
            return (FwCfgTransport)i;
        }
    }
    g_error("usage: %s io|mmio|dma-io|dma-mmio", argv[0]);
}

FwCfgClient *fwcfg_client_new(FwCfgTransport transport, const char *args)
{
    FwCfgClient *client = g_new0(FwCfgClient, 1);

    client->transport = transport;
    client->is_mmio = transport == FWCFG_MMIO || transport == FWCFG_DMA_MMIO;
    client->is_dma = transport == FWCFG_DMA_IO || transport == FWCFG_DMA_MMIO;
    client->qtest =
        qtest_client_new(client->is_mmio ? "aarch64" : "x86_64", args);
    client->ram = client->is_mmio ? 0x40200000 : 0x200000;
    client->ram_end = client->is_mmio ? 0x48000000 : 0x8000000;
    return client;
}

void fwcfg_client_free(FwCfgClient *client)
{
    if (client != NULL) {
        qtest_client_free(client->qtest);
        g_free(client);
    }
}

void fwcfg_select(FwCfgClient *client, uint16_t key)
{
    if (client->is_dma) {
        fwcfg_dma(client, (uint32_t)key << 16 | FWCFG_SELECT, 0, 0);
    } else if (client->is_mmio) {
        qtest_write(client->qtest, 'w', WINDOW_SELECTOR,
                    GUINT16_SWAP_LE_BE(key));
    } else {
        qtest_out(client->qtest, 'w', PORT, key);
    }
}

/* The widest reads that the rest allows, as edk2 does. */
static void read_window(FwCfgClient *client, uint8_t *buf, size_t len)
{
    static const struct {
        char name;
        size_t size;
    } widths[] = {{'q', 8}, {'l', 4}, {'w', 2}, {'b', 1}};

    for (size_t i = 0; i < G_N_ELEMENTS(widths); i++) {
        while (len >= widths[i].size) {
            uint64_t value = GUINT64_TO_LE(
                qtest_read(client->qtest, widths[i].name, WINDOW));

            memcpy(buf, &value, widths[i].size);
            buf += widths[i].size;
            len -= widths[i].size;
        }
    }
}

static void read_dma(FwCfgClient *client, void *buf, size_t len)
{
    uint64_t address = client->ram + 0x8000;

    g_assert(len <= 0x8000);
    if (len > 0) {
        g_assert(fwcfg_dma(client, FWCFG_READ, (uint32_t)len, address) == 0);
        qtest_get_memory(client->qtest, address, buf, len);
    }
}

void fwcfg_read(FwCfgClient *client, void *buf, size_t len)
{
    uint8_t *bytes = buf;

    if (client->is_dma) {
        read_dma(client, buf, len);
    } else if (client->is_mmio) {
        read_window(client, buf, len);
    } else {
        for (size_t i = 0; i < len; i++) {
            bytes[i] = (uint8_t)qtest_in(client->qtest, 'b', PORT + 1);
        }
    }
}

void fwcfg_read_item(FwCfgClient *client, uint16_t key, void *buf, size_t len)
{
    fwcfg_select(client, key);
    fwcfg_read(client, buf, len);
}

uint64_t fwcfg_read_uint(FwCfgClient *client, uint16_t key, size_t width)
{
    uint64_t value = 0;

    fwcfg_read_item(client, key, &value, width);
    return GUINT64_FROM_LE(value);
}

uint16_t fwcfg_find_file(FwCfgClient *client, const char *name,
                         uint32_t *ret_size)
{
    uint8_t entry[ENTRY_SIZE];
    uint32_t n;

    fwcfg_read_item(client, FWCFG_FILE_DIR, entry, 4);
    n = get_be32(entry);
    while (n-- > 0) {
        fwcfg_read(client, entry, sizeof(entry));
        if (strncmp((const char *)entry + 8, name, ENTRY_SIZE - 8) == 0) {
            *ret_size = get_be32(entry);
            return (uint16_t)(entry[4] << 8 | entry[5]);
        }
    }
    return 0;
}

uint64_t fwcfg_get_descriptor(const FwCfgClient *client)
{
    return client->ram;
}

void fwcfg_describe(FwCfgClient *client, uint64_t at, uint32_t control,
                    uint32_t length, uint64_t address)
{
    struct {
        uint32_t control;
        uint32_t length;
        uint64_t address;
    } descriptor = {
        .control = GUINT32_TO_BE(control),
        .length = GUINT32_TO_BE(length),
        .address = GUINT64_TO_BE(address),
    };

    qtest_set_memory(client->qtest, at, &descriptor, sizeof(descriptor));
}

void fwcfg_start(FwCfgClient *client, uint64_t descriptor)
{
    uint32_t high = GUINT32_SWAP_LE_BE((uint32_t)(descriptor >> 32));
    uint32_t low = GUINT32_SWAP_LE_BE((uint32_t)descriptor);

    if (client->is_mmio) {
        qtest_write(client->qtest, 'q', WINDOW_DMA,
                    GUINT64_SWAP_LE_BE(descriptor));
    } else {
        qtest_out(client->qtest, 'l', PORT_DMA, high);
        qtest_out(client->qtest, 'l', PORT_DMA + 4, low);
    }
}

uint32_t fwcfg_get_control(FwCfgClient *client, uint64_t descriptor)
{
    uint8_t bytes[4];

    qtest_get_memory(client->qtest, descriptor, bytes, sizeof(bytes));
    return get_be32(bytes);
}

uint32_t fwcfg_dma(FwCfgClient *client, uint32_t control, uint32_t length,
                   uint64_t address)
{
    uint64_t descriptor = fwcfg_get_descriptor(client);

    fwcfg_describe(client, descriptor, control, length, address);
    fwcfg_start(client, descriptor);
    return fwcfg_get_control(client, descriptor);
}
