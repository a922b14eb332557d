/* SPDX-License-Identifier: MIT */
/* What g_main_context_iteration() does, with the VM's lock let go around the
 * wait: a poll function of GLib's would not know which VM. */
#include "system/main_loop.h"

/* What there is to wait for; returns for how long, in ms, or -1. */
static gint prepare(GMainContext *context, GArray *fds, gint *ret_priority)
{
    gint timeout = -1;
    gint n;

    g_main_context_prepare(context, ret_priority);
    for (;;) {
        n = g_main_context_query(context, *ret_priority, &timeout,
                                 (GPollFD *)(void *)fds->data, (gint)fds->len);
        if (n == (gint)fds->len) {
            return timeout;
        }
        g_array_set_size(fds, (guint)n);
    }
}

void gc_main_loop_iterate(GcVm *vm)
{
    GMainContext *context = g_main_context_default();
    g_autoptr(GArray) fds = g_array_new(FALSE, FALSE, sizeof(GPollFD));
    gboolean is_ours = g_main_context_acquire(context);
    gint priority;
    gint timeout;

    g_assert(is_ours);
    timeout = prepare(context, fds, &priority);
    gc_vm_unlock(vm);
    g_poll((GPollFD *)(void *)fds->data, fds->len, timeout);
    gc_vm_lock(vm);
    if (g_main_context_check(context, priority, (GPollFD *)(void *)fds->data,
                             (gint)fds->len)) {
        g_main_context_dispatch(context);
    }
    g_main_context_release(context);
}
