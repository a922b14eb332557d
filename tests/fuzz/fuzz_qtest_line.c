/* SPDX-License-Identifier: MIT */
/* A test client that sends anything at all: the input is what comes over its
 * connection, in pieces whose size is the first byte.  Every line is to get
 * an answer. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/lineio.h"
#include "system/qtest/qtest.h"

#define RAM_SIZE (1024 * 1024)
#define MAX_LINE 4096

/* One line may move 16 MiB: so many do not keep the fuzzer for long. */
#define MAX_LINES 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_reply(const GString *reply)
{
    g_assert(reply->len > 0 && reply->str[reply->len - 1] == '\n');
    g_assert(g_str_has_prefix(reply->str, "OK") ||
             g_str_has_prefix(reply->str, "ERR ") ||
             g_str_has_prefix(reply->str, "FAIL") ||
             g_str_has_prefix(reply->str, "IRQ "));
}

static void execute_lines(GcQtest *qtest, GcLineReader *reader,
                          unsigned *n_lines)
{
    const char *line = NULL;
    size_t len = 0;
    GcLineResult result;

    while ((result = gc_line_reader_pull(reader, &line, &len)) !=
               GC_LINE_NONE &&
           (*n_lines)++ < MAX_LINES) {
        g_autoptr(GString) reply = g_string_new(NULL);

        if (result == GC_LINE_READY) {
            gc_qtest_execute(qtest, line, len, reply);
            check_reply(reply);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GcConfig) config = gc_config_new("x86_64");
    g_autoptr(GcLineReader) reader = gc_line_reader_new(MAX_LINE);
    g_autoptr(GcVm) vm = NULL;
    g_autoptr(GcQtest) qtest = NULL;
    size_t piece = size > 0 ? data[0] + 1 : 1;
    unsigned n_lines = 0;

    config->ram_size = RAM_SIZE;
    g_ptr_array_add(config->accels, g_strdup("qtest"));
    g_ptr_array_add(config->devices, g_strdup("vmcoreinfo"));
    vm = gc_vm_new(config, NULL);
    qtest = gc_qtest_new(vm, NULL, NULL);
    for (size_t at = 1; at < size && n_lines < MAX_LINES; at += piece) {
        gc_line_reader_push(reader, data + at, MIN(piece, size - at));
        execute_lines(qtest, reader, &n_lines);
    }
    return 0;
}
