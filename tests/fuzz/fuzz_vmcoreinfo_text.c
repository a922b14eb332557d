/* SPDX-License-Identifier: MIT */
/* A text that a guest says is its VMCOREINFO. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "guest/arch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GcVmcoreinfoText) text =
        gc_vmcoreinfo_text_new(data, size, &error);
    int64_t value;
    uint64_t address;

    g_assert((text == NULL) == (error != NULL));
    if (text == NULL) {
        return 0;
    }
    g_assert(strlen(gc_vmcoreinfo_text_get_raw(text)) <= size);
    g_assert(gc_vmcoreinfo_text_get_string(text, "OSRELEASE")[0] != '\0');
    gc_vmcoreinfo_text_get_number(text, "NUMBER", "phys_base", &value);
    gc_vmcoreinfo_text_get_symbol(text, "init_uts_ns", &address);
    for (const GcArch *const *arch = gc_arches; *arch != NULL; arch++) {
        GcPageTable table;

        if ((*arch)->get_phys_base != NULL) {
            (*arch)->get_phys_base(text, &value);
        }
        if ((*arch)->get_page_table != NULL &&
            (*arch)->get_page_table(text, &table)) {
            g_assert(table.levels >= 1 &&
                     table.levels <= GC_TRANSLATE_MAX_LEVELS);
        }
    }
    return 0;
}
