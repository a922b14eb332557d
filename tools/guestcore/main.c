/* SPDX-License-Identifier: MIT */
/* guestcore: dumps of virtual machines, and what is in them.  Errors are
 * printed here and nowhere else. */
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guestcore/dump.h"

#include "command.h"

bool command_parse(int *argc, char ***argv, const char *usage,
                   const char *description, const GOptionEntry *entries,
                   GError **error)
{
    g_autoptr(GOptionContext) context = g_option_context_new(usage);

    g_option_context_set_summary(context, description);
    g_option_context_add_main_entries(context, entries, NULL);
    return g_option_context_parse(context, argc, argv, error);
}

bool command_print(const char *text, size_t len, GError **error)
{
    if (fwrite(text, 1, len, stdout) != len || fflush(stdout) != 0) {
        int saved_errno = errno;

        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(saved_errno),
                    "cannot write to standard output: %s",
                    g_strerror(saved_errno));
        return false;
    }
    return true;
}

bool command_parse_number(const char *option, const char *text,
                          uint64_t *ret_value, GError **error)
{
    uint64_t value;
    char *end;

    if (text == NULL) {
        return true;
    }
    value = g_ascii_strtoull(text, &end, 0);
    if (!g_ascii_isdigit(text[0]) || *end != '\0') {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "%s takes a number, not '%s'", option, text);
        return false;
    }
    *ret_value = value;
    return true;
}

static void print_help(void)
{
    printf("Usage: guestcore COMMAND [OPTION…]\n\n"
           "Kernel crash dumps of virtual machines.\n\nCommands:\n");
    for (const Command *const *command = commands; *command != NULL;
         command++) {
        printf("  %-8s %s\n", (*command)->name, (*command)->summary);
    }
    printf("\n'guestcore COMMAND --help' tells more; "
           "'guestcore --version' the version,\n"
           "and 'guestcore --list' which formats, codecs and architectures "
           "there are.\n");
}

static void print_names(const char *what, char **names)
{
    for (char **name = names; *name != NULL; name++) {
        printf("%s %s\n", what, *name);
    }
    g_strfreev(names);
}

/* What this build has, a line each, for scripts and tests. */
static void print_list(void)
{
    print_names("format", gc_dump_get_formats());
    print_names("codec", gc_dump_get_codecs());
    print_names("architecture", gc_guest_get_arches());
    for (const Command *const *command = commands; *command != NULL;
         command++) {
        printf("command %s\n", (*command)->name);
    }
}

static const Command *find_command(const char *name)
{
    for (const Command *const *command = commands; *command != NULL;
         command++) {
        if (strcmp((*command)->name, name) == 0) {
            return *command;
        }
    }
    return NULL;
}

static int run_command(const Command *command, int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *name = g_strdup_printf("guestcore %s", command->name);

    g_set_prgname(name);
    if (!command->run(argc, argv, &error)) {
        fprintf(stderr, "guestcore: %s\n", error->message);
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    const Command *command;

    setlocale(LC_ALL, "");
    /* A reader that goes away and a file that may not grow are errors of
     * write(), not the end of us. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    if (argc < 2) {
        fprintf(stderr, "guestcore: no command; see 'guestcore --help'\n");
        return EXIT_FAILURE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_help();
        return EXIT_SUCCESS;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("guestcore %s\n", GUESTCORE_VERSION);
        return EXIT_SUCCESS;
    }
    if (strcmp(argv[1], "--list") == 0) {
        print_list();
        return EXIT_SUCCESS;
    }
    command = find_command(argv[1]);
    if (command == NULL) {
        fprintf(stderr,
                "guestcore: there is no command %s; see 'guestcore --help'\n",
                argv[1]);
        return EXIT_FAILURE;
    }
    return run_command(command, argc - 1, argv + 1);
}
