/* SPDX-License-Identifier: MIT */
#include "hw/acpi_table.h"

#include <string.h>

#include "base/byteorder.h"

#define LENGTH 4
#define CHECKSUM 9
#define OEM_TABLE_ID "GUESTCOR" /* 8 characters */
#define CREATOR_ID "GCOR"
#define VERSION 1

#define SPACE_IO 1
#define ACCESS_BYTE 1

static void put_text(GByteArray *table, const char *text)
{
    g_byte_array_append(table, (const uint8_t *)text, (guint)strlen(text));
}

GByteArray *gc_acpi_table_new(const char *signature, uint8_t revision)
{
    GByteArray *table = g_byte_array_new();

    put_text(table, signature);
    gc_acpi_table_put(table, 4, 0); /* length */
    gc_acpi_table_put(table, 1, revision);
    gc_acpi_table_put(table, 1, 0); /* checksum */
    put_text(table, GC_ACPI_OEM_ID);
    put_text(table, OEM_TABLE_ID);
    gc_acpi_table_put(table, 4, VERSION);
    put_text(table, CREATOR_ID);
    gc_acpi_table_put(table, 4, VERSION);
    return table;
}

void gc_acpi_table_put(GByteArray *table, size_t width, uint64_t value)
{
    uint8_t bytes[sizeof(value)];

    gc_put_uint(bytes, width, false, value);
    g_byte_array_append(table, bytes, (guint)width);
}

void gc_acpi_table_pad(GByteArray *table, size_t end)
{
    while (table->len < end) {
        gc_acpi_table_put(table, 1, 0);
    }
}

void gc_acpi_table_put_port(GByteArray *table, uint16_t port)
{
    gc_acpi_table_put(table, 1, SPACE_IO);
    gc_acpi_table_put(table, 1, 8); /* bits … */
    gc_acpi_table_put(table, 1, 0); /* … from bit 0 on */
    gc_acpi_table_put(table, 1, ACCESS_BYTE);
    gc_acpi_table_put(table, 8, port);
}

uint8_t gc_acpi_get_checksum(const uint8_t *data, size_t size)
{
    uint8_t sum = 0;

    for (size_t i = 0; i < size; i++) {
        sum = (uint8_t)(sum + data[i]);
    }
    return (uint8_t)-sum;
}

GBytes *gc_acpi_table_finish(GByteArray *table)
{
    gc_put_uint(table->data + LENGTH, 4, false, table->len);
    table->data[CHECKSUM] = gc_acpi_get_checksum(table->data, table->len);
    return g_byte_array_free_to_bytes(table);
}
