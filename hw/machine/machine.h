/* SPDX-License-Identifier: MIT */
/* A machine: two buses, the devices on them, and the items that its fw_cfg
 * device tells the guest.
 *
 * A machine type is one file in this folder and one line in its meson.build.
 * The RAM itself belongs to the caller; a machine only places pieces of it. */
#pragma once

#include "guestcore/fw_cfg.h"
#include "guestcore/vmcoreinfo.h"

#include "hw/bus.h"
#include "hw/device.h"
#include "hw/ged.h"
#include "hw/serial.h"

/**
 * GcMachineNumaNode:
 * @size: of its memory, in bytes
 * @cpus: (array length=n_cpus): the indices of its CPUs
 * @n_cpus: how many
 */
typedef struct GcMachineNumaNode {
    uint64_t size;
    const unsigned *cpus;
    size_t n_cpus;
} GcMachineNumaNode;

/* A fw_cfg file that the user gave. */
typedef struct GcMachineFile {
    const char *name;
    GBytes *bytes;
} GcMachineFile;

/**
 * GcMachineConfig:
 * @ram: (transfer none): the memory, of @ram_size bytes; outlives the machine
 * @ram_size: in bytes, at least GC_MACHINE_MIN_RAM
 * @ram_name: (nullable): the backend's name, for people; NULL: the machine's
 * @n_cpus: CPUs that are there, at least 1
 * @max_cpus: CPUs that there could be, at least @n_cpus
 * @cores: (0 = all in one socket): cores of a socket
 * @threads: (0 = 1): threads of a core
 * @uuid: as it is written, first byte first; zeros if there is none
 * @nographic: -nographic was given
 * @boot_menu: -boot menu=on
 * @splash_time: -boot splash-time, 0 to 65535 ms; -1: not given
 * @reboot_timeout: -boot reboot-timeout, 0 to 65535 ms; -1: never
 * @kernel: (nullable): -kernel
 * @initrd: (nullable): -initrd
 * @cmdline: (nullable): -append
 * @numa: (array length=n_numa): the NUMA nodes
 * @n_numa: how many
 * @files: (array length=n_files): what -fw_cfg gave
 * @n_files: how many
 * @fw_cfg_slots: room for files; 0 = %GC_FW_CFG_DEFAULT_SLOTS
 * @fw_cfg_no_dma: -global fw_cfg.dma_enabled=off
 * @serials: which serial ports it has, if it is a machine that has any
 * @runs_cpus: CPUs run in it, so that each reset puts into RAM what they
 *     boot from; else RAM is left alone
 *
 * What a machine is to be like.  Everything is read while it is made, and
 * only @ram, @ram_name and the bytes must outlive that.
 */
typedef struct GcMachineConfig {
    uint8_t *ram;
    uint64_t ram_size;
    const char *ram_name;
    unsigned n_cpus;
    unsigned max_cpus;
    unsigned cores;
    unsigned threads;
    uint8_t uuid[16];
    bool nographic;
    bool boot_menu;
    int32_t splash_time;
    int32_t reboot_timeout;
    GBytes *kernel;
    GBytes *initrd;
    const char *cmdline;
    const GcMachineNumaNode *numa;
    size_t n_numa;
    const GcMachineFile *files;
    size_t n_files;
    unsigned fw_cfg_slots;
    bool fw_cfg_no_dma;
    bool serials[GC_SERIAL_MAX_PORTS];
    bool runs_cpus;
} GcMachineConfig;

/**
 * GcMachineRequest:
 * @GC_MACHINE_REQUEST_RESET: to start from the beginning
 * @GC_MACHINE_REQUEST_SHUTDOWN: to be switched off
 * @GC_MACHINE_REQUEST_PANIC: nothing: its kernel says that it has panicked
 * @GC_MACHINE_REQUEST_CRASH_LOADED: nothing: its kernel panicked, and another
 *     one, which it had loaded for that, takes over
 *
 * What a guest asks of the VM, or tells it, through a device.
 */
typedef enum GcMachineRequest {
    GC_MACHINE_REQUEST_RESET,
    GC_MACHINE_REQUEST_SHUTDOWN,
    GC_MACHINE_REQUEST_PANIC,
    GC_MACHINE_REQUEST_CRASH_LOADED,
} GcMachineRequest;

/**
 * GcMachineHost:
 * @request: (nullable): takes note and returns at once; the VM acts when its
 *     CPUs stand still.  NULL: nobody listens.
 * @set_irq: (nullable): drives the input @gsi of the interrupt controllers.
 *     NULL: nobody takes interrupts.
 *
 * The side of the VM that devices reach.  Threads: called from the thread
 * that made the access, which holds the VM.
 */
typedef struct GcMachineHost {
    void (*request)(void *opaque, GcMachineRequest request);
    void (*set_irq)(void *opaque, unsigned gsi, bool level);
} GcMachineHost;

/**
 * GcMachineBoot:
 * @long_mode: 64-bit code with paging on; else 32-bit code with paging off
 * @entry: the first instruction
 * @rsi: in the register of that name; in 32-bit code, the low half is
 * @rbx: the same
 * @cr3: the page tables, which map the first 4 GiB as they are; 0 in 32-bit
 *     code
 * @gdt: the guest-physical address of the descriptor table
 * @gdt_size: in bytes
 * @cs: the selector of flat code
 * @ds: the selector of flat data, for all the other segments
 *
 * How the first CPU of an x86 machine starts; all others wait for it.
 */
typedef struct GcMachineBoot {
    bool long_mode;
    uint64_t entry;
    uint64_t rsi;
    uint64_t rbx;
    uint64_t cr3;
    uint64_t gdt;
    uint16_t gdt_size;
    uint16_t cs;
    uint16_t ds;
} GcMachineBoot;

/* What a config is before anything is asked for: 1 CPU, no times. */
#define GC_MACHINE_CONFIG_INIT                                                 \
    {                                                                          \
        .n_cpus = 1, .max_cpus = 1, .splash_time = -1, .reboot_timeout = -1,   \
    }

/* The least RAM, and the most; its size is a multiple of a page. */
#define GC_MACHINE_MIN_RAM (UINT64_C(1) << 20)
#define GC_MACHINE_MAX_RAM (UINT64_C(1) << 44)

/**
 * GcMachineType:
 * @name: as it stands after -machine
 * @description: one line for people
 * @targets: (array zero-terminated): "x86_64", "aarch64"…
 * @max_cpus: the most that it can have
 * @ram_name: what its RAM is called
 * @build: fills a machine
 * @build_fdt: (nullable): writes the whole device tree; errors stay in @fdt
 * @fdt_address: (nullable): where in guest memory a tree of that size lies
 * @load_tables: (nullable): puts into RAM what says to a kernel that is to be
 *     booted which devices there are
 *
 * A kind of machine.
 */
typedef struct GcMachineType {
    const char *name;
    const char *description;
    const char *const *targets;
    unsigned max_cpus;
    const char *ram_name;
    bool (*build)(GcMachine *machine, const GcMachineConfig *config,
                  GError **error);
    void (*build_fdt)(GcMachine *machine, GcFdt *fdt);
    GcPaddr (*fdt_address)(GcMachine *machine, size_t size);
    void (*load_tables)(GcMachine *machine);
} GcMachineType;

/* All of them, ended by NULL; generated from hw/machine/meson.build. */
extern const GcMachineType *const gc_machine_types[];

/* Whether there is such a machine for @target. */
bool gc_machine_type_has_target(const GcMachineType *type, const char *target);

/* The type with that name for that target, or NULL. */
const GcMachineType *gc_machine_type_find(const char *name, const char *target);

/**
 * gc_machine_new:
 * @type: what kind
 * @target: one of its targets; must outlive the machine
 * @config: what it is to be like
 * @error: (out) (optional): return location
 *
 * Makes a machine, in the state after power-on once gc_machine_reset() was
 * called.  Devices can be added until then.
 * Errors: GC_ERROR_INVALID if the config asks for something that the machine
 *     cannot have; GC_ERROR_UNSUPPORTED if @target is none of its targets.
 *
 * Returns: (transfer full): the machine, or NULL
 */
GcMachine *gc_machine_new(const GcMachineType *type, const char *target,
                          const GcMachineConfig *config, GError **error);
void gc_machine_free(GcMachine *machine);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcMachine, gc_machine_free)

/**
 * gc_machine_add_device:
 * @machine: a machine that was not reset yet
 * @name: a device type, as after -device
 * @error: (out) (optional): return location
 *
 * Errors: GC_ERROR_UNSUPPORTED if there is no such device; what the device
 *     says.
 */
bool gc_machine_add_device(GcMachine *machine, const char *name,
                           GError **error);

/* Adds a device that is reset, described and freed with the machine; in that
 * order of adding, and freed in the reverse one. */
void gc_machine_take_device(GcMachine *machine, GcDevice *device);

/* Tells the machine which of its devices is the one for vmcoreinfo. */
void gc_machine_set_vmcoreinfo(GcMachine *machine, GcVmcoreinfo *vmcoreinfo);

/**
 * gc_machine_reset:
 * @machine: the machine
 *
 * Resets all devices and puts the device tree, if the machine has one, into
 * guest memory again; and what the CPUs boot from, if it has any.  RAM is
 * otherwise left alone.
 */
void gc_machine_reset(GcMachine *machine);

/**
 * gc_machine_dup_fdt:
 * @machine: the machine
 * @error: (out) (optional): return location
 *
 * Errors: GC_ERROR_UNSUPPORTED if the machine has no device tree.
 *
 * Returns: (transfer full): the flattened device tree, or NULL
 */
GBytes *gc_machine_dup_fdt(GcMachine *machine, GError **error);

/* How the first CPU starts, after the last reset; borrowed.  NULL if there is
 * nothing to boot. */
const GcMachineBoot *gc_machine_get_boot(const GcMachine *machine);

/* Connects the VM, which must outlive the machine or be taken away by a NULL
 * @host; without it, requests and interrupts are lost. */
void gc_machine_set_host(GcMachine *machine, const GcMachineHost *host,
                         void *opaque);

/* For devices: tells the VM what the guest asks for. */
void gc_machine_request(GcMachine *machine, GcMachineRequest request);

/* For devices: drives an interrupt line. */
void gc_machine_set_irq(GcMachine *machine, unsigned gsi, bool level);

/* What it is made of; all borrowed, valid as long as the machine. */
const GcMachineType *gc_machine_get_type(const GcMachine *machine);
const char *gc_machine_get_target(const GcMachine *machine);
unsigned gc_machine_get_n_cpus(const GcMachine *machine);
unsigned gc_machine_get_max_cpus(const GcMachine *machine);
/* A CPU's APIC id: thread, core and socket, each in bits of its own. */
unsigned gc_machine_get_apic_id(const GcMachine *machine, unsigned cpu);
GcBus *gc_machine_get_memory(GcMachine *machine);
GcBus *gc_machine_get_ports(GcMachine *machine);
GcFwCfg *gc_machine_get_fw_cfg(GcMachine *machine);
/* (nullable) */
GcSerial *gc_machine_get_serial(GcMachine *machine, unsigned index);
GcGed *gc_machine_get_ged(GcMachine *machine);
GcVmcoreinfo *gc_machine_get_vmcoreinfo(GcMachine *machine);
