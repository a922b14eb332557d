/* SPDX-License-Identifier: MIT */
#include "dump/output_format.h"

#include <string.h>

#include "guestcore/dump.h"

#include "base/error.h"

typedef bool (*VisitFunc)(const char *name, GcOutputFormat format,
                          void *opaque);

/* Calls @visit for a format with each codec, until it says so. */
static bool visit_codecs(const GcFormat *format, bool is_flattened,
                         VisitFunc visit, void *opaque)
{
    for (const GcCodec *const *codec = gc_codecs; *codec != NULL; codec++) {
        g_autofree char *name =
            g_strdup_printf("%s%s-%s", format->name, is_flattened ? "" : "-raw",
                            (*codec)->name);

        if (visit(name, (GcOutputFormat){format, *codec, is_flattened},
                  opaque)) {
            return true;
        }
    }
    return false;
}

/* Calls @visit for every format that can be written, until it says so. */
static bool visit_formats(VisitFunc visit, void *opaque)
{
    for (const GcFormat *const *item = gc_formats; *item != NULL; item++) {
        const GcFormat *format = *item;
        bool stop = format->has_codec
                        ? visit_codecs(format, true, visit, opaque) ||
                              visit_codecs(format, false, visit, opaque)
                        : visit(format->name,
                                (GcOutputFormat){format, NULL, false}, opaque);

        if (stop) {
            return true;
        }
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

char **gc_dump_get_codecs(void)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();

    for (const GcCodec *const *codec = gc_codecs; *codec != NULL; codec++) {
        g_strv_builder_add(names, (*codec)->name);
    }
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

bool gc_output_format_check_level(const GcOutputFormat *format, int level,
                                  GError **error)
{
    const GcCodec *codec = format->codec;

    if (codec == NULL || level < codec->min_level || level > codec->max_level) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "%s has levels from %d to %d, but not %d",
                    codec != NULL ? codec->name : format->format->name,
                    codec != NULL ? codec->min_level : 0,
                    codec != NULL ? codec->max_level : 0, level);
        return false;
    }
    return true;
}
