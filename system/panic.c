/* SPDX-License-Identifier: MIT */
#include "system/panic.h"

#include <sys/stat.h>

#include "guestcore/error.h"

#include "system/dump_task.h"

struct GcPanic {
    GcVm *vm;
    GcConfigPanicDump dump;
};

GcPanic *gc_panic_new(GcVm *vm, const GcConfigPanicDump *dump)
{
    GcPanic *panic = g_new0(GcPanic, 1);

    panic->vm = vm;
    panic->dump = *dump;
    panic->dump.path = g_strdup(dump->path);
    panic->dump.format = g_strdup(dump->format);
    return panic;
}

void gc_panic_free(GcPanic *panic)
{
    if (panic == NULL) {
        return;
    }
    g_free(panic->dump.path);
    g_free(panic->dump.format);
    g_free(panic);
}

bool gc_panic_check(const GcPanic *panic, const GcActions *actions,
                    GError **error)
{
    if (actions->panic == GC_PANIC_DUMP && panic->dump.path == NULL) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "panic=dump needs -dump-on-panic, which names the file");
        return false;
    }
    return true;
}

static void tell(const GcPanic *panic, const char *event, const char *action)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_object(builder);
    json_builder_set_member_name(builder, "action");
    json_builder_add_string_value(builder, action);
    json_builder_end_object(builder);
    gc_events_emit(gc_vm_get_events(panic->vm), event,
                   json_builder_get_root(builder));
}

/* The dump */

/* The first of FILE, FILE.1… that does not exist. */
static char *find_free_path(const GcPanic *panic, GError **error)
{
    const char *path = panic->dump.path;
    struct stat st;

    for (unsigned i = 0; i < GC_PANIC_MAX_DUMPS; i++) {
        g_autofree char *name =
            i == 0 ? g_strdup(path) : g_strdup_printf("%s.%u", path, i);

        if (lstat(name, &st) != 0) {
            return g_steal_pointer(&name);
        }
    }
    g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                "%s: there are %d dumps of panics already", path,
                GC_PANIC_MAX_DUMPS);
    return NULL;
}

/* A guest that could not be dumped stays as it is, so that somebody can. */
static void on_dumped(void *opaque, const GError *error)
{
    GcPanic *panic = opaque;

    if (error != NULL) {
        return;
    }
    if (panic->dump.then == GC_CONFIG_THEN_SHUTDOWN) {
        gc_vm_shutdown(panic->vm, GC_VM_CAUSE_GUEST_PANIC);
    } else if (panic->dump.then == GC_CONFIG_THEN_RESET) {
        gc_vm_reset(panic->vm, GC_VM_CAUSE_GUEST_PANIC);
        gc_vm_start(panic->vm);
    }
}

static void start_dump(void *opaque)
{
    GcPanic *panic = opaque;
    GcDumpTask *task = gc_vm_get_dump(panic->vm);
    g_autoptr(GError) error = NULL;
    g_autofree char *path = find_free_path(panic, &error);
    GcDumpRequest request = {
        .format = panic->dump.format,
        .path = path,
        .fd = -1,
        .threads = -1,
        .level = panic->dump.level,
        .tells_path = true,
    };

    if (path != NULL && gc_dump_task_start(task, &request, &error)) {
        gc_dump_task_set_done(task, on_dumped, panic);
    } else {
        gc_dump_task_fail(task, error);
    }
}

/* Events and actions */

static void stop(GcPanic *panic)
{
    gc_vm_stop_as(panic->vm, GC_RUN_GUEST_PANICKED);
}

static GcPanicAction get_action(GcPanic *panic)
{
    const GcActions *actions = gc_vm_get_actions(panic->vm);

    if (actions->panic == GC_PANIC_SHUTDOWN &&
        actions->shutdown == GC_SHUTDOWN_PAUSE) {
        return GC_PANIC_PAUSE;
    }
    return actions->panic;
}

void gc_panic_handle(GcPanic *panic)
{
    switch (get_action(panic)) {
    case GC_PANIC_SHUTDOWN:
        tell(panic, "GUEST_PANICKED", "poweroff");
        stop(panic);
        gc_vm_shutdown(panic->vm, GC_VM_CAUSE_GUEST_PANIC);
        break;
    case GC_PANIC_PAUSE:
        tell(panic, "GUEST_PANICKED", "pause");
        stop(panic);
        break;
    case GC_PANIC_NONE:
        tell(panic, "GUEST_PANICKED", "run");
        break;
    case GC_PANIC_RESET:
        tell(panic, "GUEST_PANICKED", "run");
        gc_vm_reset(panic->vm, GC_VM_CAUSE_GUEST_PANIC);
        break;
    case GC_PANIC_DUMP:
        tell(panic, "GUEST_PANICKED", "pause");
        stop(panic);
        gc_dump_task_when_idle(gc_vm_get_dump(panic->vm), start_dump, panic);
        break;
    }
}

void gc_panic_handle_crash_loaded(GcPanic *panic)
{
    tell(panic, "GUEST_CRASHLOADED", "run");
}
