/* SPDX-License-Identifier: MIT */
/* The options that say what follows when the guest ends in some way. */
#include <string.h>

#include "guestcore/error.h"
#include "guestcore/filter.h"

#include "base/output.h"
#include "dump/output_format.h"
#include "system/options/option_apply.h"

bool gc_option_apply_action(GcConfig *config, const char *value, GError **error)
{
    g_autoptr(GcKeyval) keyval = gc_keyval_new(value, NULL, error);

    if (keyval == NULL) {
        return false;
    }
    for (size_t i = 0; gc_action_events[i] != NULL; i++) {
        const char *event = gc_action_events[i];
        const char *action = gc_keyval_get(keyval, event);

        if (action == NULL) {
            continue;
        }
        if (!gc_actions_set(&config->actions, event, action, error)) {
            return false;
        }
        config->has_panic_action |= strcmp(event, "panic") == 0;
    }
    return gc_keyval_finish(keyval, error);
}

static bool read_level(GcKeyval *keyval, unsigned *ret_level, GError **error)
{
    const char *text = gc_keyval_get(keyval, "level");
    guint64 level;

    if (text == NULL) {
        return true;
    }
    if (!g_ascii_string_to_unsigned(text, 10, 0, GC_DUMP_LEVEL_MAX, &level,
                                    NULL)) {
        return gc_option_refuse(text, "a number from 0 to 31", error);
    }
    *ret_level = (unsigned)level;
    return true;
}

static bool read_then(GcKeyval *keyval, GcConfigThen *ret_then, GError **error)
{
    static const char *const names[] = {"pause", "shutdown", "reset"};
    const char *text = gc_keyval_get(keyval, "then");

    for (size_t i = 0; text != NULL && i < G_N_ELEMENTS(names); i++) {
        if (strcmp(text, names[i]) == 0) {
            *ret_then = (GcConfigThen)i;
            return true;
        }
    }
    return text == NULL ||
           gc_option_refuse(text, "pause, shutdown or reset", error);
}

/* That a file cannot be made there is better known before the panic. */
static bool check_path(const char *path, GError **error)
{
    g_autoptr(GcOutput) output = gc_output_new(path, error);

    return output != NULL;
}

bool gc_option_apply_dump_on_panic(GcConfig *config, const char *value,
                                   GError **error)
{
    g_autoptr(GcKeyval) keyval = gc_keyval_new(value, "file", error);
    const char *path =
        keyval != NULL ? gc_keyval_need(keyval, "file", error) : NULL;
    const char *format = path != NULL ? gc_keyval_get(keyval, "format") : NULL;
    GcConfigPanicDump dump = {0};
    GcOutputFormat found;

    if (path == NULL) {
        return false;
    }
    format = format != NULL ? format : "elf";
    if (!gc_output_format_find(format, &found, error) ||
        !read_level(keyval, &dump.level, error) ||
        !read_then(keyval, &dump.then, error) ||
        !gc_keyval_finish(keyval, error) || !check_path(path, error)) {
        return false;
    }
    g_free(config->panic_dump.path);
    g_free(config->panic_dump.format);
    /* The program may have another directory by then. */
    dump.path = g_canonicalize_filename(path, NULL);
    dump.format = g_strdup(format);
    config->panic_dump = dump;
    return true;
}
