/* SPDX-License-Identifier: MIT */
#include "system/options/options.h"

#include <string.h>

#include "guestcore/error.h"

#include "hw/machine/machine.h"

/* Where the help of an option begins. */
#define HELP_COLUMN 28

const char *gc_options_find_target(const char *program, GError **error)
{
    const char *dash = strrchr(program, '-');
    const char *wanted = dash != NULL ? dash + 1 : program;

    for (size_t i = 0; gc_machine_types[i] != NULL; i++) {
        const char *const *targets = gc_machine_types[i]->targets;

        for (size_t j = 0; targets[j] != NULL; j++) {
            if (strcmp(targets[j], wanted) == 0) {
                return targets[j];
            }
        }
    }
    g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                "the program's name must end in a dash and a target, such as "
                "-x86_64; '%s' is none",
                wanted);
    return NULL;
}

/* The option that @word is, with one dash or two; NULL if it is none. */
static const GcOption *find_option(const char *word)
{
    const char *name = word + (g_str_has_prefix(word, "--") ? 2 : 1);

    if (word[0] != '-') {
        return NULL;
    }
    for (const GcOption *option = gc_options; option->name != NULL; option++) {
        if (strcmp(option->name, name) == 0) {
            return option;
        }
    }
    return NULL;
}

static bool apply_word(GcConfig *config, const char *word, const char *value,
                       GError **error)
{
    const GcOption *option = find_option(word);

    if (option == NULL) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID, "%s: invalid option",
                    word);
        return false;
    }
    if (option->argument == NULL) {
        return option->apply(config, NULL, error);
    }
    if (value == NULL) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID, "%s: requires a value",
                    word);
        return false;
    }
    if (!option->apply(config, value, error)) {
        g_prefix_error(error, "%s %s: ", word, value);
        return false;
    }
    return true;
}

/* What no single option can see. */
static bool check_config(const GcConfig *config, GError **error)
{
    if (config->kernel == NULL &&
        (config->initrd != NULL || config->cmdline != NULL)) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "%s is only allowed with -kernel",
                    config->initrd != NULL ? "-initrd" : "-append");
        return false;
    }
    if (config->panic_dump.path != NULL &&
        !g_ptr_array_find_with_equal_func(config->devices, "pvpanic",
                                          g_str_equal, NULL)) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "-dump-on-panic needs -device pvpanic, by which the guest "
                    "says that it has panicked");
        return false;
    }
    if (config->daemonize && config->exit_with_parent) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "-daemonize leaves the parent that -run-with "
                    "exit-with-parent=on waits for");
        return false;
    }
    return true;
}

GcConfig *gc_options_parse(int argc, char *const *argv, GError **error)
{
    g_autofree char *program = g_path_get_basename(argv[0]);
    const char *target = gc_options_find_target(program, error);
    g_autoptr(GcConfig) config = NULL;

    if (target == NULL) {
        return NULL;
    }
    config = gc_config_new(target);
    for (int i = 1; i < argc && config->message == NULL; i++) {
        const GcOption *option = find_option(argv[i]);
        bool has_value = option != NULL && option->argument != NULL;

        if (!apply_word(config, argv[i], i + 1 < argc ? argv[i + 1] : NULL,
                        error)) {
            return NULL;
        }
        i += has_value;
    }
    if (config->message == NULL && !check_config(config, error)) {
        return NULL;
    }
    if (config->panic_dump.path != NULL && !config->has_panic_action) {
        config->actions.panic = GC_PANIC_DUMP;
    }
    return g_steal_pointer(&config);
}

char *gc_options_dup_help(void)
{
    GString *help = g_string_new(NULL);

    g_string_append_printf(help, "usage: %s [option…]\n\n", g_get_prgname());
    for (const GcOption *option = gc_options; option->name != NULL; option++) {
        g_autofree char *head =
            g_strdup_printf("-%s %s", option->name,
                            option->argument != NULL ? option->argument : "");
        g_auto(GStrv) lines = g_strsplit(option->help, "\n", -1);
        int column = HELP_COLUMN;

        if (strlen(head) >= HELP_COLUMN) {
            g_string_append_printf(help, "%s\n", head);
            head[0] = '\0';
        }
        g_string_append_printf(help, "%-*s%s\n", column, head, lines[0]);
        for (size_t i = 1; lines[i] != NULL; i++) {
            g_string_append_printf(help, "%*s%s\n", column, "", lines[i]);
        }
    }
    return g_string_free(help, FALSE);
}
