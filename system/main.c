/* SPDX-License-Identifier: MIT */
/* guestcore-system-TARGET: the one place that prints and exits. */
#include <stdio.h>
#include <stdlib.h>

#include "system/options/options.h"
#include "system/program.h"

static int fail(const GError *error)
{
    g_printerr("%s: %s\n", g_get_prgname(), error->message);
    return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    g_autofree char *name = g_path_get_basename(argc > 0 ? argv[0] : "");
    g_autoptr(GcConfig) config = NULL;
    g_autoptr(GError) error = NULL;

    g_set_prgname(name);
    config = gc_options_parse(argc, argv, &error);
    if (config == NULL) {
        return fail(error);
    }
    if (config->message != NULL) {
        return fputs(config->message, stdout) < 0 || fflush(stdout) != 0
                   ? EXIT_FAILURE
                   : EXIT_SUCCESS;
    }
    if (!gc_program_run(config, &error)) {
        return fail(error);
    }
    return EXIT_SUCCESS;
}
