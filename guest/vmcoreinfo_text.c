/* SPDX-License-Identifier: MIT */
#include "guest/vmcoreinfo_text.h"

#include <string.h>

#include "base/error.h"

struct GcVmcoreinfoText {
    char *raw;
    GHashTable *values; /* key -> value; both own their string */
};

static void add_line(GcVmcoreinfoText *text, const char *line)
{
    const char *equals = strchr(line, '=');
    g_autofree char *key = NULL;

    if (equals == NULL) {
        return;
    }
    key = g_strndup(line, (gsize)(equals - line));
    if (!g_hash_table_contains(text->values, key)) {
        g_hash_table_insert(text->values, g_steal_pointer(&key),
                            g_strdup(equals + 1));
    }
}

GcVmcoreinfoText *gc_vmcoreinfo_text_new(const void *text, size_t size,
                                         GError **error)
{
    g_autoptr(GcVmcoreinfoText) parsed = g_new0(GcVmcoreinfoText, 1);
    g_auto(GStrv) lines = NULL;
    const char *release;

    /* An empty GBytes has no data at all. */
    parsed->raw = size > 0 ? g_strndup(text, size) : g_strdup("");
    parsed->values =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    lines = g_strsplit(parsed->raw, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        add_line(parsed, *line);
    }
    release = gc_vmcoreinfo_text_get_string(parsed, "OSRELEASE");
    if (release == NULL || release[0] == '\0') {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "VMCOREINFO of %zu bytes has no OSRELEASE", size);
        return NULL;
    }
    return g_steal_pointer(&parsed);
}

void gc_vmcoreinfo_text_free(GcVmcoreinfoText *text)
{
    if (text != NULL) {
        g_hash_table_unref(text->values);
        g_free(text->raw);
        g_free(text);
    }
}

const char *gc_vmcoreinfo_text_get_raw(const GcVmcoreinfoText *text)
{
    return text->raw;
}

const char *gc_vmcoreinfo_text_get_string(const GcVmcoreinfoText *text,
                                          const char *key)
{
    return g_hash_table_lookup(text->values, key);
}

static const char *lookup(const GcVmcoreinfoText *text, const char *kind,
                          const char *name)
{
    g_autofree char *key = g_strdup_printf("%s(%s)", kind, name);

    return gc_vmcoreinfo_text_get_string(text, key);
}

bool gc_vmcoreinfo_text_get_number(const GcVmcoreinfoText *text,
                                   const char *kind, const char *name,
                                   int64_t *ret_value)
{
    const char *value = lookup(text, kind, name);
    guint64 bits;

    if (value == NULL) {
        return false;
    }
    if (g_str_has_prefix(value, "0x")) {
        if (!g_ascii_string_to_unsigned(value + 2, 16, 0, UINT64_MAX, &bits,
                                        NULL)) {
            return false;
        }
        *ret_value = (int64_t)bits;
        return true;
    }
    return g_ascii_string_to_signed(value, 10, INT64_MIN, INT64_MAX, ret_value,
                                    NULL);
}

bool gc_vmcoreinfo_text_get_page_size(const GcVmcoreinfoText *text,
                                      uint64_t *ret_size)
{
    const char *value = gc_vmcoreinfo_text_get_string(text, "PAGESIZE");

    return value != NULL &&
           g_ascii_string_to_unsigned(value, 10, 0, UINT64_MAX, ret_size, NULL);
}

bool gc_vmcoreinfo_text_get_symbol(const GcVmcoreinfoText *text,
                                   const char *name, uint64_t *ret_address)
{
    const char *value = lookup(text, "SYMBOL", name);

    return value != NULL && g_ascii_string_to_unsigned(value, 16, 0, UINT64_MAX,
                                                       ret_address, NULL);
}
