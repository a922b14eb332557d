/* SPDX-License-Identifier: MIT */
#include "guest/attach/qemu_process.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* The thread of the guest's first CPU, as QEMU counts threads: which is in
 * the PID namespace that it runs in. */
static bool query_thread(GcQmpClient *client, gint64 *ret_thread,
                         GError **error)
{
    g_autoptr(JsonNode) result =
        gc_qmp_client_execute(client, "query-cpus-fast", NULL, error);
    JsonNode *cpu = NULL;

    if (result == NULL) {
        return false;
    }
    if (JSON_NODE_HOLDS_ARRAY(result) &&
        json_array_get_length(json_node_get_array(result)) > 0) {
        cpu = json_array_get_element(json_node_get_array(result), 0);
    }
    if (cpu == NULL || !JSON_NODE_HOLDS_OBJECT(cpu)) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "query-cpus-fast lists no CPU");
        return false;
    }
    *ret_thread = gc_qmp_get_int(json_node_get_object(cpu), "thread-id");
    return true;
}

/* The number that a thread has in its innermost PID namespace: the last one
 * of the line "NSpid:". */
static gint64 get_inner_number(const char *status)
{
    g_autofree char *line = NULL;
    const char *start = strstr(status, "\nNSpid:");
    const char *last;

    if (start == NULL) {
        return 0;
    }
    line = g_strndup(start + 1, strcspn(start + 1, "\n"));
    last = strrchr(line, '\t');
    return last != NULL ? g_ascii_strtoll(last, NULL, 10) : 0;
}

static bool has_thread(GDir *tasks, const char *tasks_path, gint64 thread)
{
    const char *name;

    while ((name = g_dir_read_name(tasks)) != NULL) {
        g_autofree char *path =
            g_build_filename(tasks_path, name, "status", NULL);
        g_autofree char *status = NULL;

        if (g_file_get_contents(path, &status, NULL, NULL) &&
            get_inner_number(status) == thread) {
            return true;
        }
    }
    return false;
}

static bool check(pid_t pid, bool was_told, gint64 thread, GError **error)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/task", (int)pid);
    g_autoptr(GDir) tasks = g_dir_open(path, 0, NULL);

    if (tasks == NULL) {
        g_set_error(error, GC_ERROR, GC_ERROR_IO, "there is no process %d",
                    (int)pid);
        return false;
    }
    if (!has_thread(tasks, path, thread)) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "process %d%s is not this QEMU: it has no thread "
                    "%" G_GINT64_FORMAT ", which runs CPU 0%s",
                    (int)pid, was_told ? "" : ", which made the socket,",
                    thread, was_told ? "" : "; the pid must be given");
        return false;
    }
    return true;
}

bool gc_qemu_process_find(GcQmpClient *client, pid_t pid, pid_t *ret_pid,
                          GError **error)
{
    pid_t found = pid != 0 ? pid : gc_qmp_client_get_pid(client);
    gint64 thread = 0;

    if (found == 0) {
        g_set_error(error, GC_ERROR, GC_ERROR_IO,
                    "QEMU runs where this process cannot see it (in another "
                    "PID namespace); if it can, the pid must be given");
        return false;
    }
    if (!query_thread(client, &thread, error) ||
        !check(found, pid != 0, thread, error)) {
        return false;
    }
    *ret_pid = found;
    return true;
}
