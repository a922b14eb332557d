/* SPDX-License-Identifier: MIT */
/* A Linux bzImage by its 64-bit entry, or by its 32-bit one if it has no
 * other: the boot protocol of Linux, Documentation/arch/x86/boot.rst. */
#include <string.h>

#include "base/byteorder.h"
#include "base/error.h"
#include "hw/machine/boot_image.h"
#include "hw/machine/bzimage_header.h"
#include "hw/machine/x86_boot_kernels.h"
#include "hw/machine/x86_layout.h"

/* The zero page */
#define ZERO_PAGE_SIZE 4096
#define ACPI_RSDP_ADDR 0x070
#define E820_ENTRIES 0x1e8
#define HEADER_MAX_END 0x290
#define E820_TABLE 0x2d0
#define E820_ENTRY_SIZE 20

#define LOADER_UNDEFINED 0xff
#define OLDEST_VERSION 0x20a /* has init_size, which says what it needs */
#define HAS_XLOADFLAGS 0x20c
#define ENTRY_64 0x200 /* from the beginning of the kernel */

static bool check_protocol(const GcBzimage *image, GError **error)
{
    if (image->version < OLDEST_VERSION) {
        g_set_error(error, GC_ERROR, GC_ERROR_UNSUPPORTED,
                    "kernel: boot protocol %u.%u: at least 2.10 is needed",
                    image->version >> 8, image->version & 0xff);
        return false;
    }
    if ((gc_bzimage_get(image, GC_BZIMAGE_LOADFLAGS, 1) &
         GC_BZIMAGE_LOADED_HIGH) == 0) {
        g_set_error(error, GC_ERROR, GC_ERROR_UNSUPPORTED,
                    "kernel: a zImage, which only firmware can start");
        return false;
    }
    if (image->size - image->setup_size <= ENTRY_64) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "kernel: ends %zu bytes after its setup: too short",
                    image->size - image->setup_size);
        return false;
    }
    return true;
}

static bool check_cmdline(const GcBzimage *image, const char *cmdline,
                          GError **error)
{
    uint64_t max = gc_bzimage_get(image, GC_BZIMAGE_CMDLINE_SIZE, 4);
    size_t len = cmdline != NULL ? strlen(cmdline) : 0;

    if (len > max) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "command line: %zu bytes: this kernel takes at most "
                    "%" G_GUINT64_FORMAT,
                    len, max);
        return false;
    }
    return true;
}

static bool has_64bit_entry(const GcMachine *machine, const GcBzimage *image)
{
    return strcmp(machine->target, "x86_64") == 0 &&
           image->version >= HAS_XLOADFLAGS &&
           (gc_bzimage_get(image, GC_BZIMAGE_XLOADFLAGS, 2) &
            GC_BZIMAGE_HAS_64BIT_ENTRY) != 0;
}

/* Where the memory ends that the kernel needs until it can read the map: it
 * unpacks itself at its preferred address, or where it lies. */
static bool get_kernel_end(const GcBzimage *image, uint64_t low_size,
                           uint64_t *ret_end, GError **error)
{
    uint64_t preferred = gc_bzimage_get(image, GC_BZIMAGE_PREF_ADDRESS, 8);
    uint64_t room = gc_bzimage_get(image, GC_BZIMAGE_INIT_SIZE, 4);
    uint64_t start = MAX(preferred, GC_X86_LAYOUT_KERNEL);
    uint64_t file_end =
        GC_X86_LAYOUT_KERNEL + (image->size - image->setup_size);

    if (start > low_size || room > low_size - start || file_end > low_size) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "kernel: starts in %" G_GUINT64_FORMAT
                    " bytes at 0x%" G_GINT64_MODIFIER
                    "x: the RAM below 4 GiB ends at 0x%" G_GINT64_MODIFIER "x",
                    MAX(room, image->size - image->setup_size), start,
                    low_size);
        return false;
    }
    *ret_end = MAX(start + room, file_end);
    return true;
}

static bool add_kernel(GcMachine *machine, GBytes *kernel,
                       const GcBzimage *image, GError **error)
{
    size_t size = image->size - image->setup_size;
    g_autoptr(GBytes) code =
        g_bytes_new_from_bytes(kernel, image->setup_size, size);

    return gc_boot_image_add(machine->boot_image, "kernel",
                             GC_X86_LAYOUT_KERNEL, code, size, error);
}

static void put(uint8_t *page, size_t at, size_t width, uint64_t value)
{
    gc_put_uint(page + at, width, false, value);
}

/* The header as it is in the file, as long as it says. */
static void copy_header(const GcBzimage *image, uint8_t *page)
{
    size_t end = GC_BZIMAGE_MAGIC + image->data[GC_BZIMAGE_JUMP_LENGTH];

    end = MIN(MIN(end, HEADER_MAX_END), image->size);
    memcpy(page + GC_BZIMAGE_HEADER, image->data + GC_BZIMAGE_HEADER,
           end - GC_BZIMAGE_HEADER);
}

static void put_memory_map(const GcMachine *machine, uint8_t *page)
{
    GcX86Range ranges[GC_X86_MAX_RANGES];
    size_t n = gc_x86_layout_get_ranges(machine, ranges);

    for (size_t i = 0; i < n; i++) {
        size_t at = E820_TABLE + i * E820_ENTRY_SIZE;

        put(page, at, 8, ranges[i].start);
        put(page, at + 8, 8, ranges[i].size);
        put(page, at + 16, 4, ranges[i].type);
    }
    put(page, E820_ENTRIES, 1, n);
}

static bool add_zero_page(GcMachine *machine, const GcBzimage *image,
                          GcPaddr initrd, uint64_t initrd_size, GError **error)
{
    uint8_t *page = g_malloc0(ZERO_PAGE_SIZE);

    copy_header(image, page);
    put(page, ACPI_RSDP_ADDR, 8, GC_X86_LAYOUT_ACPI);
    put(page, GC_BZIMAGE_TYPE_OF_LOADER, 1, LOADER_UNDEFINED);
    put(page, GC_BZIMAGE_CMD_LINE_PTR, 4, GC_X86_LAYOUT_CMDLINE);
    put(page, GC_BZIMAGE_RAMDISK_IMAGE, 4, initrd);
    put(page, GC_BZIMAGE_RAMDISK_SIZE, 4, initrd_size);
    put_memory_map(machine, page);
    return gc_boot_image_take(machine->boot_image, "zero page",
                              GC_X86_LAYOUT_INFO, page, ZERO_PAGE_SIZE, error);
}

static bool check_kernel(const GcBzimage *image, const GcMachineConfig *config,
                         GError **error)
{
    return check_protocol(image, error) &&
           check_cmdline(image, config->cmdline, error);
}

bool gc_x86_boot_prepare_linux(GcMachine *machine,
                               const GcMachineConfig *config, GError **error)
{
    uint64_t low_size = gc_bus_get_range(machine->memory, 0)->size;
    uint64_t initrd_size =
        config->initrd != NULL ? g_bytes_get_size(config->initrd) : 0;
    GcBzimage image;
    uint64_t end;
    GcPaddr initrd;

    if (!gc_bzimage_has_header(config->kernel)) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "kernel: neither a Linux bzImage nor an ELF file");
        return false;
    }
    if (!gc_bzimage_parse(config->kernel, &image, error) ||
        !check_kernel(&image, config, error) ||
        !get_kernel_end(&image, low_size, &end, error) ||
        !add_kernel(machine, config->kernel, &image, error) ||
        !gc_x86_layout_add_initrd(machine, config->initrd, end,
                                  gc_bzimage_get_initrd_max(&image), &initrd,
                                  error)) {
        return false;
    }
    machine->boot.long_mode = has_64bit_entry(machine, &image);
    machine->boot.entry =
        GC_X86_LAYOUT_KERNEL + (machine->boot.long_mode ? ENTRY_64 : 0);
    machine->boot.rsi = GC_X86_LAYOUT_INFO;
    return add_zero_page(machine, &image, initrd, initrd_size, error);
}
