/* SPDX-License-Identifier: MIT */
/* The loop of the main thread, which lets the CPUs have the VM while it
 * waits. */
#pragma once

#include "system/vm.h"

/* Waits for something to do, with the lock of @vm let go, and does it, with
 * the lock held.  Threads: the one that made @vm. */
void gc_main_loop_iterate(GcVm *vm);
