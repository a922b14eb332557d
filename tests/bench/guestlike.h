/* SPDX-License-Identifier: MIT */
/* Memory as a guest has it, for benchmarks: of every 20 pages
 *
 *   12  are from the programs and libraries of this machine
 *    3  hold what heaps do: pointers that are near each other, small numbers
 *    1  is noise, as ciphers and packed data are
 *    4  are zeros
 *
 * in runs of 64 pages.  The mix is about that of a Debian guest that has run
 * for a while; the same machine gives the same bytes. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define GUESTLIKE_PAGE 4096u
#define GUESTLIKE_RUN 64u /* pages */

/* Returns @n_pages pages, a multiple of GUESTLIKE_RUN; to be freed with
 * g_free(). */
uint8_t *guestlike_new(size_t n_pages);
