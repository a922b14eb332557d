/* SPDX-License-Identifier: MIT */
#include "guest_source.h"

#include <stdio.h>

static void print_warnings(const char *const *warnings)
{
    for (; *warnings != NULL; warnings++) {
        fprintf(stderr, "guestcore: warning: %s\n", *warnings);
    }
}

static const GcGuest *attach(GuestSource *source, GError **error)
{
    g_autoptr(GcAttachOptions) how = gc_attach_options_new();

    gc_attach_options_set_pid(how, source->pid);
    source->attach = gc_attach_qemu(source->qmp, how, error);
    if (source->attach == NULL) {
        return NULL;
    }
    print_warnings(gc_attach_get_warnings(source->attach));
    return gc_attach_get_guest(source->attach);
}

static const GcGuest *open_files(GuestSource *source, char **files, int n_files,
                                 GError **error)
{
    g_autofree const char **paths = g_new0(const char *, (gsize)n_files + 1);

    for (int i = 0; i < n_files; i++) {
        paths[i] = files[i];
    }
    source->opened = gc_guest_open_files(paths, NULL, error);
    if (source->opened != NULL) {
        print_warnings(gc_guest_get_warnings(source->opened));
    }
    return source->opened;
}

const GcGuest *guest_source_open(GuestSource *source, char **files, int n_files,
                                 GError **error)
{
    if (source->qmp != NULL && n_files > 0) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                    "with --qmp there is no FILE: '%s'", files[0]);
        return NULL;
    }
    if (source->qmp == NULL && n_files <= 0) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                    "a FILE or --qmp SOCKET is missing; see '%s --help'",
                    g_get_prgname());
        return NULL;
    }
    if (source->pid < 0) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                    "--pid takes the number of a process");
        return NULL;
    }
    return source->qmp != NULL ? attach(source, error)
                               : open_files(source, files, n_files, error);
}

bool guest_source_close(GuestSource *source, GError **error)
{
    g_autoptr(GError) resume_error = NULL;
    bool ok = source->attach == NULL ||
              gc_attach_resume(source->attach, &resume_error);

    g_clear_pointer(&source->attach, gc_attach_free);
    g_clear_pointer(&source->opened, gc_guest_free);
    if (ok) {
        return true;
    }
    if (error != NULL && *error != NULL) {
        g_prefix_error(error, "the guest could not be resumed (%s) after: ",
                       resume_error->message);
    } else {
        g_propagate_prefixed_error(error, g_steal_pointer(&resume_error),
                                   "the guest could not be resumed: ");
    }
    return false;
}

void guest_source_clear(GuestSource *source)
{
    guest_source_close(source, NULL);
    g_clear_pointer(&source->qmp, g_free);
}
