/* SPDX-License-Identifier: MIT */
#include "guest/arch/ppc64_common.h"

/* All of memory is mapped here, and the kernel is linked there. */
#define LINEAR_MAP_START UINT64_C(0xc000000000000000)
#define LINEAR_MAP_END UINT64_C(0xc008000000000000)

bool gc_ppc64_get_image_map(const GcVmcoreinfoText *text G_GNUC_UNUSED,
                            GcPaddr memory_start G_GNUC_UNUSED,
                            GcImageMap *ret_map)
{
    *ret_map = (GcImageMap){
        .start = LINEAR_MAP_START,
        .end = LINEAR_MAP_END,
        .delta = -LINEAR_MAP_START,
    };
    return true;
}
