/* SPDX-License-Identifier: MIT */
#pragma once

#include "guestcore/types.h"

/* How many bytes of memory this host can give without swapping; 0 if it does
 * not tell. */
uint64_t gc_host_memory_get_spare(void);
