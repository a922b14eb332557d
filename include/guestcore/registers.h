/* SPDX-License-Identifier: MIT */
/* The registers of a CPU, by name, and the notes that are made of them.
 *
 * A VMM sets what it has; what it does not set is zero:
 *
 *   GcRegisters *registers = gc_registers_new("x86_64", &error);
 *
 *   gc_registers_set(registers, "rip", regs.rip, NULL);
 *   gc_registers_set(registers, "cr3", sregs.cr3, NULL);
 *   ...
 *   gc_guest_add_cpu(guest, registers, &error);
 *
 * The names are those of the architecture's manual; docs/registers.md and
 * gc_registers_get_names() list them. */
#pragma once

#include "guestcore/guest.h"

G_BEGIN_DECLS

typedef struct GcRegisters GcRegisters;

/**
 * gc_registers_get_names:
 * @arch: an architecture, as gc_guest_new() takes it
 *
 * Returns: (transfer full) (array zero-terminated=1): the names of all its
 *     registers that a dump can hold, to be freed with g_strfreev(); empty
 *     if there is no such architecture
 * Threads: any thread
 */
GC_API char **gc_registers_get_names(const char *arch);

/**
 * gc_registers_new:
 * @arch: the architecture, as gc_guest_new() takes it
 * @error: (out) (optional): return location
 *
 * Returns: (transfer full): the registers of one CPU, all zero; or NULL
 * Errors: GC_ERROR_UNSUPPORTED if the architecture is not known
 * Threads: any thread
 */
GC_API GcRegisters *gc_registers_new(const char *arch, GError **error);

/**
 * gc_registers_free:
 * @registers: (transfer full) (nullable): the registers
 *
 * Threads: owner thread
 */
GC_API void gc_registers_free(GcRegisters *registers);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcRegisters, gc_registers_free)

/**
 * gc_registers_set:
 * @registers: the registers
 * @name: of a register of up to 64 bits
 * @value: what it holds
 * @error: (out) (optional): return location
 *
 * Errors: GC_ERROR_INVALID if there is no such register or it is too narrow
 * Threads: owner thread
 */
GC_API bool gc_registers_set(GcRegisters *registers, const char *name,
                             uint64_t value, GError **error);

/**
 * gc_registers_set_bytes:
 * @registers: the registers
 * @name: of a register of any width
 * @bytes: (array length=size): what it holds, in the guest's byte order
 * @size: the width of the register, in bytes
 * @error: (out) (optional): return location
 *
 * Errors: GC_ERROR_INVALID if there is no such register, or it is not of
 *     that width
 * Threads: owner thread
 */
GC_API bool gc_registers_set_bytes(GcRegisters *registers, const char *name,
                                   const void *bytes, size_t size,
                                   GError **error);

/**
 * gc_registers_set_vector_length:
 * @registers: the registers of an aarch64 CPU that has SVE
 * @size: the width of its vectors in bytes: a multiple of 16, up to 256
 * @error: (out) (optional): return location
 *
 * Makes room for "z0" to "z31" of @size bytes, and for "p0" to "p15" and
 * "ffr" of @size / 8 bytes.  To be called once, before these are set.
 *
 * Errors: GC_ERROR_INVALID if there are no such vectors
 * Threads: owner thread
 */
GC_API bool gc_registers_set_vector_length(GcRegisters *registers,
                                           unsigned size, GError **error);

/**
 * gc_registers_get:
 * @registers: the registers
 * @name: of a register of up to 64 bits
 * @ret_value: (out): what it holds
 *
 * Returns: whether there is such a register
 * Threads: owner thread
 */
GC_API bool gc_registers_get(const GcRegisters *registers, const char *name,
                             uint64_t *ret_value);

/**
 * gc_guest_add_cpu:
 * @guest: the guest
 * @registers: (transfer none): the registers of its next CPU
 * @error: (out) (optional): return location
 *
 * Adds the notes of a CPU: NT_PRSTATUS, and each further one of which a
 * register was set that no other note has: floating point and vectors, and
 * on x86 the QEMU note with control registers and descriptor tables, without
 * which crash does not find a kernel that has no VMCOREINFO.
 *
 * Errors: GC_ERROR_INVALID if @registers are of another architecture
 * Threads: owner thread
 */
GC_API bool gc_guest_add_cpu(GcGuest *guest, const GcRegisters *registers,
                             GError **error);

/**
 * gc_guest_get_register:
 * @guest: the guest
 * @cpu: less than gc_guest_get_n_cpus()
 * @name: of a register of up to 64 bits
 * @ret_value: (out): what it held
 *
 * Returns: whether the notes tell
 * Threads: any thread
 */
GC_API bool gc_guest_get_register(const GcGuest *guest, unsigned cpu,
                                  const char *name, uint64_t *ret_value);

G_END_DECLS
