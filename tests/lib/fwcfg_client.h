/* SPDX-License-Identifier: MIT */
/* What a guest's driver does with fw_cfg, with one interface over all
 * transports, so that each test runs over each of them.
 *
 * It is written from docs/devices/fw_cfg.md and shares no code with the
 * device. */
#pragma once

#include "tests/lib/qtest_client.h"

/* How a guest reads items: through the data register behind I/O ports or in
 * memory, or by DMA that either DMA register starts. */
typedef enum FwCfgTransport {
    FWCFG_IO,
    FWCFG_MMIO,
    FWCFG_DMA_IO,
    FWCFG_DMA_MMIO,
} FwCfgTransport;

/* Bits of a descriptor's control. */
#define FWCFG_ERROR 0x01u
#define FWCFG_READ 0x02u
#define FWCFG_SKIP 0x04u
#define FWCFG_SELECT 0x08u
#define FWCFG_WRITE 0x10u

/* Keys. */
#define FWCFG_SIGNATURE 0x00
#define FWCFG_ID 0x01
#define FWCFG_FILE_DIR 0x19

typedef struct FwCfgClient {
    QtestClient *qtest;
    FwCfgTransport transport;
    bool is_mmio;
    bool is_dma;
    uint64_t ram;     /* where there is RAM for tests, 64 KiB */
    uint64_t ram_end; /* where all RAM ends, and nothing follows */
} FwCfgClient;

/* Starts a machine that has the transport; see qtest_client_new(). */
FwCfgClient *fwcfg_client_new(FwCfgTransport transport, const char *args);
void fwcfg_client_free(FwCfgClient *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FwCfgClient, fwcfg_client_free)

/* The transport that a test program was called with. */
FwCfgTransport fwcfg_parse_transport(int argc, char **argv);

void fwcfg_select(FwCfgClient *client, uint16_t key);

/* The next @len bytes of the selected item. */
void fwcfg_read(FwCfgClient *client, void *buf, size_t len);

/* The first @len bytes of an item. */
void fwcfg_read_item(FwCfgClient *client, uint16_t key, void *buf, size_t len);

/* A little-endian integer item of @width bytes. */
uint64_t fwcfg_read_uint(FwCfgClient *client, uint16_t key, size_t width);

/* Looks a name up in the directory.  Returns its key, or 0. */
uint16_t fwcfg_find_file(FwCfgClient *client, const char *name,
                         uint32_t *ret_size);

/* Where fwcfg_dma() has its descriptor. */
uint64_t fwcfg_get_descriptor(const FwCfgClient *client);

/* Writes a descriptor into guest memory. */
void fwcfg_describe(FwCfgClient *client, uint64_t at, uint32_t control,
                    uint32_t length, uint64_t address);

/* Writes a descriptor's address to the DMA register. */
void fwcfg_start(FwCfgClient *client, uint64_t descriptor);

/* A big-endian integer of 4 bytes in guest memory. */
uint32_t fwcfg_get_control(FwCfgClient *client, uint64_t descriptor);

/* A whole transfer; returns the control that the device leaves. */
uint32_t fwcfg_dma(FwCfgClient *client, uint32_t control, uint32_t length,
                   uint64_t address);
