/* SPDX-License-Identifier: MIT */
/* Dumps, as people ask for them: with flags for what QMP has arguments. */
#include <string.h>

#include "system/dump_task.h"
#include "system/monitor/hmp.h"

/* What was said of a dump. */
typedef struct Wanted {
    bool paging;
    bool detach;
    bool raw;
    const char *codec; /* or "win-dmp"; NULL for ELF */
    unsigned n_formats;
} Wanted;

static bool take_flag(Wanted *wanted, char flag)
{
    static const struct {
        char flag;
        const char *codec;
    } formats[] = {
        {'z', "zlib"}, {'l', "lzo"}, {'s', "snappy"}, {'w', "win-dmp"}};

    wanted->paging |= flag == 'p';
    wanted->detach |= flag == 'd';
    wanted->raw |= flag == 'R';
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        if (formats[i].flag == flag && wanted->codec != formats[i].codec) {
            wanted->codec = formats[i].codec;
            wanted->n_formats++;
        }
    }
    return strchr("pdRzlsw", flag) != NULL;
}

static bool take_flags(GcHmpCall *call, Wanted *wanted)
{
    while (call->rest[0] == '-') {
        g_autofree char *word = gc_hmp_take_word(call);

        if (strlen(word) != 2 || !take_flag(wanted, word[1])) {
            g_string_append_printf(
                call->out, "dump-guest-memory: unsupported option %s\n", word);
            return false;
        }
    }
    return true;
}

static char *make_format(const Wanted *wanted)
{
    if (wanted->codec == NULL || strcmp(wanted->codec, "win-dmp") == 0) {
        return g_strdup(wanted->codec != NULL ? wanted->codec : "elf");
    }
    return g_strdup_printf("kdump-%s%s", wanted->raw ? "raw-" : "",
                           wanted->codec);
}

/* Adds a number if anything follows; a word that is none is an error. */
static bool take_number(GcHmpCall *call, JsonObject *arguments,
                        const char *name)
{
    uint64_t value;

    if (call->rest[0] == '\0') {
        return true;
    }
    if (!gc_hmp_take_number(call, &value)) {
        return false;
    }
    json_object_set_int_member(arguments, name, (gint64)value);
    return true;
}

/* What QMP would be told, from the file's name on. */
static bool take_arguments(GcHmpCall *call, const Wanted *wanted,
                           JsonObject *arguments)
{
    g_autofree char *format = make_format(wanted);
    g_autofree char *file = gc_hmp_take_string(call);
    g_autofree char *protocol = NULL;

    if (file == NULL) {
        g_string_append(call->out, "dump-guest-memory: filename expected\n");
        return false;
    }
    protocol = g_strconcat("file:", file, NULL);
    json_object_set_boolean_member(arguments, "paging", wanted->paging);
    json_object_set_boolean_member(arguments, "detach", wanted->detach);
    json_object_set_string_member(arguments, "protocol", protocol);
    json_object_set_string_member(arguments, "format", format);
    return take_number(call, arguments, "begin") &&
           take_number(call, arguments, "length") &&
           gc_hmp_take_end(call, "dump-guest-memory");
}

static bool run_dump_guest_memory(GcHmpCall *call)
{
    g_autoptr(JsonObject) arguments = json_object_new();
    Wanted wanted = {.codec = NULL};

    if (!take_flags(call, &wanted) ||
        !take_arguments(call, &wanted, arguments)) {
        return false;
    }
    if (wanted.n_formats > 1) {
        g_string_append(call->out,
                        "Error: only one of '-z|-l|-s|-w' can be set\n");
    } else {
        gc_hmp_run_qmp(call, "dump-guest-memory", arguments);
    }
    return true;
}

static bool run_info_dump(GcHmpCall *call)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autoptr(JsonNode) root = NULL;
    JsonObject *result;
    const char *status;

    json_builder_begin_object(builder);
    gc_dump_task_put_result(gc_vm_get_dump(call->vm), builder);
    json_builder_end_object(builder);
    root = json_builder_get_root(builder);
    result = json_node_get_object(root);
    status = json_object_get_string_member(result, "status");
    g_string_append_printf(call->out, "Status: %s\n", status);
    if (strcmp(status, "active") == 0) {
        double done = (double)json_object_get_int_member(result, "completed");
        double total = (double)json_object_get_int_member(result, "total");

        g_string_append_printf(call->out, "Finished: %.2f %%\n",
                               total > 0.0 ? 100.0 * done / total : 0.0);
    }
    return true;
}

static const GcHmpCommand commands[] = {
    {"dump-guest-memory", "[-p] [-d] [-z|-l|-s|-w] [-R] FILE [BEGIN LENGTH]",
     "dump guest memory to a file", run_dump_guest_memory},
    {"info dump", "", "show how a dump goes", run_info_dump},
    {NULL, NULL, NULL, NULL},
};

extern const GcHmpGroup gc_hmp_dump;

const GcHmpGroup gc_hmp_dump = {commands};
