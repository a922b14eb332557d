/* SPDX-License-Identifier: MIT */
#include "printable.h"

void printable_append(GString *text, char c)
{
    if (g_ascii_isprint(c) || c == '\t') {
        g_string_append_c(text, c);
    } else {
        g_string_append_printf(text, "\\x%02x", (unsigned char)c);
    }
}

char *printable(const char *text)
{
    GString *result = g_string_new(NULL);

    for (; *text != '\0'; text++) {
        printable_append(result, *text);
    }
    return g_string_free(result, FALSE);
}
