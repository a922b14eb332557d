/* SPDX-License-Identifier: MIT */
#include "guest/kernel.h"

#include <string.h>

#include "guest/guest.h"
#include "guest/translate.h"
#include "guest/virtual.h"

/* The translator of the guest's kernel; NULL if its VMCOREINFO does not
 * tell enough for one. */
static GcTranslator *make_translator(const GcGuest *guest)
{
    GcPageTable table;

    return gc_guest_get_page_table(guest, &table)
               ? gc_translator_new(gc_guest_get_memory(guest), &table)
               : NULL;
}

static bool is_terminated(const char *string)
{
    return memchr(string, '\0', GC_UTSNAME_LENGTH) != NULL;
}

/* Readers take the whole or nothing, so a half-read one is of no use. */
static bool is_plausible(const GcUtsname *uts, const char *release)
{
    return is_terminated(uts->sysname) && is_terminated(uts->nodename) &&
           is_terminated(uts->release) && is_terminated(uts->version) &&
           is_terminated(uts->machine) && is_terminated(uts->domainname) &&
           strcmp(uts->sysname, "Linux") == 0 &&
           strcmp(uts->release, release) == 0 && uts->version[0] != '\0' &&
           uts->machine[0] != '\0';
}

/* Reads from the kernel's image. */
static bool read_image(const GcGuest *guest, uint64_t vaddr, void *buf,
                       size_t len)
{
    g_autoptr(GcVirtual) kernel = gc_virtual_new(guest, NULL);

    return kernel != NULL && gc_virtual_read(kernel, vaddr, buf, len, NULL);
}

static bool read_utsname(const GcGuest *guest, GcUtsname *ret_uts)
{
    const GcVmcoreinfoText *text = gc_guest_get_vmcoreinfo_text(guest);
    uint64_t address;
    int64_t offset = 0;
    GcUtsname uts;

    if (!gc_vmcoreinfo_text_get_symbol(text, "init_uts_ns", &address) ||
        !gc_vmcoreinfo_text_get_number(text, "OFFSET", "uts_namespace.name",
                                       &offset) ||
        !read_image(guest, address + (uint64_t)offset, &uts, sizeof(uts)) ||
        !is_plausible(&uts, gc_guest_get_os_release(guest))) {
        return false;
    }
    *ret_uts = uts;
    return true;
}

bool gc_kernel_is_verified(const GcGuest *guest)
{
    GcUtsname uts;

    return gc_guest_get_vmcoreinfo_text(guest) != NULL &&
           read_utsname(guest, &uts);
}

static bool get_told_utsname(const GcGuest *guest, GcUtsname *ret_uts)
{
    const GcUtsname *told = gc_guest_get_told_utsname(guest);
    const char *release = gc_guest_get_os_release(guest);

    if (told == NULL || told->release[0] == '\0' ||
        !is_plausible(told, release != NULL ? release : told->release)) {
        return false;
    }
    *ret_uts = *told;
    return true;
}

static void copy_string(char *to, const char *from)
{
    g_strlcpy(to, from, GC_UTSNAME_LENGTH);
}

void gc_kernel_get_utsname(const GcGuest *guest, GcUtsname *ret_uts)
{
    const char *release = gc_guest_get_os_release(guest);

    memset(ret_uts, 0, sizeof(*ret_uts));
    copy_string(ret_uts->machine, gc_guest_get_arch_info(guest)->machine);
    if ((release != NULL && read_utsname(guest, ret_uts)) ||
        get_told_utsname(guest, ret_uts) || release == NULL) {
        return;
    }
    copy_string(ret_uts->sysname, "Linux");
    copy_string(ret_uts->nodename, "(none)");
    copy_string(ret_uts->release, release);
    copy_string(ret_uts->version, "(unknown)");
    copy_string(ret_uts->domainname, "(none)");
}

/* The block of memory that [@paddr, @paddr + @size) lies in. */
static bool lies_in_one_block(GcMemory *memory, GcPaddr paddr, uint64_t size)
{
    for (size_t i = 0; i < gc_memory_get_n_blocks(memory); i++) {
        GcMemoryBlock block = gc_memory_get_block(memory, i);

        if (paddr >= block.start && paddr - block.start < block.size) {
            return size <= block.size - (paddr - block.start);
        }
    }
    return false;
}

/* The lowest and highest page of the kernel's own mapping: those that the
 * page tables map where the kernel's image must be. */
static bool find_mapped(GcTranslator *translator, const GcImageMap *map,
                        GcMapping *ret_mapping)
{
    uint64_t first = map->end;
    uint64_t last = map->start;
    uint64_t span;

    for (uint64_t v = map->start; v < map->end; v += span) {
        GcPaddr paddr;
        bool mapped = gc_translator_lookup(translator, v, &paddr, &span);

        span = MIN(span - 1, map->end - v - 1) + 1;
        if (mapped && paddr == v + map->delta) {
            first = MIN(first, v);
            last = v + span;
        }
    }
    if (first >= last) {
        return false;
    }
    ret_mapping->vaddr = first;
    ret_mapping->paddr = first + map->delta;
    ret_mapping->size = last - first;
    return true;
}

bool gc_kernel_find_image(const GcGuest *guest, GcMapping *ret_mapping)
{
    g_autoptr(GcTranslator) translator = make_translator(guest);
    GcImageMap map;
    GcMapping mapping;

    if (translator == NULL || !gc_guest_get_image_map(guest, &map) ||
        !find_mapped(translator, &map, &mapping) ||
        !lies_in_one_block(gc_guest_get_memory(guest), mapping.paddr,
                           mapping.size)) {
        return false;
    }
    *ret_mapping = mapping;
    return true;
}

int64_t gc_kernel_get_phys_base(const GcGuest *guest)
{
    int64_t base = 0;

    if (!gc_guest_get_phys_base(guest, &base) &&
        gc_guest_get_arch_info(guest)->phys_base_is_memory_start) {
        base = (int64_t)gc_guest_get_memory_start(guest);
    }
    return base;
}
