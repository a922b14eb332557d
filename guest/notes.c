/* SPDX-License-Identifier: MIT */
#include "guest/notes.h"

#include <elf.h>
#include <string.h>

#include "base/byteorder.h"
#include "base/cursor.h"
#include "base/error.h"

#define NOTE_ALIGN 4

GcNote *gc_note_new(const char *name, uint32_t type, GBytes *desc)
{
    GcNote *note = g_new0(GcNote, 1);

    note->name = g_strdup(name);
    note->type = type;
    note->desc = g_bytes_ref(desc);
    return note;
}

void gc_note_free(GcNote *note)
{
    if (note != NULL) {
        g_free(note->name);
        g_bytes_unref(note->desc);
        g_free(note);
    }
}

bool gc_note_is(const GcNote *note, const char *name, uint32_t type)
{
    return note->type == type && strcmp(note->name, name) == 0;
}

bool gc_note_is_prstatus(const GcNote *note)
{
    return gc_note_is(note, "CORE", NT_PRSTATUS);
}

bool gc_note_is_vmcoreinfo(const GcNote *note)
{
    return gc_note_is(note, "VMCOREINFO", 0);
}

static void free_note(gpointer note)
{
    gc_note_free(note);
}

GPtrArray *gc_notes_new(void)
{
    return g_ptr_array_new_with_free_func(free_note);
}

static unsigned get_rank(const GcNote *note)
{
    if (strcmp(note->name, "CORE") == 0 || strcmp(note->name, "LINUX") == 0) {
        return 0;
    }
    return strcmp(note->name, "QEMU") == 0 ? 1 : 2;
}

void gc_notes_add(GPtrArray *notes, GcNote *note)
{
    guint at = notes->len;

    while (at > 0 &&
           get_rank(g_ptr_array_index(notes, at - 1)) > get_rank(note)) {
        at--;
    }
    g_ptr_array_insert(notes, (gint)at, note);
}

static GcNote *parse_note(GcCursor *cursor)
{
    uint32_t name_size = gc_cursor_get_u32(cursor);
    uint32_t desc_size = gc_cursor_get_u32(cursor);
    uint32_t type = gc_cursor_get_u32(cursor);
    const uint8_t *name = gc_cursor_get_bytes(cursor, name_size);
    const uint8_t *desc;
    g_autofree char *name_string = NULL;
    g_autoptr(GBytes) desc_bytes = NULL;

    gc_cursor_align(cursor, NOTE_ALIGN);
    desc = gc_cursor_get_bytes(cursor, desc_size);
    gc_cursor_align(cursor, NOTE_ALIGN);
    if (cursor->failed) {
        return NULL;
    }
    name_string = g_strndup((const char *)name, name_size);
    desc_bytes = g_bytes_new(desc, desc_size);
    return gc_note_new(name_string, type, desc_bytes);
}

bool gc_notes_parse(GPtrArray *notes, const uint8_t *data, size_t size,
                    bool big_endian, GError **error)
{
    GcCursor cursor;

    gc_cursor_init(&cursor, data, size, big_endian);
    while (gc_cursor_get_rest(&cursor) > 0) {
        size_t start = cursor.pos;
        GcNote *note = parse_note(&cursor);

        if (note == NULL) {
            g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                        "note at offset %zu runs over the end of %zu bytes "
                        "of notes",
                        start, size);
            return false;
        }
        g_ptr_array_add(notes, note);
    }
    return true;
}

static void append_u32(GByteArray *bytes, uint32_t value, bool big_endian)
{
    uint8_t word[sizeof(value)];

    gc_put_uint(word, sizeof(word), big_endian, value);
    g_byte_array_append(bytes, word, sizeof(word));
}

static void append_padded(GByteArray *bytes, const void *data, size_t size)
{
    static const uint8_t zeros[NOTE_ALIGN];

    g_byte_array_append(bytes, data, (guint)size);
    g_byte_array_append(bytes, zeros, (guint)(-size % NOTE_ALIGN));
}

GByteArray *gc_notes_serialize(GPtrArray *notes, bool big_endian,
                               size_t *ret_vmcoreinfo)
{
    GByteArray *bytes = g_byte_array_new();

    *ret_vmcoreinfo = 0;
    for (guint i = 0; i < notes->len; i++) {
        const GcNote *note = g_ptr_array_index(notes, i);
        size_t name_size = strlen(note->name) + 1;
        gsize desc_size;
        const void *desc = g_bytes_get_data(note->desc, &desc_size);

        append_u32(bytes, (uint32_t)name_size, big_endian);
        append_u32(bytes, (uint32_t)desc_size, big_endian);
        append_u32(bytes, note->type, big_endian);
        append_padded(bytes, note->name, name_size);
        if (gc_note_is_vmcoreinfo(note)) {
            *ret_vmcoreinfo = bytes->len;
        }
        append_padded(bytes, desc, desc_size);
    }
    return bytes;
}
