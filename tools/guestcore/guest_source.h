/* SPDX-License-Identifier: MIT */
/* Where a command that looks into a guest has it from: the files of a dump,
 * or a running QEMU, whose guest then stands still until it is closed. */
#pragma once

#include "guestcore/attach.h"
#include "guestcore/dump.h"

typedef struct GuestSource {
    char *qmp; /* what the options say */
    int pid;

    GcAttach *attach; /* what is open, of these two one */
    GcGuest *opened;
} GuestSource;

/* The options that say so, for a list of GOptionEntry. */
#define GUEST_SOURCE_ENTRIES(source)                                           \
    {"qmp",                                                                    \
     0,                                                                        \
     0,                                                                        \
     G_OPTION_ARG_FILENAME,                                                    \
     &(source).qmp,                                                            \
     "look into the guest of a running QEMU, on whose QMP socket this is",     \
     "SOCKET"},                                                                \
    {                                                                          \
        "pid", 0, 0, G_OPTION_ARG_INT, &(source).pid,                          \
            "QEMU's process (default: the one that made the socket)", "PID"    \
    }

/**
 * guest_source_open:
 * @source: what the options say
 * @files: (array length=n_files): the arguments that name a dump
 * @n_files: how many; with --qmp there must be none
 * @error: (out) (optional): return location
 *
 * Warnings of the guest go to standard error.
 *
 * Returns: (transfer none): the guest, valid until it is closed; or NULL
 * Errors: as gc_attach_qemu() and gc_guest_open_files(); GOptionError
 */
const GcGuest *guest_source_open(GuestSource *source, char **files, int n_files,
                                 GError **error);

/* Lets the guest run again, if it ran before, and forgets it.  Errors: as
 * gc_attach_resume(); an error that there already is stays. */
bool guest_source_close(GuestSource *source, GError **error);

/* Closes it if that was not done, and frees what the options say. */
void guest_source_clear(GuestSource *source);
