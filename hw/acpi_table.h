/* SPDX-License-Identifier: MIT */
/* The frame of an ACPI table: a header of 36 bytes with length and checksum,
 * then fields, written front to back.  ACPI 6.5, chapter 5.2.6. */
#pragma once

#include "guestcore/types.h"

/* Begins a table; @signature has four characters. */
GByteArray *gc_acpi_table_new(const char *signature, uint8_t revision);

/* Adds an integer of 1 to 8 bytes, or zeros up to a place in the table. */
void gc_acpi_table_put(GByteArray *table, size_t width, uint64_t value);
void gc_acpi_table_pad(GByteArray *table, size_t end);

/* Adds the address of a register of one byte among the I/O ports. */
void gc_acpi_table_put_port(GByteArray *table, uint16_t port);

/* Fills in length and checksum; consumes @table. */
GBytes *gc_acpi_table_finish(GByteArray *table);

/* The byte that makes the sum of all of them 0, where there was a 0. */
uint8_t gc_acpi_get_checksum(const uint8_t *data, size_t size);

/* Who made the tables. */
#define GC_ACPI_OEM_ID "GSTCOR"
