/* SPDX-License-Identifier: MIT */
/* The few words that every public header of guestcore shares. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Marks a declaration as part of the library's interface. */
#define GC_API __attribute__((visibility("default")))

/* A guest-physical address, in bytes. */
typedef uint64_t GcPaddr;

/* A guest-physical page frame number: an address divided by the page size
 * of the guest's architecture.  Never mixed with GcPaddr. */
typedef uint64_t GcPfn;
