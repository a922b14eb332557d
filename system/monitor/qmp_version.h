/* SPDX-License-Identifier: MIT */
/* Whose words the monitor speaks, and who speaks them. */
#pragma once

#include <json-glib/json-glib.h>

/* Adds the object that the greeting and query-version show: the version of
 * QEMU whose behaviour is followed, and our own as its package. */
void gc_qmp_build_version(JsonBuilder *builder);
