/* SPDX-License-Identifier: MIT */
/* What the machine types share: the machine itself, and the items that every
 * fw_cfg device of a machine has. */
#pragma once

#include "hw/fdt_writer.h"
#include "hw/machine/boot_image.h"
#include "hw/machine/machine.h"

/* No NUMA node. */
#define GC_MACHINE_NO_NODE UINT_MAX

struct GcMachine {
    const GcMachineType *type;
    const char *target;
    unsigned n_cpus;
    unsigned max_cpus;
    unsigned cores; /* 0: all in one socket */
    unsigned threads;
    uint64_t ram_size;
    uint8_t *ram;
    const char *ram_name;
    char *cmdline;       /* or NULL */
    GArray *node_sizes;  /* of uint64_t: one for each NUMA node */
    unsigned *cpu_nodes; /* of each possible CPU, or GC_MACHINE_NO_NODE */
    GcBus *memory;
    GcBus *ports;
    GPtrArray *devices;                     /* of GcDevice */
    GcFwCfg *fw_cfg;                        /* one of the devices */
    GcGed *ged;                             /* (nullable) one of the devices */
    GcVmcoreinfo *vmcoreinfo;               /* (nullable) one of the devices */
    GcSerial *serials[GC_SERIAL_MAX_PORTS]; /* the same of each */
    GBytes *fdt;                            /* once it was made */
    bool runs_cpus;
    bool has_boot; /* there is something to boot: */
    GcMachineBoot boot;
    GcBootImage *boot_image;   /* or NULL */
    const GcMachineHost *host; /* or NULL */
    void *host_opaque;
};

/* Maps @size bytes of the machine's RAM from @offset on at @start. */
bool gc_board_add_ram(GcMachine *machine, GcPaddr start, uint64_t size,
                      uint64_t offset, GError **error);

/* Where a machine has its fw_cfg device, and behind which transport. */
typedef struct GcBoardFwCfg {
    GcBus *bus;
    uint64_t start;
    uint64_t size_with_dma;
    uint64_t size_without_dma;
    const GcBusOps *ops;
} GcBoardFwCfg;

/* Makes the machine's fw_cfg device with the items that all machines have
 * and the files that the user gave. */
bool gc_board_add_fw_cfg(GcMachine *machine, const GcMachineConfig *config,
                         const GcBoardFwCfg *place, GError **error);

/* Adds an integer of 4 bytes as a file. */
bool gc_board_add_u32_file(GcFwCfg *cfg, const char *name, uint32_t value,
                           GError **error);

/* Kernel, initrd and command line as they are, with their sizes. */
bool gc_board_add_plain_kernel(GcFwCfg *cfg, const GcMachineConfig *config,
                               GError **error);

/* The same for x86: setup and kernel apart, patched, with the addresses
 * where firmware is to put them below @low_end. */
bool gc_board_add_bzimage(GcFwCfg *cfg, const GcMachineConfig *config,
                          uint64_t low_end, GError **error);
