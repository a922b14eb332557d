/* SPDX-License-Identifier: MIT */
/* ELF notes: what a dump says beside the memory itself.  A note is a header
 * of three 32-bit words (in both ELF classes), a name and a descriptor, each
 * padded to 4 bytes. */
#pragma once

#include "guestcore/types.h"

/* The most that all notes of a dump may be: room for the registers of
 * thousands of CPUs, and a bound on what a file can make us allocate. */
#define GC_NOTES_MAX_SIZE (64u * 1024 * 1024)

/* The largest note that a guest may announce; as QEMU has it. */
#define GC_GUEST_NOTE_MAX_SIZE (1024u * 1024)

typedef struct GcNote {
    char *name; /* without its NUL */
    uint32_t type;
    GBytes *desc;
} GcNote;

/**
 * gc_note_new:
 * @name: what the note's type belongs to, "CORE" or "VMCOREINFO"
 * @type: its type
 * @desc: (transfer none): its descriptor, in the guest's byte order
 *
 * Returns: (transfer full): a note
 */
GcNote *gc_note_new(const char *name, uint32_t type, GBytes *desc);
void gc_note_free(GcNote *note);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcNote, gc_note_free)

/* Whether @note has this name and type. */
bool gc_note_is(const GcNote *note, const char *name, uint32_t type);

/* The registers of one CPU, and the guest kernel's own note. */
bool gc_note_is_prstatus(const GcNote *note);
bool gc_note_is_vmcoreinfo(const GcNote *note);

/**
 * gc_notes_add:
 * @notes: (element-type GcNote): notes in the order in which readers want
 *     them: those of CPUs, then QEMU's notes of CPUs, then all others
 * @note: (transfer full): one more; it comes after all others of its kind
 */
void gc_notes_add(GPtrArray *notes, GcNote *note);

/* Returns: (transfer full) (element-type GcNote): an array that owns notes */
GPtrArray *gc_notes_new(void);

/**
 * gc_notes_parse:
 * @notes: (element-type GcNote): where the notes are appended
 * @data: (array length=size): a run of notes
 * @size: in bytes
 * @big_endian: byte order of their headers
 * @error: (out) (optional): return location
 *
 * Errors: GC_ERROR_FORMAT if a note runs over the end
 */
bool gc_notes_parse(GPtrArray *notes, const uint8_t *data, size_t size,
                    bool big_endian, GError **error);

/**
 * gc_notes_serialize:
 * @notes: (element-type GcNote): the notes
 * @big_endian: byte order wanted for their headers
 * @ret_vmcoreinfo: (out): where the descriptor of the VMCOREINFO note begins
 *     in the result, in bytes; 0 if there is none
 *
 * Returns: (transfer full): the bytes of all notes
 */
GByteArray *gc_notes_serialize(GPtrArray *notes, bool big_endian,
                               size_t *ret_vmcoreinfo);
