/* SPDX-License-Identifier: MIT */
#include "base/error.h"

#include <stdarg.h>

G_DEFINE_QUARK(gc - error - quark, gc_error)

void gc_set_error_errno(GError **error, int saved_errno, const char *format,
                        ...)
{
    g_autofree char *what = NULL;
    va_list args;

    va_start(args, format);
    what = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, GC_ERROR, GC_ERROR_IO, "%s: %s", what,
                g_strerror(saved_errno));
}
