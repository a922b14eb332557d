/* SPDX-License-Identifier: MIT */
#include "guest/attach/attach_options.h"

GcAttachOptions *gc_attach_options_new(void)
{
    GcAttachOptions *options = g_new0(GcAttachOptions, 1);

    options->pause = true;
    return options;
}

void gc_attach_options_free(GcAttachOptions *options)
{
    g_free(options);
}

void gc_attach_options_set_pid(GcAttachOptions *options, int pid)
{
    options->pid = pid;
}

void gc_attach_options_set_pause(GcAttachOptions *options, bool pause)
{
    options->pause = pause;
}

void gc_attach_options_set_force(GcAttachOptions *options, bool force)
{
    options->force = force;
}

void gc_attach_options_set_timeout(GcAttachOptions *options, unsigned seconds)
{
    options->timeout = seconds;
}

void gc_attach_options_set_cancel(GcAttachOptions *options,
                                  GcAttachIsCancelled is_cancelled,
                                  void *user_data)
{
    options->is_cancelled = is_cancelled;
    options->user_data = user_data;
}

GcQmpLimits gc_attach_options_get_limits(const GcAttachOptions *options)
{
    return (GcQmpLimits){
        .deadline =
            options->timeout != 0
                ? g_get_monotonic_time() + options->timeout * G_USEC_PER_SEC
                : 0,
        .is_cancelled = options->is_cancelled,
        .user_data = options->user_data,
    };
}
