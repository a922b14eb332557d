/* SPDX-License-Identifier: MIT */
/* What the files of the monitor share. */
#pragma once

#include "system/monitor/qmp.h"

GcVm *gc_qmp_get_vm(GcQmp *qmp);
