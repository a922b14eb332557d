/* SPDX-License-Identifier: MIT */
/* A grid of memory as an SVG picture. */
#pragma once

#include "memory_grid.h"

/* Returns: (transfer full): a picture of @grid with a legend and an axis of
 * addresses; of a few megabytes at most, whatever the guest */
char *grid_picture_to_svg(const MemoryGrid *grid, const GcGuest *guest);
