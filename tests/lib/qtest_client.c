/* SPDX-License-Identifier: MIT */
#include "tests/lib/qtest_client.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct QtestClient {
    GPid pid;
    FILE *to;
    FILE *from;
    char *line; /* the last reply */
    size_t line_size;
};

bool qtest_is_oracle(void)
{
    return g_getenv("GUESTCORE_ORACLE") != NULL;
}

static void skip(const char *why)
{
    printf("1..0 # SKIP %s\n", why);
    exit(0);
}

/* GUESTCORE_BIN is a path of folders where a build has its programs. */
static char *find_own_program(const char *name)
{
    const char *path = g_getenv("GUESTCORE_BIN");
    g_auto(GStrv) folders = g_strsplit(path != NULL ? path : "", ":", -1);

    for (size_t i = 0; folders[i] != NULL; i++) {
        g_autofree char *file = g_build_filename(folders[i], name, NULL);

        if (g_file_test(file, G_FILE_TEST_IS_EXECUTABLE)) {
            return g_steal_pointer(&file);
        }
    }
    return NULL;
}

static char *find_program(const char *target)
{
    bool is_oracle = qtest_is_oracle();
    g_autofree char *name = g_strdup_printf(
        "%s-system-%s", is_oracle ? "qemu" : "guestcore", target);
    char *found =
        is_oracle ? g_find_program_in_path(name) : find_own_program(name);

    if (found == NULL) {
        skip(name);
    }
    return found;
}

/* A test that is ended takes its machine with it. */
static void die_with_parent(gpointer data)
{
    (void)data;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

QtestClient *qtest_client_new(const char *target, const char *args)
{
    QtestClient *client = g_new0(QtestClient, 1);
    g_autofree char *program = find_program(target);
    const char *machine = strcmp(target, "x86_64") == 0 ? "pc" : "virt";
    g_autofree char *command = g_strdup_printf(
        "%s -M %s -m 128 %s -qtest stdio -qtest-log /dev/null -display none "
        "-nodefaults %s",
        program, machine, qtest_is_oracle() ? "-accel tcg -S" : "-accel qtest",
        args);
    g_auto(GStrv) argv = g_strsplit(g_strchomp(command), " ", -1);
    GError *error = NULL;
    int to;
    int from;

    signal(SIGPIPE, SIG_IGN);
    if (!g_spawn_async_with_pipes(NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD,
                                  die_with_parent, NULL, &client->pid, &to,
                                  &from, NULL, &error)) {
        g_error("%s: %s", program, error->message);
    }
    client->to = fdopen(to, "w");
    client->from = fdopen(from, "r");
    return client;
}

void qtest_client_free(QtestClient *client)
{
    int status;

    if (client == NULL) {
        return;
    }
    kill(client->pid, SIGTERM);
    if (waitpid(client->pid, &status, 0) != client->pid || !WIFEXITED(status) ||
        WEXITSTATUS(status) != 0) {
        g_error("the machine ended with status 0x%x", (unsigned)status);
    }
    fclose(client->to);
    fclose(client->from);
    free(client->line);
    g_free(client);
}

/* Sends a command; returns what follows "OK" in its reply. */
static const char *ask(QtestClient *client, const char *format, ...)
    G_GNUC_PRINTF(2, 3);

static const char *ask(QtestClient *client, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vfprintf(client->to, format, args);
    va_end(args);
    fputc('\n', client->to);
    fflush(client->to);
    if (getline(&client->line, &client->line_size, client->from) < 0) {
        g_error("the machine said nothing to \"%s\"", format);
    }
    if (!g_str_has_prefix(client->line, "OK")) {
        g_error("the machine said %s to \"%s\"", client->line, format);
    }
    return g_strstrip(client->line + 2);
}

uint64_t qtest_in(QtestClient *client, char width, uint64_t port)
{
    return strtoull(ask(client, "in%c 0x%" G_GINT64_MODIFIER "x", width, port),
                    NULL, 0);
}

void qtest_out(QtestClient *client, char width, uint64_t port, uint64_t value)
{
    ask(client, "out%c 0x%" G_GINT64_MODIFIER "x 0x%" G_GINT64_MODIFIER "x",
        width, port, value);
}

uint64_t qtest_read(QtestClient *client, char width, uint64_t addr)
{
    return strtoull(
        ask(client, "read%c 0x%" G_GINT64_MODIFIER "x", width, addr), NULL, 0);
}

void qtest_write(QtestClient *client, char width, uint64_t addr, uint64_t value)
{
    ask(client, "write%c 0x%" G_GINT64_MODIFIER "x 0x%" G_GINT64_MODIFIER "x",
        width, addr, value);
}

void qtest_get_memory(QtestClient *client, uint64_t addr, void *buf, size_t len)
{
    const char *hex =
        ask(client, "read 0x%" G_GINT64_MODIFIER "x 0x%zx", addr, len);
    uint8_t *bytes = buf;

    if (strlen(hex) != 2 + 2 * len) {
        g_error("%zu bytes of memory came as %s", len, hex);
    }
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)(g_ascii_xdigit_value(hex[2 + 2 * i]) << 4 |
                             g_ascii_xdigit_value(hex[3 + 2 * i]));
    }
}

void qtest_set_memory(QtestClient *client, uint64_t addr, const void *buf,
                      size_t len)
{
    g_autoptr(GString) hex = g_string_new("0x");
    const uint8_t *bytes = buf;

    for (size_t i = 0; i < len; i++) {
        g_string_append_printf(hex, "%02x", bytes[i]);
    }
    ask(client, "write 0x%" G_GINT64_MODIFIER "x 0x%zx %s", addr, len,
        hex->str);
}
