/* SPDX-License-Identifier: MIT */
#include "system/monitor/hmp.h"

#include <errno.h>
#include <string.h>

#include "system/monitor/qmp.h"

#define SPACES " \t\n\v\f\r"

static const char *skip_spaces(const char *at)
{
    return at + strspn(at, SPACES);
}

/* Takes the first @length bytes, and the spaces behind them. */
static char *take(const char **rest, size_t length)
{
    char *taken = g_strndup(*rest, length);

    *rest = skip_spaces(*rest + length);
    return taken;
}

char *gc_hmp_take_word(GcHmpCall *call)
{
    size_t length = strcspn(call->rest, SPACES);

    return length > 0 ? take(&call->rest, length) : NULL;
}

/* What @escaped, the character after a backslash, stands for; 0 if that is
 * nothing. */
static char unescape(char escaped)
{
    switch (escaped) {
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case '\\':
    case '\'':
    case '"':
        return escaped;
    default:
        return '\0';
    }
}

static char printable(char c)
{
    return g_ascii_isprint(c) ? c : '?';
}

/* The rest begins with a quote. */
static char *take_quoted(GcHmpCall *call)
{
    g_autoptr(GString) text = g_string_new(NULL);
    const char *at;

    for (at = call->rest + 1; *at != '"' && *at != '\0'; at++) {
        char c = *at;

        if (c == '\\' && at[1] != '\0') {
            c = unescape(*++at);
            if (c == '\0') {
                g_string_append_printf(call->out,
                                       "unsupported escape code: '\\%c'\n",
                                       printable(*at));
                return NULL;
            }
        }
        g_string_append_c(text, c);
    }
    if (*at == '\0') {
        g_string_append(call->out, "unterminated string\n");
        return NULL;
    }
    call->rest = skip_spaces(at + 1);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

char *gc_hmp_take_string(GcHmpCall *call)
{
    return call->rest[0] == '"' ? take_quoted(call) : gc_hmp_take_word(call);
}

bool gc_hmp_take_number(GcHmpCall *call, uint64_t *ret_value)
{
    g_autofree char *word = gc_hmp_take_word(call);
    char *end = NULL;
    uint64_t value;

    if (word == NULL) {
        g_string_append(call->out, "unexpected end of expression\n");
        return false;
    }
    if (!g_ascii_isdigit(word[0])) {
        g_string_append_printf(call->out, "invalid char '%c' in expression\n",
                               printable(word[0]));
        return false;
    }
    errno = 0;
    value = g_ascii_strtoull(word, &end, 0);
    if (errno != 0 || *end != '\0') {
        g_string_append(call->out,
                        errno != 0 ? "number too large\n" : "invalid number\n");
        return false;
    }
    *ret_value = value;
    return true;
}

bool gc_hmp_take_end(GcHmpCall *call, const char *name)
{
    if (call->rest[0] == '\0') {
        return true;
    }
    g_string_append_printf(
        call->out, "%s: extraneous characters at the end of line\n", name);
    return false;
}

/* Takes a word of a command's name: a format behind it, after a slash, is a
 * word of its own. */
static char *take_name(const char **rest)
{
    return take(rest, strcspn(*rest, SPACES "/"));
}

/* Takes the name of a command, one word or two. */
static const GcHmpCommand *take_command(const char **rest)
{
    const char *after_two;
    g_autofree char *one = take_name(rest);
    g_autofree char *second = NULL;
    g_autofree char *two = NULL;

    after_two = *rest;
    second = take_name(&after_two);
    two = g_strdup_printf("%s %s", one, second);
    for (size_t i = 0; gc_hmp_groups[i] != NULL; i++) {
        for (const GcHmpCommand *at = gc_hmp_groups[i]->commands;
             at->name != NULL; at++) {
            if (strcmp(at->name, one) == 0) {
                return at;
            }
            if (strcmp(at->name, two) == 0) {
                *rest = after_two;
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

/* "help" and "info" list commands: whether @line, without spaces before it,
 * is one of these. */
static bool list(const char *line, GString *out)
{
    GcHmpCall call = {.rest = line};
    g_autofree char *name = gc_hmp_take_word(&call);
    g_autofree char *of = gc_hmp_take_word(&call);

    if (strcmp(name, "help") == 0) {
        list_commands(out, of != NULL ? of : "");
        return true;
    }
    if (strcmp(name, "info") == 0 && of == NULL) {
        list_commands(out, "info ");
        return true;
    }
    return false;
}

static void execute(GcVm *vm, GcQmpCall *monitor, const char *line,
                    GString *out)
{
    GcHmpCall call = {vm, monitor, line, out};
    const GcHmpCommand *command;

    if (line[0] == '\0' || list(line, out)) {
        return;
    }
    command = take_command(&call.rest);
    if (command == NULL) {
        g_string_append_printf(out, "unknown command: '%.80s'\n", line);
        return;
    }
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
    GString *out = g_string_new(NULL);

    execute(vm, monitor, skip_spaces(line), out);
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
