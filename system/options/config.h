/* SPDX-License-Identifier: MIT */
/* What the command line asked for, in the program's own terms.  Filled by
 * options.c; read by everyone, changed by no one. */
#pragma once

#include "guestcore/types.h"

#include "system/actions.h"
#include "system/options/keyval.h"

/* QEMU's own default, for who says nothing. */
#define GC_CONFIG_DEFAULT_RAM (UINT64_C(128) << 20)

/* -smp, all numbers at least 1. */
typedef struct GcConfigSmp {
    uint64_t cpus;
    uint64_t max_cpus;
    uint64_t sockets;
    uint64_t cores;
    uint64_t threads;
} GcConfigSmp;

/* -fw_cfg */
typedef struct GcConfigFile {
    char *name;
    GBytes *bytes;
} GcConfigFile;

/* -object memory-backend-… */
typedef struct GcConfigBackend {
    char *id;
    char *path; /* NULL: no file that has a name */
    uint64_t size;
    bool share;
    bool is_anonymous; /* unless it is to be shared, no file at all */
} GcConfigBackend;

/* What follows a dump that a panic made. */
typedef enum GcConfigThen {
    GC_CONFIG_THEN_PAUSE,
    GC_CONFIG_THEN_SHUTDOWN,
    GC_CONFIG_THEN_RESET,
} GcConfigThen;

/* -dump-on-panic */
typedef struct GcConfigPanicDump {
    char *path; /* absolute; NULL: not given */
    char *format;
    unsigned level; /* as gc_dump_job_set_dump_level() */
    GcConfigThen then;
} GcConfigPanicDump;

/**
 * GcConfig:
 * @target: what the machine's CPU is, from the program's name
 * @message: (nullable): what to print instead of running, for -h and others
 * @accels: (element-type utf8): to be tried in order; empty: the default
 * @devices: (element-type utf8): their types
 * @files: (element-type GcConfigFile)
 * @backends: (element-type GcConfigBackend)
 * @chardevs: (element-type GcKeyval)
 * @monitors: (element-type utf8): ids of the chardevs of -mon
 * @qmp: (element-type utf8): as -qmp had them
 * @serials: (element-type utf8): as -serial had them
 * @has_panic_action: whether -action said what a panic causes
 * @ram_size: in bytes; 0 if it was not given
 *
 * Strings that were not given are NULL.
 */
typedef struct GcConfig {
    const char *target;
    char *message;

    char *machine;
    char *memory_backend;
    char *dumpdtb;
    GPtrArray *accels;
    GPtrArray *backends;
    GPtrArray *devices;
    GPtrArray *files;
    GcConfigSmp smp;
    uint64_t ram_size;
    uint8_t uuid[16];
    char *name;
    bool boot_menu;
    int32_t splash_time;
    int32_t reboot_timeout;
    uint64_t fw_cfg_slots;
    bool fw_cfg_dma;
    GBytes *kernel;
    GBytes *initrd;
    char *cmdline;
    bool nographic;

    GPtrArray *chardevs;
    GPtrArray *monitors;
    GPtrArray *qmp;
    GPtrArray *serials;
    char *qtest;
    char *qtest_log;

    char *pidfile;
    bool daemonize;
    bool exit_with_parent;
    bool paused;
    GcActions actions;
    bool has_panic_action;
    GcConfigPanicDump panic_dump;
} GcConfig;

/* What there is before any option. */
GcConfig *gc_config_new(const char *target);
void gc_config_free(GcConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcConfig, gc_config_free)
