/* SPDX-License-Identifier: MIT */
/* cmocka wants these headers before its own; this is the one place that
 * knows. */
#pragma once

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
