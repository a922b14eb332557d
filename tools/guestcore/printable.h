/* SPDX-License-Identifier: MIT */
/* What a guest says, and must not do anything to a terminal. */
#pragma once

#include <glib.h>

/* Returns: (transfer full): @text with all that is not printable ASCII as
 * \xNN */
char *printable(const char *text);

/* Appends a byte in that way; a tab stays one. */
void printable_append(GString *text, char c);
