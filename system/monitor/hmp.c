/* SPDX-License-Identifier: MIT */
#include "system/monitor/hmp.h"

#include <errno.h>
#include <string.h>

#include "system/monitor/qmp.h"

/* No command takes more, with its name. */
#define MAX_WORDS 12

bool gc_hmp_get_number(GcHmpCall *call, const char *text, uint64_t *ret_value)
{
    char *end = NULL;
    uint64_t value;

    if (text == NULL) {
        g_string_append(call->out, "unexpected end of expression\n");
        return false;
    }
    if (!g_ascii_isdigit(text[0])) {
        g_string_append_printf(call->out, "invalid char '%c' in expression\n",
                               g_ascii_isprint(text[0]) ? text[0] : '?');
        return false;
    }
    errno = 0;
    value = g_ascii_strtoull(text, &end, 0);
    if (errno != 0 || *end != '\0') {
        g_string_append(call->out,
                        errno != 0 ? "number too large\n" : "invalid number\n");
        return false;
    }
    *ret_value = value;
    return true;
}

/* Splits @line at spaces; a format behind the command's name, after a slash,
 * is a word of its own. */
static char **split_line(const char *line)
{
    g_auto(GStrv) parts = g_strsplit(line, " ", -1);
    g_autoptr(GPtrArray) words = g_ptr_array_new();

    for (size_t i = 0; parts[i] != NULL && words->len < MAX_WORDS; i++) {
        char *slash = words->len == 0 ? strchr(parts[i], '/') : NULL;

        if (slash != NULL && slash != parts[i]) {
            g_ptr_array_add(words, g_strndup(parts[i], slash - parts[i]));
            g_ptr_array_add(words, g_strdup(slash));
        } else if (parts[i][0] != '\0') {
            g_ptr_array_add(words, g_strdup(parts[i]));
        }
    }
    g_ptr_array_add(words, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&words), FALSE);
}

/* How many of @words are the name of @command; 0 if it is another. */
static size_t match_name(const GcHmpCommand *command, char *const *words)
{
    g_autofree char *two = NULL;

    if (strcmp(command->name, words[0]) == 0) {
        return 1;
    }
    if (words[1] == NULL) {
        return 0;
    }
    two = g_strdup_printf("%s %s", words[0], words[1]);
    return strcmp(command->name, two) == 0 ? 2 : 0;
}

static const GcHmpCommand *find_command(char *const *words,
                                        size_t *ret_name_words)
{
    for (size_t i = 0; gc_hmp_groups[i] != NULL; i++) {
        for (const GcHmpCommand *at = gc_hmp_groups[i]->commands;
             at->name != NULL; at++) {
            *ret_name_words = match_name(at, words);
            if (*ret_name_words > 0) {
                return at;
            }
        }
    }
    return NULL;
}

static void list_commands(GString *out, const char *prefix)
{
    for (size_t i = 0; gc_hmp_groups[i] != NULL; i++) {
        for (const GcHmpCommand *at = gc_hmp_groups[i]->commands;
             at->name != NULL; at++) {
            if (g_str_has_prefix(at->name, prefix)) {
                g_string_append_printf(out, "%s %s -- %s\n", at->name, at->args,
                                       at->help);
            }
        }
    }
}

static void execute(GcVm *vm, GcQmpCall *monitor, const char *line,
                    char **words, GString *out)
{
    GcHmpCall call = {vm, monitor, NULL, out};
    size_t name_words;
    const GcHmpCommand *command;

    if (words[0] == NULL) {
        return;
    }
    if (strcmp(words[0], "help") == 0) {
        list_commands(out, words[1] != NULL ? words[1] : "");
        return;
    }
    if (strcmp(words[0], "info") == 0 && words[1] == NULL) {
        list_commands(out, "info ");
        return;
    }
    command = find_command(words, &name_words);
    if (command == NULL) {
        g_string_append_printf(out, "unknown command: '%.80s'\n", line);
        return;
    }
    call.args = words + name_words;
    if (!command->run(&call)) {
        g_string_append_printf(out, "Try \"help %s\" for more information\n",
                               command->name);
    }
}

void gc_hmp_run_qmp(GcHmpCall *call, const char *name, JsonObject *arguments)
{
    const GcQmpCommand *command = gc_qmp_find_command(name);
    g_autoptr(JsonBuilder) reply = json_builder_new();
    g_autoptr(GError) error = NULL;
    GcQmpCall qmp = {
        .vm = call->vm,
        .session = call->monitor != NULL ? call->monitor->session : NULL,
        .arguments = arguments,
        .reply = reply,
    };

    g_assert(command != NULL);
    if (!command->run(&qmp, &error)) {
        g_string_append_printf(call->out, "Error: %s\n", error->message);
    } else if (qmp.later != NULL) {
        gc_qmp_later_set_text(qmp.later);
        call->monitor->later = qmp.later;
    }
}

char *gc_hmp_execute(GcVm *vm, GcQmpCall *monitor, const char *line)
{
    g_auto(GStrv) words = split_line(line);
    GString *out = g_string_new(NULL);

    execute(vm, monitor, line, words, out);
    g_string_replace(out, "\n", "\r\n", 0);
    return g_string_free(out, FALSE);
}

static bool run_human_monitor_command(GcQmpCall *call,
                                      GError **error G_GNUC_UNUSED)
{
    const char *line = gc_qmp_get_string(call, "command-line");
    g_autofree char *text = gc_hmp_execute(call->vm, call, line);

    if (call->later == NULL) {
        call->value = json_node_init_string(json_node_alloc(), text);
    }
    return true;
}

static const GcQmpParam params[] = {
    {"command-line", GC_QMP_STRING, true},
    {"cpu-index", GC_QMP_INTEGER, false},
    {NULL, GC_QMP_STRING, false},
};

static const GcQmpCommand commands[] = {
    {"human-monitor-command", params, run_human_monitor_command},
    {NULL, NULL, NULL},
};

extern const GcQmpGroup gc_qmp_hmp;

const GcQmpGroup gc_qmp_hmp = {commands};
