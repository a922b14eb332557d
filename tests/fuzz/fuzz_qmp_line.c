/* SPDX-License-Identifier: MIT */
/* A monitor client that sends anything at all: the input is what comes over
 * its connection, in pieces whose size is the first byte. */
#include <stddef.h>
#include <stdint.h>

#include "system/monitor/qmp.h"
#include "system/monitor/qmp_session.h"

#define RAM_SIZE (1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GcConfig) config = gc_config_new("x86_64");
    g_autoptr(GcVm) vm = NULL;
    g_autoptr(GcQmp) qmp = NULL;
    GcQmpSession *session;
    size_t piece = size > 0 ? data[0] + 1 : 1;

    config->ram_size = RAM_SIZE;
    g_ptr_array_add(config->devices, g_strdup("vmcoreinfo"));
    vm = gc_vm_new(config, NULL);
    qmp = gc_qmp_new(vm);
    session = gc_qmp_session_new(qmp, NULL);
    for (size_t at = 1; at < size; at += piece) {
        gc_qmp_session_input(session, data + at, MIN(piece, size - at));
    }
    gc_qmp_session_free(session);
    return 0;
}
