/* SPDX-License-Identifier: MIT */
#include "hw/fdt_writer.h"

#include <libfdt.h>
#include <stdarg.h>
#include <string.h>

#include "base/byteorder.h"
#include "base/error.h"

#define FIRST_SIZE 4096
#define MAX_SIZE (2 * 1024 * 1024) /* what firmware reserves for a tree */

struct GcFdt {
    void *data;
    int size;
    int failure; /* libfdt's first, or 0 */
    char *where; /* what was being written then */
};

/* Makes room after libfdt had none.  Returns whether to try again. */
static bool grow(GcFdt *fdt, int result)
{
    int size = fdt->size * 2;
    void *data;

    if (result != -FDT_ERR_NOSPACE || size > MAX_SIZE) {
        return false;
    }
    data = g_malloc0((size_t)size);
    if (fdt_resize(fdt->data, data, size) != 0) {
        g_free(data);
        return false;
    }
    g_free(fdt->data);
    fdt->data = data;
    fdt->size = size;
    return true;
}

static void note_failure(GcFdt *fdt, int result, const char *where)
{
    if (result != 0 && fdt->failure == 0) {
        fdt->failure = result;
        fdt->where = g_strdup(where);
    }
}

static void begin_node(GcFdt *fdt, const char *name)
{
    int result;

    do {
        result = fdt_begin_node(fdt->data, name);
    } while (grow(fdt, result));
    note_failure(fdt, result, name);
}

static void add_bytes(GcFdt *fdt, const char *name, const void *data,
                      size_t size)
{
    int result;

    if (size > MAX_SIZE) {
        note_failure(fdt, -FDT_ERR_NOSPACE, name);
        return;
    }
    do {
        result = fdt_property(fdt->data, name, data, (int)size);
    } while (grow(fdt, result));
    note_failure(fdt, result, name);
}

GcFdt *gc_fdt_new(void)
{
    GcFdt *fdt = g_new0(GcFdt, 1);

    fdt->size = FIRST_SIZE;
    fdt->data = g_malloc0(FIRST_SIZE);
    note_failure(fdt, fdt_create(fdt->data, FIRST_SIZE), "header");
    note_failure(fdt, fdt_finish_reservemap(fdt->data), "reserve map");
    begin_node(fdt, "");
    return fdt;
}

void gc_fdt_free(GcFdt *fdt)
{
    if (fdt != NULL) {
        g_free(fdt->data);
        g_free(fdt->where);
        g_free(fdt);
    }
}

void gc_fdt_begin_node(GcFdt *fdt, const char *format, ...)
{
    g_autofree char *name = NULL;
    va_list args;

    va_start(args, format);
    name = g_strdup_vprintf(format, args);
    va_end(args);
    begin_node(fdt, name);
}

void gc_fdt_end_node(GcFdt *fdt)
{
    int result;

    do {
        result = fdt_end_node(fdt->data);
    } while (grow(fdt, result));
    note_failure(fdt, result, "end of a node");
}

void gc_fdt_add_empty(GcFdt *fdt, const char *name)
{
    add_bytes(fdt, name, NULL, 0);
}

void gc_fdt_add_u32(GcFdt *fdt, const char *name, uint32_t value)
{
    uint8_t cell[sizeof(value)];

    gc_put_uint(cell, sizeof(cell), true, value);
    add_bytes(fdt, name, cell, sizeof(cell));
}

void gc_fdt_add_string(GcFdt *fdt, const char *name, const char *value)
{
    add_bytes(fdt, name, value, strlen(value) + 1);
}

void gc_fdt_add_strings(GcFdt *fdt, const char *name, const char *const *values)
{
    g_autoptr(GByteArray) list = g_byte_array_new();

    for (size_t i = 0; values[i] != NULL; i++) {
        g_byte_array_append(list, (const guint8 *)values[i],
                            (guint)strlen(values[i]) + 1);
    }
    add_bytes(fdt, name, list->data, list->len);
}

void gc_fdt_add_reg(GcFdt *fdt, GcPaddr start, uint64_t size)
{
    uint8_t cells[2 * sizeof(uint64_t)];

    gc_put_uint(cells, 8, true, start);
    gc_put_uint(cells + 8, 8, true, size);
    add_bytes(fdt, "reg", cells, sizeof(cells));
}

static int finish(GcFdt *fdt)
{
    int result;

    do {
        result = fdt_finish(fdt->data);
    } while (grow(fdt, result));
    return result;
}

GBytes *gc_fdt_finish(GcFdt *fdt, GError **error)
{
    gc_fdt_end_node(fdt);
    note_failure(fdt, finish(fdt), "end of the tree");
    if (fdt->failure != 0) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID, "device tree: %s: %s",
                    fdt->where, fdt_strerror(fdt->failure));
        return NULL;
    }
    return g_bytes_new(fdt->data, fdt_totalsize(fdt->data));
}
