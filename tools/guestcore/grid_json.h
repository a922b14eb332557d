/* SPDX-License-Identifier: MIT */
/* A grid of memory as JSON. */
#pragma once

#include "memory_grid.h"

/* Returns: (transfer full): an object with the sums by kind and the cells */
char *grid_to_json(const MemoryGrid *grid, const GcGuest *guest);
