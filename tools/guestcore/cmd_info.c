/* SPDX-License-Identifier: MIT */
/* guestcore info: what is in a dump. */
#include <inttypes.h>
#include <stdio.h>

#include "guestcore/dump.h"

#include "command.h"

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

static bool run(int argc, char **argv, GError **error)
{
    const GOptionEntry entries[] = {G_OPTION_ENTRY_NULL};
    g_autoptr(GcGuest) guest = NULL;
    const char *format;

    if (!command_parse(&argc, &argv, "FILE",
                       "Prints what is in a dump: format, architecture, CPUs, "
                       "memory and kernel.",
                       entries, error)) {
        return false;
    }
    if (argc != 2) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                    "info takes one FILE; see 'guestcore info --help'");
        return false;
    }
    guest = gc_guest_open(argv[1], &format, error);
    if (guest == NULL) {
        return false;
    }
    printf("format:        %s\n", format);
    printf("architecture:  %s\n", gc_guest_get_arch(guest));
    printf("CPUs:          %u\n", gc_guest_get_n_cpus(guest));
    print_memory(guest);
    print_kernel(guest);
    return true;
}

const Command command_info = {
    .name = "info",
    .summary = "print what is in a dump",
    .run = run,
};
