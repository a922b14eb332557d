/* SPDX-License-Identifier: MIT */
/* What follows when the guest says that it has panicked: events, and the
 * action that -action names.  One of them is a dump, as -dump-on-panic has
 * it: GUEST_PANICKED, STOP, then DUMP_COMPLETED, then what is to follow. */
#pragma once

#include "system/options/config.h"
#include "system/vm.h"

/* Dumps that panics may leave under one name, so that a guest which panics
 * again and again does not fill the disk: FILE, FILE.1 and so on. */
#define GC_PANIC_MAX_DUMPS 10

/* @dump is copied. */
GcPanic *gc_panic_new(GcVm *vm, const GcConfigPanicDump *dump);
void gc_panic_free(GcPanic *panic);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcPanic, gc_panic_free)

/* The guest has panicked.  A dump that runs is waited for before the next one
 * begins; the guest stands still meanwhile. */
void gc_panic_handle(GcPanic *panic);

/* The guest has panicked, and helps itself with another kernel. */
void gc_panic_handle_crash_loaded(GcPanic *panic);

/* Whether these actions can be done.
 * Errors: GC_ERROR_INVALID if one is a dump and no file is named. */
bool gc_panic_check(const GcPanic *panic, const GcActions *actions,
                    GError **error);
