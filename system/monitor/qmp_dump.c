/* SPDX-License-Identifier: MIT */
/* The commands about dumps.  What is checked, in which order, and what is
 * said of it is QEMU's; but all of it before the VM stops. */
#include <string.h>
#include <unistd.h>

#include "guestcore/dump.h"

#include "base/fileio.h"
#include "base/output.h"
#include "system/dump_task.h"
#include "system/monitor/qmp.h"
#include "system/monitor/qmp_session.h"

/* A dump-guest-memory on its way through the checks. */
typedef struct Wanted {
    const GcQmpCall *call;
    char **formats; /* that there are */
    const char *format;
    bool has_begin;
    bool has_length;
    int64_t begin;
    int64_t length;
    GcDumpRequest request;
} Wanted;

/* What QEMU knows, whether it can write it or not. */
static const char *const qemu_formats[] = {
    "elf",
    "kdump-zlib",
    "kdump-lzo",
    "kdump-snappy",
    "kdump-raw-zlib",
    "kdump-raw-lzo",
    "kdump-raw-snappy",
    "win-dmp",
    NULL,
};

static bool is_in(const char *const *names, const char *name)
{
    return g_strv_contains(names, name);
}

static bool is_available(const Wanted *wanted)
{
    return is_in((const char *const *)wanted->formats, wanted->format);
}

static bool check_format(Wanted *wanted, GError **error)
{
    if (is_available(wanted) || is_in(qemu_formats, wanted->format)) {
        return true;
    }
    g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                "Parameter 'format' does not accept value '%s'",
                wanted->format);
    return false;
}

static bool check_threads(Wanted *wanted, GError **error)
{
    int64_t threads = -1;

    if (gc_qmp_get_integer(wanted->call, "x-threads", &threads) &&
        (threads < 0 || threads > GC_DUMP_TASK_MAX_THREADS)) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "Parameter 'x-threads' expects a number from 0 to %d",
                    GC_DUMP_TASK_MAX_THREADS);
        return false;
    }
    wanted->request.threads = (int)threads;
    return true;
}

static bool check_level(Wanted *wanted, GError **error)
{
    int64_t level = 0;

    if (gc_qmp_get_integer(wanted->call, "x-level", &level) &&
        (level < 0 || level > (int64_t)GC_DUMP_LEVEL_MAX)) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "Parameter 'x-level' expects a number from 0 to %u",
                    GC_DUMP_LEVEL_MAX);
        return false;
    }
    wanted->request.level = (unsigned)level;
    return true;
}

static bool check_idle(Wanted *wanted, GError **error)
{
    return gc_qmp_check_no_dump(wanted->call, error);
}

static bool check_filter(Wanted *wanted, GError **error)
{
    if (strcmp(wanted->format, "elf") != 0 &&
        (wanted->request.paging || wanted->has_begin || wanted->has_length)) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "kdump-compressed format doesn't support paging or filter");
        return false;
    }
    if (wanted->has_begin != wanted->has_length) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "Parameter '%s' is missing",
                    wanted->has_begin ? "length" : "begin");
        return false;
    }
    return true;
}

static bool check_available(Wanted *wanted, GError **error)
{
    if (!is_available(wanted)) {
        g_set_error(error, GC_ERROR, GC_ERROR_UNSUPPORTED,
                    "%s is not available now", wanted->format);
        return false;
    }
    return true;
}

static bool take_fd(Wanted *wanted, const char *name, GError **error)
{
    if (wanted->call->session != NULL) {
        wanted->request.fd =
            gc_qmp_session_take_fd(wanted->call->session, name, NULL);
    }
    if (wanted->request.fd < 0) {
        g_set_error(error, GC_ERROR, GC_ERROR_NO_DATA,
                    "File descriptor named '%s' has not been found", name);
        return false;
    }
    return true;
}

/* Whether a file could be there; it is made once it is complete. */
static bool check_path(const char *path, GError **error)
{
    g_autoptr(GcOutput) output = gc_output_new(path, error);

    if (output == NULL) {
        g_prefix_error(error, "Could not create/open ");
    }
    return output != NULL;
}

static bool check_protocol(Wanted *wanted, GError **error)
{
    const char *protocol = gc_qmp_get_string(wanted->call, "protocol");

    if (g_str_has_prefix(protocol, "file:")) {
        wanted->request.path = protocol + strlen("file:");
        return check_path(wanted->request.path, error);
    }
    if (g_str_has_prefix(protocol, "fd:")) {
        return take_fd(wanted, protocol + strlen("fd:"), error);
    }
    g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                "parameter 'protocol' must start with 'file:' or 'fd:'");
    return false;
}

static bool check_seekable(Wanted *wanted, GError **error)
{
    if (wanted->request.fd >= 0 &&
        g_str_has_prefix(wanted->format, "kdump-raw-") &&
        lseek(wanted->request.fd, 0, SEEK_CUR) < 0) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "kdump-raw formats require a seekable file");
        return false;
    }
    return true;
}

/* Whether some RAM is in what is asked for, which @begin and @length are. */
static bool has_ram(const Wanted *wanted)
{
    const GcBus *bus =
        gc_machine_get_memory(gc_vm_get_machine(wanted->call->vm));
    GcPaddr begin = wanted->request.begin;

    for (size_t i = 0; i < gc_bus_get_n_ranges(bus); i++) {
        const GcBusRange *range = gc_bus_get_range(bus, i);

        if (range->host != NULL &&
            (begin >= range->start
                 ? begin - range->start < range->size
                 : range->start - begin < wanted->request.length)) {
            return true;
        }
    }
    return false;
}

static bool check_range(Wanted *wanted, GError **error)
{
    if (wanted->has_length && wanted->length == 0) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "parameter 'length' expects a non-zero size");
        return false;
    }
    wanted->request.begin = (GcPaddr)wanted->begin;
    wanted->request.length =
        MIN((uint64_t)wanted->length, UINT64_MAX - wanted->request.begin);
    if (wanted->has_length && !has_ram(wanted)) {
        g_set_error(error, GC_ERROR, GC_ERROR_NO_DATA,
                    "dump: no guest memory to dump");
        return false;
    }
    return true;
}

/* In QEMU's order; the first two are about types, which come before all. */
static bool check(Wanted *wanted, GError **error)
{
    static bool (*const checks[])(Wanted *, GError **) = {
        check_format,   check_threads,  check_level,
        check_idle,     check_filter,   check_available,
        check_protocol, check_seekable, check_range,
    };

    for (size_t i = 0; i < G_N_ELEMENTS(checks); i++) {
        if (!checks[i](wanted, error)) {
            return false;
        }
    }
    return true;
}

static void on_done(void *opaque, const GError *error)
{
    gc_qmp_later_finish(opaque, error);
}

static bool start(GcQmpCall *call, const GcDumpRequest *request, GError **error)
{
    GcDumpTask *task = gc_vm_get_dump(call->vm);

    if (!gc_qmp_can_defer(call)) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "there is nobody who could be told of the dump's end");
        return false;
    }
    if (!gc_dump_task_start(task, request, error)) {
        return false;
    }
    if (!gc_qmp_get_boolean(call, "detach", false)) {
        gc_dump_task_set_done(task, on_done, gc_qmp_defer(call));
    }
    return true;
}

static bool run_dump_guest_memory(GcQmpCall *call, GError **error)
{
    g_auto(GStrv) formats = gc_dump_get_formats();
    const char *format = gc_qmp_get_string(call, "format");
    Wanted wanted = {
        .call = call,
        .formats = formats,
        .format = format != NULL ? format : "elf",
        .request.fd = -1,
        .request.paging = gc_qmp_get_boolean(call, "paging", false),
        .request.keep_partial =
            gc_qmp_get_boolean(call, "x-keep-partial", false),
        .request.is_live = gc_qmp_get_boolean(call, "x-live", false),
    };

    wanted.has_begin = gc_qmp_get_integer(call, "begin", &wanted.begin);
    wanted.has_length = gc_qmp_get_integer(call, "length", &wanted.length);
    wanted.request.format = wanted.format;
    if (check(&wanted, error) && start(call, &wanted.request, error)) {
        return true;
    }
    gc_close_fd(&wanted.request.fd);
    return false;
}

static void put_strings(JsonBuilder *reply, const char *name,
                        const char *const *values)
{
    json_builder_set_member_name(reply, name);
    json_builder_begin_array(reply);
    for (; values != NULL && *values != NULL; values++) {
        json_builder_add_string_value(reply, *values);
    }
    json_builder_end_array(reply);
}

/* What was left out of the last dump, if its level was not 0. */
static void put_left_out(JsonBuilder *reply, const GcDumpStats *stats)
{
    if (stats->dump_level == 0) {
        return;
    }
    json_builder_set_member_name(reply, "x-level");
    json_builder_add_int_value(reply, stats->dump_level);
    json_builder_set_member_name(reply, "x-left-out");
    json_builder_begin_object(reply);
    for (int kind = 0; kind < GC_PAGE_KINDS; kind++) {
        if (gc_page_kind_is_left_out((GcPageKind)kind, GC_DUMP_LEVEL_MAX)) {
            json_builder_set_member_name(
                reply, gc_page_kind_get_name((GcPageKind)kind));
            json_builder_add_int_value(reply, (gint64)stats->left_out[kind]);
        }
    }
    json_builder_end_object(reply);
}

/* What is beyond QEMU's is there once it says something. */
static bool run_query_dump(GcQmpCall *call, GError **error G_GNUC_UNUSED)
{
    const GcDumpTask *task = gc_vm_get_dump(call->vm);
    const char *path = gc_dump_task_get_path(task);
    const char *failure = gc_dump_task_get_error(task);
    const char *const *warnings = gc_dump_task_get_warnings(task);
    GcDumpStats stats = gc_dump_task_get_stats(task);

    json_builder_begin_object(call->reply);
    gc_dump_task_put_result(task, call->reply);
    if (path != NULL) {
        gc_qmp_put_string(call->reply, "x-file", path);
    }
    if (failure != NULL) {
        gc_qmp_put_string(call->reply, "x-error", failure);
    }
    if (warnings != NULL && warnings[0] != NULL) {
        put_strings(call->reply, "x-warnings", warnings);
    }
    put_left_out(call->reply, &stats);
    json_builder_end_object(call->reply);
    return true;
}

static bool run_query_capability(GcQmpCall *call, GError **error G_GNUC_UNUSED)
{
    g_auto(GStrv) formats = gc_dump_get_formats();

    json_builder_begin_object(call->reply);
    put_strings(call->reply, "formats", (const char *const *)formats);
    json_builder_end_object(call->reply);
    return true;
}

static bool run_dump_cancel(GcQmpCall *call, GError **error G_GNUC_UNUSED)
{
    gc_dump_task_cancel(gc_vm_get_dump(call->vm));
    return true;
}

static const GcQmpParam dump_params[] = {
    {"paging", GC_QMP_BOOLEAN, true},
    {"protocol", GC_QMP_STRING, true},
    {"detach", GC_QMP_BOOLEAN, false},
    {"begin", GC_QMP_INTEGER, false},
    {"length", GC_QMP_INTEGER, false},
    {"format", GC_QMP_STRING, false},
    {"x-level", GC_QMP_INTEGER, false},
    {"x-threads", GC_QMP_INTEGER, false},
    {"x-keep-partial", GC_QMP_BOOLEAN, false},
    {"x-live", GC_QMP_BOOLEAN, false},
    {NULL, GC_QMP_STRING, false},
};

static const GcQmpCommand commands[] = {
    {"dump-guest-memory", dump_params, run_dump_guest_memory},
    {"query-dump", NULL, run_query_dump},
    {"query-dump-guest-memory-capability", NULL, run_query_capability},
    {"x-dump-cancel", NULL, run_dump_cancel},
    {NULL, NULL, NULL},
};

extern const GcQmpGroup gc_qmp_dump;

const GcQmpGroup gc_qmp_dump = {commands};
