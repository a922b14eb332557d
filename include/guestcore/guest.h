/* SPDX-License-Identifier: MIT */
/* What a dump is a dump of: an architecture, memory, and the notes that tell
 * of CPUs and kernel.  It is built once, by attaching to a running guest or
 * by opening a dump, and then only read. */
#pragma once

#include "guestcore/error.h"
#include "guestcore/memory.h"

G_BEGIN_DECLS

typedef struct GcGuest GcGuest;

/**
 * gc_guest_new:
 * @arch: its architecture by the name that utsname has for it, "x86_64"
 * @memory: (transfer none): its memory; the guest keeps a reference
 * @error: (out) (optional): return location
 *
 * Returns: (transfer full): a guest without notes, or NULL
 * Errors: GC_ERROR_UNSUPPORTED if the architecture is not known
 * Threads: any thread
 */
GC_API GcGuest *gc_guest_new(const char *arch, GcMemory *memory,
                             GError **error);

/**
 * gc_guest_free:
 * @guest: (transfer full) (nullable): the guest
 *
 * Threads: owner thread
 */
GC_API void gc_guest_free(GcGuest *guest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcGuest, gc_guest_free)

/**
 * gc_guest_add_note:
 * @guest: the guest
 * @name: the note's name: "CORE" for the registers of a CPU (NT_PRSTATUS),
 *     "QEMU" for its system registers, "VMCOREINFO" for the kernel's note
 * @type: the note's type, as ELF has it
 * @desc: (transfer none): its descriptor, in the guest's byte order
 * @error: (out) (optional): return location
 *
 * Adds an ELF note.  Notes are written in the order in which they were added,
 * but those of CPUs first ("CORE" and "LINUX"), then those of "QEMU".
 * Errors: GC_ERROR_FORMAT if a VMCOREINFO note is not the text of a kernel,
 *     or is a second one; GC_ERROR_INVALID if a descriptor is too large.
 *     The note is then not added, and a dump can go on without it.
 * Threads: owner thread
 */
GC_API bool gc_guest_add_note(GcGuest *guest, const char *name, uint32_t type,
                              GBytes *desc, GError **error);

/**
 * gc_guest_load_note:
 * @guest: the guest; its memory must be complete
 * @paddr: where the guest says that its note begins
 * @size: how large it says it is, in bytes
 *
 * Adds the note that a guest announced, as through the vmcoreinfo device: an
 * ELF note in the guest's memory, of 12 bytes to 1 MiB, in its byte order.
 * It may have any name.  Only what its own header counts is taken.
 *
 * A guest may announce what it likes, so a note that is not usable is no
 * error: it is left out, and gc_guest_get_warnings() tells why.
 *
 * Returns: whether a note was added
 * Threads: owner thread
 */
GC_API bool gc_guest_load_note(GcGuest *guest, GcPaddr paddr, uint64_t size);

/**
 * gc_guest_find_vmcoreinfo:
 * @guest: the guest; its memory must be complete
 * @error: (out) (optional): return location
 *
 * For a guest that announced no VMCOREINFO: looks for the note in its
 * memory.  What was never used is not touched.  A kernel's note is taken if
 * it is the only one there, or the only one whose kernel can be read at the
 * place that it tells; a note that could not be verified like that is
 * mentioned in gc_guest_get_warnings().
 *
 * Returns: whether a note was added
 * Errors: GC_ERROR_NO_DATA if there is none; GC_ERROR_FORMAT if there are
 *     several, and no telling which is the running kernel's;
 *     GC_ERROR_INVALID if the guest has one already; what memory says
 * Threads: owner thread
 */
GC_API bool gc_guest_find_vmcoreinfo(GcGuest *guest, GError **error);

/**
 * gc_guest_get_warnings:
 * @guest: the guest
 *
 * Returns: (transfer none) (array zero-terminated=1): what the operator
 *     should know of this guest, such as why its note was left out, each a
 *     sentence; may be empty.  Valid until a note is added.
 * Threads: any thread
 */
GC_API const char *const *gc_guest_get_warnings(const GcGuest *guest);

/**
 * gc_guest_get_arches:
 *
 * Returns: (transfer full) (array zero-terminated=1): the names of all
 *     architectures of this build; to be freed with g_strfreev()
 * Threads: any thread
 */
GC_API char **gc_guest_get_arches(void);

/**
 * gc_guest_get_arch:
 * @guest: the guest
 *
 * Returns: (transfer none): the name of its architecture
 * Threads: any thread
 */
GC_API const char *gc_guest_get_arch(const GcGuest *guest);

/**
 * gc_guest_get_memory:
 * @guest: the guest
 *
 * Returns: (transfer none): its memory
 * Threads: any thread
 */
GC_API GcMemory *gc_guest_get_memory(const GcGuest *guest);

/**
 * gc_guest_get_n_cpus:
 * @guest: the guest
 *
 * Returns: the number of CPUs whose registers are among the notes
 * Threads: any thread
 */
GC_API unsigned gc_guest_get_n_cpus(const GcGuest *guest);

/**
 * gc_guest_get_n_notes:
 * @guest: the guest
 *
 * Returns: the number of its notes
 * Threads: any thread
 */
GC_API size_t gc_guest_get_n_notes(const GcGuest *guest);

/**
 * gc_guest_get_note:
 * @guest: the guest
 * @i: less than gc_guest_get_n_notes()
 * @ret_name: (out) (optional) (transfer none): its name; of a guest's note,
 *     anything without a byte of zero
 * @ret_type: (out) (optional): its type
 *
 * Returns: (transfer none): the descriptor of the @i-th note, in the order in
 *     which they are written; valid until a note is added
 * Threads: any thread
 */
GC_API GBytes *gc_guest_get_note(const GcGuest *guest, size_t i,
                                 const char **ret_name, uint32_t *ret_type);

/**
 * gc_guest_get_vmcoreinfo:
 * @guest: the guest
 *
 * Returns: (transfer none) (nullable): the text of its VMCOREINFO; NULL if
 *     there is none
 * Threads: any thread
 */
GC_API const char *gc_guest_get_vmcoreinfo(const GcGuest *guest);

/**
 * gc_guest_get_os_release:
 * @guest: the guest
 *
 * Returns: (transfer none) (nullable): the kernel's release, as in utsname;
 *     NULL without VMCOREINFO
 * Threads: any thread
 */
GC_API const char *gc_guest_get_os_release(const GcGuest *guest);

/**
 * gc_guest_get_page_size:
 * @guest: the guest
 *
 * Returns: the size of its pages in bytes: what its VMCOREINFO says if its
 *     architecture has such pages, else what the architecture usually has
 * Threads: any thread
 */
GC_API uint32_t gc_guest_get_page_size(const GcGuest *guest);

/**
 * gc_guest_get_phys_base:
 * @guest: the guest
 * @ret_base: (out): where its kernel sees memory begin, in the way of its
 *     architecture: phys_base on x86_64, which may be negative, PHYS_OFFSET
 *     on aarch64, phys_ram_base on riscv
 *
 * Returns: whether the guest's VMCOREINFO tells
 * Threads: any thread
 */
GC_API bool gc_guest_get_phys_base(const GcGuest *guest, int64_t *ret_base);

/**
 * gc_guest_read_virtual:
 * @guest: the guest
 * @vaddr: a virtual address of its kernel, in bytes
 * @buf: (out) (array length=len): where the bytes go
 * @len: how many
 * @error: (out) (optional): return location
 *
 * Copies memory as the guest's kernel sees it: through the page tables that
 * its VMCOREINFO names, or else those that a CPU uses.  Of an architecture
 * whose page tables are not known, only what lies in the kernel's image and
 * linear map can be read.
 *
 * The tables are the guest's, which may write there what it likes: a read
 * always ends, but need not make sense.
 *
 * Errors: GC_ERROR_NO_DATA if part of the range is not mapped, or is mapped
 *     to memory that is not there; GC_ERROR_UNSUPPORTED if neither VMCOREINFO
 *     nor a CPU tells how addresses are translated; what memory says.  @buf
 *     is then undefined.
 * Threads: any thread
 */
GC_API bool gc_guest_read_virtual(const GcGuest *guest, uint64_t vaddr,
                                  void *buf, size_t len, GError **error);

/**
 * gc_guest_get_symbol:
 * @guest: the guest
 * @name: of a symbol of its kernel, "init_uts_ns"
 * @ret_vaddr: (out): its virtual address
 *
 * Returns: whether the guest's VMCOREINFO tells, as it does of a few symbols
 * Threads: any thread
 */
GC_API bool gc_guest_get_symbol(const GcGuest *guest, const char *name,
                                uint64_t *ret_vaddr);

G_END_DECLS
