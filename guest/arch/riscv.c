/* SPDX-License-Identifier: MIT */
#include "guest/arch/riscv.h"

/* The image is linked at the start of so much room, up to its last page, and
 * moved in there at random. */
#define IMAGE_ROOM ((UINT64_C(2) << 30) - 4096)

bool gc_riscv_get_phys_base(const GcVmcoreinfoText *text, int64_t *ret_base)
{
    return gc_vmcoreinfo_text_get_number(text, "NUMBER", "phys_ram_base",
                                         ret_base);
}

bool gc_riscv_get_image_map(const GcVmcoreinfoText *text,
                            GcPaddr memory_start G_GNUC_UNUSED,
                            GcImageMap *ret_map)
{
    int64_t offset;
    int64_t link;

    if (!gc_vmcoreinfo_text_get_number(text, "NUMBER", "va_kernel_pa_offset",
                                       &offset) ||
        !gc_vmcoreinfo_text_get_number(text, "NUMBER", "KERNEL_LINK_ADDR",
                                       &link) ||
        (uint64_t)link > UINT64_MAX - IMAGE_ROOM) {
        return false;
    }
    ret_map->start = (uint64_t)link;
    ret_map->end = (uint64_t)link + IMAGE_ROOM;
    ret_map->delta = -(uint64_t)offset;
    return true;
}
