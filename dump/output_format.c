/* SPDX-License-Identifier: MIT */
#include "dump/output_format.h"

#include <string.h>

#include "guestcore/dump.h"

#include "base/error.h"

/* Calls @visit for every format that can be written, until it says so. */
static bool visit_formats(bool (*visit)(const char *name, GcOutputFormat format,
                                        void *opaque),
                          void *opaque)
{
    static const GcCodec *const no_codec[] = {NULL};

    for (const GcFormat *const *format = gc_formats; *format != NULL;
         format++) {
        const GcCodec *const *codec =
            (*format)->has_codec ? gc_codecs : no_codec;

        do {
            g_autofree char *name =
                *codec == NULL
                    ? g_strdup((*format)->name)
                    : g_strdup_printf("%s-%s", (*format)->name, (*codec)->name);

            if (visit(name, (GcOutputFormat){*format, *codec}, opaque)) {
                return true;
            }
        } while (*codec != NULL && *++codec != NULL);
    }
    return false;
}

static bool collect(const char *name, GcOutputFormat format G_GNUC_UNUSED,
                    void *opaque)
{
    g_strv_builder_add(opaque, name);
    return false;
}

char **gc_dump_get_formats(void)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();

    visit_formats(collect, names);
    return g_strv_builder_end(names);
}

typedef struct Search {
    const char *name;
    GcOutputFormat found;
} Search;

static bool match(const char *name, GcOutputFormat format, void *opaque)
{
    Search *search = opaque;

    search->found = format;
    return strcmp(name, search->name) == 0;
}

bool gc_output_format_find(const char *name, GcOutputFormat *ret_format,
                           GError **error)
{
    Search search = {.name = name};

    if (!visit_formats(match, &search)) {
        g_auto(GStrv) names = gc_dump_get_formats();
        g_autofree char *list = g_strjoinv(", ", names);

        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "there is no format %s; there are %s", name, list);
        return false;
    }
    *ret_format = search.found;
    return true;
}
