/* SPDX-License-Identifier: MIT */
/* Writing AML, the code in which ACPI describes devices, front to back.
 *
 * What is written is what QEMU and Linux know: scopes, devices, names,
 * resources, and methods that do no more than tell of events.  The
 * specification is ACPI 6.5, chapters 6.4 and 20. */
#pragma once

#include "guestcore/types.h"

typedef struct GcAml GcAml;

/* Code without anything in it. */
GcAml *gc_aml_new(void);
void gc_aml_free(GcAml *aml);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcAml, gc_aml_free)

/* Opens something in what is open, and closes what was opened last.  A name
 * has four characters; a path is one, or a backslash before one. */
void gc_aml_begin_scope(GcAml *aml, const char *path);
void gc_aml_begin_device(GcAml *aml, const char *name);
/* A method of 0 to 7 arguments; and in one, what it does if an argument, from
 * 0 on, has that value. */
void gc_aml_begin_method(GcAml *aml, const char *name, unsigned n_arguments);
void gc_aml_begin_if_argument(GcAml *aml, unsigned argument, uint32_t value);
void gc_aml_begin_resources(GcAml *aml); /* the device's _CRS */
void gc_aml_end(GcAml *aml);

/* Names with values, in a scope or a device. */
void gc_aml_add_string(GcAml *aml, const char *path, const char *value);
void gc_aml_add_integer(GcAml *aml, const char *path, uint32_t value);
/* A package of integers. */
void gc_aml_add_package(GcAml *aml, const char *path, const uint32_t *values,
                        size_t n);
/* An id of seven characters, "PNP0501", as the number that it stands for. */
void gc_aml_add_eisa_id(GcAml *aml, const char *path, const char *id);

/* In a method: tells the driver of a device, which @path finds from there
 * outwards, of an event. */
void gc_aml_add_notify(GcAml *aml, const char *path, uint32_t value);

/* Resources: I/O ports, and an edge-triggered interrupt of its own. */
void gc_aml_add_ports(GcAml *aml, uint16_t first, uint8_t n);
void gc_aml_add_interrupt(GcAml *aml, uint32_t gsi);

/**
 * gc_aml_finish:
 * @aml: code in which nothing is open
 *
 * Returns: (transfer full): its bytes
 */
GBytes *gc_aml_finish(const GcAml *aml);
