/* SPDX-License-Identifier: MIT */
#include "guest/attach/mtree.h"

#include <string.h>

#include "base/error.h"

static void free_range(gpointer data)
{
    GcMtreeRange *range = data;

    g_free(range->kind);
    g_free(range->name);
    g_free(range);
}

/* Takes a hexadecimal number off the front of @at. */
static bool take_hex(const char **at, uint64_t *ret_value)
{
    char *end;

    if (!g_ascii_isxdigit(**at)) {
        return false;
    }
    *ret_value = g_ascii_strtoull(*at, &end, 16);
    *at = end;
    return true;
}

static bool take_text(const char **at, const char *text)
{
    if (!g_str_has_prefix(*at, text)) {
        return false;
    }
    *at += strlen(text);
    return true;
}

/* The region's name ends at "@OFFSET", at a flag such as "KVM", or at the
 * end of the line; it holds no spaces. */
static char *take_name(const char *at)
{
    return g_strndup(at, strcspn(at, " \r"));
}

/* "  START-END (prio N, KIND): NAME [@OFFSET]", with END the last byte. */
static GcMtreeRange *parse_range(const char *line)
{
    uint64_t start;
    uint64_t last;
    const char *at = line + strspn(line, " ");
    const char *kind_end;
    GcMtreeRange *range;

    if (!take_hex(&at, &start) || !take_text(&at, "-") ||
        !take_hex(&at, &last) || !take_text(&at, " (prio ") || last < start ||
        last - start == UINT64_MAX) {
        return NULL;
    }
    at = strstr(at, ", ");
    kind_end = at != NULL ? strstr(at, "): ") : NULL;
    if (kind_end == NULL) {
        return NULL;
    }
    range = g_new0(GcMtreeRange, 1);
    range->start = start;
    range->size = last - start + 1;
    range->kind = g_strndup(at + 2, (gsize)(kind_end - at - 2));
    range->name = take_name(kind_end + 3);
    return range;
}

/* The view that serves @address_space: from the line after the one that
 * names it. */
static char **find_view(char **lines, const char *address_space)
{
    g_autofree char *wanted = g_strdup_printf("AS \"%s\",", address_space);

    for (; *lines != NULL; lines++) {
        if (strstr(*lines, wanted) != NULL) {
            return lines + 1;
        }
    }
    return NULL;
}

static bool is_end_of_view(const char *line)
{
    return line[0] == '\0' || g_str_has_prefix(line, "FlatView");
}

GPtrArray *gc_mtree_parse(const char *text, GError **error)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    char **line;
    g_autoptr(GPtrArray) ranges = g_ptr_array_new_with_free_func(free_range);
    GcPaddr last = 0; /* byte of the range before */

    for (char **each = lines; *each != NULL; each++) {
        g_strchomp(*each);
    }
    line = find_view(lines, "memory");
    if (line == NULL) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "info mtree -f shows no address space \"memory\"");
        return NULL;
    }
    for (; *line != NULL && !is_end_of_view(*line); line++) {
        GcMtreeRange *range = parse_range(*line);

        if (range == NULL) {
            continue;
        }
        g_ptr_array_add(ranges, range);
        if (ranges->len > 1 && range->start <= last) {
            g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                        "info mtree -f: ranges out of order at \"%s\"", *line);
            return NULL;
        }
        last = range->start + (range->size - 1);
    }
    return g_steal_pointer(&ranges);
}
