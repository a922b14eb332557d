/* SPDX-License-Identifier: MIT */
#include "guest/guest.h"

#include "base/error.h"

struct GcGuest {
    const GcArch *arch;
    GcMemory *memory;
    GPtrArray *notes; /* of GcNote */
    unsigned n_cpus;
    GcVmcoreinfoText *vmcoreinfo;
    unsigned dump_level;
    bool is_incomplete;
    GcUtsname *told_utsname; /* (nullable) */
    GPtrArray *warnings;     /* of char *, with a NULL at the end */
};

GcGuest *gc_guest_new(const char *arch, GcMemory *memory, GError **error)
{
    const GcArch *found = gc_arch_find(arch);
    GcGuest *guest;

    if (found == NULL) {
        g_set_error(error, GC_ERROR, GC_ERROR_UNSUPPORTED,
                    "architecture %s is not known", arch);
        return NULL;
    }
    guest = g_new0(GcGuest, 1);
    guest->arch = found;
    guest->memory = gc_memory_ref(memory);
    guest->notes = gc_notes_new();
    guest->warnings = g_ptr_array_new_null_terminated(0, g_free, TRUE);
    return guest;
}

void gc_guest_free(GcGuest *guest)
{
    if (guest == NULL) {
        return;
    }
    gc_vmcoreinfo_text_free(guest->vmcoreinfo);
    g_ptr_array_unref(guest->notes);
    g_ptr_array_unref(guest->warnings);
    gc_memory_unref(guest->memory);
    g_free(guest->told_utsname);
    g_free(guest);
}

static bool set_vmcoreinfo(GcGuest *guest, GBytes *desc, GError **error)
{
    gsize size;
    const void *text = g_bytes_get_data(desc, &size);

    if (guest->vmcoreinfo != NULL) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "there is a second VMCOREINFO note");
        return false;
    }
    guest->vmcoreinfo = gc_vmcoreinfo_text_new(text, size, error);
    return guest->vmcoreinfo != NULL;
}

bool gc_guest_add_note(GcGuest *guest, const char *name, uint32_t type,
                       GBytes *desc, GError **error)
{
    g_autoptr(GcNote) note = gc_note_new(name, type, desc);

    if (g_bytes_get_size(desc) > GC_GUEST_NOTE_MAX_SIZE) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "%s note of %zu bytes is larger than %u bytes", name,
                    g_bytes_get_size(desc), GC_GUEST_NOTE_MAX_SIZE);
        return false;
    }
    if (gc_note_is_vmcoreinfo(note) && !set_vmcoreinfo(guest, desc, error)) {
        return false;
    }
    guest->n_cpus += gc_note_is_prstatus(note);
    gc_notes_add(guest->notes, g_steal_pointer(&note));
    return true;
}

void gc_guest_add_warning(GcGuest *guest, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_ptr_array_add(guest->warnings, g_strdup_vprintf(format, args));
    va_end(args);
}

const char *const *gc_guest_get_warnings(const GcGuest *guest)
{
    static const char *const none[] = {NULL};

    return guest->warnings->len > 0
               ? (const char *const *)guest->warnings->pdata
               : none;
}

char **gc_guest_get_arches(void)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();

    for (const GcArch *const *arch = gc_arches; *arch != NULL; arch++) {
        g_strv_builder_add(names, (*arch)->name);
    }
    return g_strv_builder_end(names);
}

const char *gc_guest_get_arch(const GcGuest *guest)
{
    return guest->arch->name;
}

const GcArch *gc_guest_get_arch_info(const GcGuest *guest)
{
    return guest->arch;
}

void gc_guest_replace_memory(GcGuest *guest, GcMemory *memory)
{
    gc_memory_ref(memory);
    gc_memory_unref(guest->memory);
    guest->memory = memory;
}

GcMemory *gc_guest_get_memory(const GcGuest *guest)
{
    return guest->memory;
}

GPtrArray *gc_guest_get_notes(const GcGuest *guest)
{
    return guest->notes;
}

unsigned gc_guest_get_n_cpus(const GcGuest *guest)
{
    return guest->n_cpus;
}

size_t gc_guest_get_n_notes(const GcGuest *guest)
{
    return guest->notes->len;
}

GBytes *gc_guest_get_note(const GcGuest *guest, size_t i, const char **ret_name,
                          uint32_t *ret_type)
{
    const GcNote *note = g_ptr_array_index(guest->notes, i);

    if (ret_name != NULL) {
        *ret_name = note->name;
    }
    if (ret_type != NULL) {
        *ret_type = note->type;
    }
    return note->desc;
}

const GcVmcoreinfoText *gc_guest_get_vmcoreinfo_text(const GcGuest *guest)
{
    return guest->vmcoreinfo;
}

const char *gc_guest_get_vmcoreinfo(const GcGuest *guest)
{
    return guest->vmcoreinfo != NULL
               ? gc_vmcoreinfo_text_get_raw(guest->vmcoreinfo)
               : NULL;
}

const char *gc_guest_get_os_release(const GcGuest *guest)
{
    return guest->vmcoreinfo != NULL
               ? gc_vmcoreinfo_text_get_string(guest->vmcoreinfo, "OSRELEASE")
               : NULL;
}

uint32_t gc_guest_get_page_size(const GcGuest *guest)
{
    uint64_t size;

    if (guest->vmcoreinfo != NULL &&
        gc_vmcoreinfo_text_get_page_size(guest->vmcoreinfo, &size) &&
        (size & (size - 1)) == 0 && (size & guest->arch->page_sizes) != 0) {
        return (uint32_t)size;
    }
    return guest->arch->page_size;
}

bool gc_guest_get_phys_base(const GcGuest *guest, int64_t *ret_base)
{
    return guest->vmcoreinfo != NULL && guest->arch->get_phys_base != NULL &&
           guest->arch->get_phys_base(guest->vmcoreinfo, ret_base);
}

bool gc_guest_get_symbol(const GcGuest *guest, const char *name,
                         uint64_t *ret_vaddr)
{
    return guest->vmcoreinfo != NULL &&
           gc_vmcoreinfo_text_get_symbol(guest->vmcoreinfo, name, ret_vaddr);
}

GcPaddr gc_guest_get_memory_start(const GcGuest *guest)
{
    return gc_memory_get_n_blocks(guest->memory) > 0
               ? gc_memory_get_block(guest->memory, 0).start
               : 0;
}

bool gc_guest_get_page_table(const GcGuest *guest, GcPageTable *ret_table)
{
    return guest->vmcoreinfo != NULL && guest->arch->get_page_table != NULL &&
           guest->arch->get_page_table(guest->vmcoreinfo, ret_table);
}

bool gc_guest_get_cpu_page_table(const GcGuest *guest, unsigned cpu,
                                 GcPageTable *ret_table)
{
    return guest->arch->get_cpu_page_table != NULL &&
           guest->arch->get_cpu_page_table(guest, cpu, ret_table);
}

bool gc_guest_get_image_map(const GcGuest *guest, GcImageMap *ret_map)
{
    return guest->vmcoreinfo != NULL && guest->arch->get_image_map != NULL &&
           guest->arch->get_image_map(
               guest->vmcoreinfo, gc_guest_get_memory_start(guest), ret_map);
}

void gc_guest_set_loss(GcGuest *guest, unsigned dump_level, bool is_incomplete)
{
    guest->dump_level = dump_level;
    guest->is_incomplete = is_incomplete;
}

unsigned gc_guest_get_dump_level(const GcGuest *guest)
{
    return guest->dump_level;
}

bool gc_guest_is_incomplete(const GcGuest *guest)
{
    return guest->is_incomplete;
}

void gc_guest_set_told_utsname(GcGuest *guest, const GcUtsname *uts)
{
    g_free(guest->told_utsname);
    guest->told_utsname = g_memdup2(uts, sizeof(*uts));
}

const GcUtsname *gc_guest_get_told_utsname(const GcGuest *guest)
{
    return guest->told_utsname;
}

GcGuest *gc_guest_new_with_notes(const char *arch, GcMemory *memory,
                                 GPtrArray *notes, GError **error)
{
    g_autoptr(GcGuest) guest = gc_guest_new(arch, memory, error);

    for (guint i = 0; guest != NULL && i < notes->len; i++) {
        const GcNote *note = g_ptr_array_index(notes, i);
        g_autoptr(GError) note_error = NULL;

        if (gc_guest_add_note(guest, note->name, note->type, note->desc,
                              &note_error)) {
            continue;
        }
        if (!gc_note_is_vmcoreinfo(note)) {
            g_set_error(error, GC_ERROR, GC_ERROR_FORMAT, "%s",
                        note_error->message);
            return NULL;
        }
        gc_guest_add_warning(guest, "the guest's note is left out: %s",
                             note_error->message);
    }
    return g_steal_pointer(&guest);
}
