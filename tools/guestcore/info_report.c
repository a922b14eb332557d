/* SPDX-License-Identifier: MIT */
#include "info_report.h"

#include <inttypes.h>
#include <string.h>

#include "guestcore/registers.h"

#include "left_out.h"
#include "printable.h"

/* Where a line's text begins. */
#define INDENT "               "

/* What is said of a CPU in a line: program counter, stack, page tables, by
 * whatever names its architecture has. */
static const char *const main_registers[] = {
    "rip", "eip", "pc", "nip", "era", "psw_addr", "rsp", "esp", "sp", "cr3",
};

static uint64_t get_memory_size(const GcMemory *memory)
{
    uint64_t size = 0;

    for (size_t i = 0; i < gc_memory_get_n_blocks(memory); i++) {
        size += gc_memory_get_block(memory, i).size;
    }
    return size;
}

static void append_file(GString *text, const GcDumpInfo *info)
{
    g_autofree char *kinds = left_out_describe_level(info->dump_level);

    g_string_append_printf(text, "format:        %s%s%s%s%s\n", info->format,
                           info->codec != NULL ? ", pages by " : "",
                           info->codec != NULL ? info->codec : "",
                           info->is_flattened ? ", flattened" : "",
                           info->is_incomplete ? ", incomplete" : "");
    g_string_append_printf(text, "structures:    %d-bit, %s endian\n",
                           info->is_64bit ? 64 : 32,
                           info->is_big_endian ? "big" : "little");
    if (info->dump_level != 0) {
        g_string_append_printf(
            text, "dump level:    %u%s%s\n", info->dump_level,
            kinds != NULL ? ", left out: " : "", kinds != NULL ? kinds : "");
    }
}

static void append_cpus(GString *text, const GcGuest *guest)
{
    unsigned n = gc_guest_get_n_cpus(guest);

    g_string_append_printf(text, "CPUs:          %u\n", n);
    for (unsigned cpu = 0; cpu < n; cpu++) {
        const char *gap = INDENT;

        for (size_t i = 0; i < G_N_ELEMENTS(main_registers); i++) {
            uint64_t value;

            if (gc_guest_get_register(guest, cpu, main_registers[i], &value)) {
                g_string_append_printf(text, "%s%s 0x%016" PRIx64, gap,
                                       main_registers[i], value);
                gap = "  ";
            }
        }
        g_string_append(text, "\n");
    }
}

static void append_memory(GString *text, const GcGuest *guest)
{
    const GcMemory *memory = gc_guest_get_memory(guest);
    size_t n = gc_memory_get_n_blocks(memory);

    g_string_append_printf(text,
                           "memory:        %" PRIu64 " bytes in %zu range%s\n",
                           get_memory_size(memory), n, n == 1 ? "" : "s");
    for (size_t i = 0; i < n; i++) {
        GcMemoryBlock block = gc_memory_get_block(memory, i);

        g_string_append_printf(text,
                               INDENT "0x%016" PRIx64 "-0x%016" PRIx64 "\n",
                               block.start, block.start + block.size - 1);
    }
}

static void append_kernel(GString *text, const GcGuest *guest)
{
    const char *release = gc_guest_get_os_release(guest);
    g_autofree char *shown = release != NULL ? printable(release) : NULL;
    int64_t phys_base;

    g_string_append_printf(text, "kernel:        %s\n",
                           shown != NULL ? shown
                                         : "unknown, there is no VMCOREINFO");
    if (gc_guest_get_phys_base(guest, &phys_base)) {
        g_string_append_printf(
            text, "phys_base:     %" PRId64 " (%s0x%" PRIx64 ")\n", phys_base,
            phys_base < 0 ? "-" : "",
            phys_base < 0 ? -(uint64_t)phys_base : (uint64_t)phys_base);
    }
}

/* A note as it is, for comparison and for print. */
typedef struct Note {
    const char *name;
    uint32_t type;
    size_t size;
} Note;

static Note get_note(const GcGuest *guest, size_t i)
{
    Note note;

    note.size =
        g_bytes_get_size(gc_guest_get_note(guest, i, &note.name, &note.type));
    return note;
}

static bool is_same(Note a, Note b)
{
    return strcmp(a.name, b.name) == 0 && a.type == b.type && a.size == b.size;
}

/* Notes that are alike, as those of many CPUs, are one line. */
static void append_notes(GString *text, const GcGuest *guest)
{
    size_t n = gc_guest_get_n_notes(guest);
    size_t same;

    g_string_append_printf(text, "notes:         %zu\n", n);
    for (size_t i = 0; i < n; i += same) {
        Note note = get_note(guest, i);
        g_autofree char *name = printable(note.name);

        for (same = 1; i + same < n && is_same(note, get_note(guest, i + same));
             same++) {
        }
        g_string_append_printf(text, INDENT "%s, type 0x%" PRIx32 ", %zu bytes",
                               name, note.type, note.size);
        if (same > 1) {
            g_string_append_printf(text, ", %zu times", same);
        }
        g_string_append(text, "\n");
    }
}

static void append_count(GString *text, uint64_t pages, const char *what)
{
    if (pages > 0) {
        g_string_append_printf(text, INDENT "%" PRIu64 " %s\n", pages, what);
    }
}

static void append_pages(GString *text, const InfoReport *report)
{
    const GcDumpPages *pages = gc_dump_inspection_get_pages(report->inspection);

    g_string_append_printf(text, "in the dump:   %" PRIu64 " bytes\n",
                           report->present);
    g_string_append_printf(
        text, "pages:         %" PRIu64 " of %" PRIu32 " bytes\n",
        pages->memory, gc_guest_get_page_size(report->guest));
    append_count(text, pages->zero, "of zeros, that take no room");
    append_count(text, pages->raw, "as they are");
    for (const GcDumpPacked *packed = pages->packed; packed->codec != NULL;
         packed++) {
        g_string_append_printf(
            text, INDENT "%" PRIu64 " packed by %s to %" PRIu64 " bytes\n",
            packed->pages, packed->codec, packed->bytes);
    }
    append_count(text, pages->left_out, "left out");
    append_count(text, pages->missing, "never written");
}

static void append_sentences(GString *text, const char *what,
                             const char *const *sentences)
{
    for (; *sentences != NULL; sentences++) {
        g_autofree char *shown = printable(*sentences);

        g_string_append_printf(text, "%-15s%s\n", what, shown);
        what = "";
    }
}

/* What the pages are used for, also those that were left out. */
static void append_kinds(GString *text, const InfoReport *report)
{
    const char *title = "used for:      ";

    if (report->why_no_kinds != NULL) {
        g_string_append_printf(text, "%snot known: %s\n", title,
                               report->why_no_kinds->message);
    }
    for (unsigned kind = 0; report->kinds != NULL && kind < GC_PAGE_KINDS;
         kind++) {
        uint64_t pages =
            kind != GC_PAGE_NONE ? gc_page_map_count(report->kinds, kind) : 0;

        if (pages > 0) {
            g_string_append_printf(text, "%s%" PRIu64 " %s\n", title, pages,
                                   gc_page_kind_get_name(kind));
            title = INDENT;
        }
    }
}

char *info_report_to_text(const InfoReport *report)
{
    GString *text = g_string_new(NULL);

    append_file(text, report->info);
    g_string_append_printf(text, "architecture:  %s\n",
                           gc_guest_get_arch(report->guest));
    append_cpus(text, report->guest);
    append_memory(text, report->guest);
    append_kernel(text, report->guest);
    append_notes(text, report->guest);
    append_pages(text, report);
    append_kinds(text, report);
    append_sentences(text, "warnings:", gc_guest_get_warnings(report->guest));
    append_sentences(text, "readers:",
                     gc_dump_inspection_get_objections(report->inspection));
    return g_string_free(text, FALSE);
}

static void set_size(JsonObject *object, const char *name, uint64_t value)
{
    json_object_set_int_member(object, name, (gint64)value);
}

/* What a guest says of itself need not be UTF-8. */
static void set_string(JsonObject *object, const char *name, const char *value)
{
    g_autofree char *valid = g_utf8_make_valid(value, -1);

    json_object_set_string_member(object, name, valid);
}

static JsonArray *list_strings(const char *const *strings)
{
    JsonArray *list = json_array_new();

    for (; *strings != NULL; strings++) {
        g_autofree char *valid = g_utf8_make_valid(*strings, -1);

        json_array_add_string_element(list, valid);
    }
    return list;
}

/* All registers that the notes have; hexadecimal, for they have 64 bits. */
static JsonArray *list_cpus(const GcGuest *guest)
{
    g_auto(GStrv) names = gc_registers_get_names(gc_guest_get_arch(guest));
    JsonArray *cpus = json_array_new();

    for (unsigned cpu = 0; cpu < gc_guest_get_n_cpus(guest); cpu++) {
        JsonObject *registers = json_object_new();

        for (char **name = names; *name != NULL; name++) {
            uint64_t value;

            if (gc_guest_get_register(guest, cpu, *name, &value)) {
                g_autofree char *text = g_strdup_printf("0x%" PRIx64, value);

                json_object_set_string_member(registers, *name, text);
            }
        }
        json_array_add_object_element(cpus, registers);
    }
    return cpus;
}

static JsonArray *list_notes(const GcGuest *guest)
{
    JsonArray *notes = json_array_new();

    for (size_t i = 0; i < gc_guest_get_n_notes(guest); i++) {
        JsonObject *object = json_object_new();
        Note note = get_note(guest, i);

        set_string(object, "name", note.name);
        set_size(object, "type", note.type);
        set_size(object, "size", note.size);
        json_array_add_object_element(notes, object);
    }
    return notes;
}

static JsonArray *list_memory(const GcMemory *memory)
{
    JsonArray *ranges = json_array_new();

    for (size_t i = 0; i < gc_memory_get_n_blocks(memory); i++) {
        JsonObject *range = json_object_new();

        set_size(range, "start", gc_memory_get_block(memory, i).start);
        set_size(range, "size", gc_memory_get_block(memory, i).size);
        json_array_add_object_element(ranges, range);
    }
    return ranges;
}

static JsonObject *make_pages(const GcDumpPages *pages)
{
    JsonObject *object = json_object_new();
    JsonObject *packed = json_object_new();

    set_size(object, "memory", pages->memory);
    set_size(object, "zero", pages->zero);
    set_size(object, "raw", pages->raw);
    set_size(object, "left-out", pages->left_out);
    set_size(object, "missing", pages->missing);
    for (const GcDumpPacked *one = pages->packed; one->codec != NULL; one++) {
        JsonObject *counts = json_object_new();

        set_size(counts, "pages", one->pages);
        set_size(counts, "bytes", one->bytes);
        json_object_set_object_member(packed, one->codec, counts);
    }
    json_object_set_object_member(object, "packed", packed);
    return object;
}

static JsonObject *make_kinds(const GcPageMap *kinds)
{
    JsonObject *object = json_object_new();

    for (unsigned kind = 0; kind < GC_PAGE_KINDS; kind++) {
        if (kind != GC_PAGE_NONE) {
            set_size(object, gc_page_kind_get_name(kind),
                     gc_page_map_count(kinds, kind));
        }
    }
    return object;
}

static void set_file(JsonObject *object, const GcDumpInfo *info)
{
    json_object_set_string_member(object, "format", info->format);
    if (info->codec != NULL) {
        json_object_set_string_member(object, "codec", info->codec);
    }
    json_object_set_boolean_member(object, "flattened", info->is_flattened);
    json_object_set_boolean_member(object, "incomplete", info->is_incomplete);
    set_size(object, "dump-level", info->dump_level);
    set_size(object, "bits", info->is_64bit ? 64 : 32);
    json_object_set_string_member(object, "byte-order",
                                  info->is_big_endian ? "big" : "little");
}

static void set_kernel(JsonObject *object, const GcGuest *guest)
{
    const char *release = gc_guest_get_os_release(guest);
    int64_t phys_base;

    if (release != NULL) {
        set_string(object, "os-release", release);
        set_string(object, "vmcoreinfo", gc_guest_get_vmcoreinfo(guest));
    }
    if (gc_guest_get_phys_base(guest, &phys_base)) {
        json_object_set_int_member(object, "phys-base", phys_base);
    }
}

static JsonObject *make_object(const InfoReport *report)
{
    JsonObject *object = json_object_new();
    const GcGuest *guest = report->guest;
    const GcDumpInspection *inspection = report->inspection;

    set_file(object, report->info);
    json_object_set_string_member(object, "architecture",
                                  gc_guest_get_arch(guest));
    set_size(object, "page-size", gc_guest_get_page_size(guest));
    json_object_set_array_member(object, "cpus", list_cpus(guest));
    json_object_set_array_member(object, "memory",
                                 list_memory(gc_guest_get_memory(guest)));
    set_size(object, "present", report->present);
    set_kernel(object, guest);
    json_object_set_array_member(object, "notes", list_notes(guest));
    json_object_set_object_member(
        object, "pages", make_pages(gc_dump_inspection_get_pages(inspection)));
    if (report->kinds != NULL) {
        json_object_set_object_member(object, "kinds",
                                      make_kinds(report->kinds));
    }
    json_object_set_array_member(object, "warnings",
                                 list_strings(gc_guest_get_warnings(guest)));
    json_object_set_array_member(
        object, "readers",
        list_strings(gc_dump_inspection_get_objections(inspection)));
    return object;
}

char *info_report_to_json(const InfoReport *report)
{
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    g_autofree char *text = NULL;

    json_node_take_object(node, make_object(report));
    text = json_to_string(node, TRUE);
    return g_strconcat(text, "\n", NULL);
}
