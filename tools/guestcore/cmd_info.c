/* SPDX-License-Identifier: MIT */
/* guestcore info: what is in a dump. */
#include <inttypes.h>
#include <stdio.h>

#include "guestcore/dump.h"

#include "command.h"
#include "left_out.h"

static void print_memory(const GcGuest *guest)
{
    const GcMemory *memory = gc_guest_get_memory(guest);
    size_t n = gc_memory_get_n_blocks(memory);
    uint64_t total = 0;

    for (size_t i = 0; i < n; i++) {
        total += gc_memory_get_block(memory, i).size;
    }
    printf("memory:        %" PRIu64 " bytes in %zu range%s\n", total, n,
           n == 1 ? "" : "s");
    for (size_t i = 0; i < n; i++) {
        GcMemoryBlock block = gc_memory_get_block(memory, i);

        printf("               0x%016" PRIx64 "-0x%016" PRIx64 "\n",
               block.start, block.start + block.size - 1);
    }
}

static void print_kernel(const GcGuest *guest)
{
    const char *release = gc_guest_get_os_release(guest);
    int64_t phys_base;

    printf("kernel:        %s\n",
           release != NULL ? release : "unknown, there is no VMCOREINFO");
    if (gc_guest_get_phys_base(guest, &phys_base)) {
        printf("phys_base:     %" PRId64 " (%s0x%" PRIx64 ")\n", phys_base,
               phys_base < 0 ? "-" : "",
               phys_base < 0 ? -(uint64_t)phys_base : (uint64_t)phys_base);
    }
}

static void print_file(const GcDumpInfo *info)
{
    g_autofree char *kinds = left_out_describe_level(info->dump_level);

    printf("format:        %s%s%s%s%s\n", info->format,
           info->codec != NULL ? ", pages by " : "",
           info->codec != NULL ? info->codec : "",
           info->is_flattened ? ", flattened" : "",
           info->is_incomplete ? ", incomplete" : "");
    printf("structures:    %d-bit, %s endian\n", info->is_64bit ? 64 : 32,
           info->is_big_endian ? "big" : "little");
    if (info->dump_level != 0) {
        printf("dump level:    %u%s%s\n", info->dump_level,
               kinds != NULL ? ", left out: " : "", kinds != NULL ? kinds : "");
    }
}

/* How much of the memory the dump has. */
static bool print_present(const GcGuest *guest, GError **error)
{
    GcMemory *memory = gc_guest_get_memory(guest);
    uint64_t present = 0;
    GcPaddr start;
    GcPaddr end;

    for (GcPaddr at = 0; at < UINT64_MAX; at = end) {
        if (!gc_memory_next_present(memory, at, UINT64_MAX, &start, &end,
                                    error)) {
            return false;
        }
        present += end - start;
    }
    printf("in the dump:   %" PRIu64 " bytes\n", present);
    return true;
}

static bool run(int argc, char **argv, GError **error)
{
    const GOptionEntry entries[] = {G_OPTION_ENTRY_NULL};
    g_autoptr(GcGuest) guest = NULL;
    GcDumpInfo info;

    if (!command_parse(&argc, &argv, "FILE…",
                       "Prints what is in a dump: format, architecture, CPUs, "
                       "memory and kernel.\nSeveral files are parts of a "
                       "kdump that was split.",
                       entries, error)) {
        return false;
    }
    if (argc < 2) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                    "info takes a FILE; see 'guestcore info --help'");
        return false;
    }
    guest = gc_guest_open_files((const char *const *)argv + 1, &info, error);
    if (guest == NULL) {
        return false;
    }
    print_file(&info);
    printf("architecture:  %s\n", gc_guest_get_arch(guest));
    printf("CPUs:          %u\n", gc_guest_get_n_cpus(guest));
    print_memory(guest);
    print_kernel(guest);
    return print_present(guest, error);
}

const Command command_info = {
    .name = "info",
    .summary = "print what is in a dump",
    .run = run,
};
