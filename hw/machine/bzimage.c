/* SPDX-License-Identifier: MIT */
/* A Linux bzImage as the items from which x86 firmware boots it. */
#include <string.h>

#include "base/byteorder.h"
#include "base/error.h"
#include "hw/machine/board.h"
#include "hw/machine/bzimage_header.h"

#define LOADER_QEMU 0xb0

/* What firmware keeps for its ACPI tables below the end of low memory. */
#define FIRMWARE_TOP 0x28000
#define PAGE_MASK UINT32_C(0xfff)

/* Where firmware is to put what. */
typedef struct Plan {
    GcBzimage image;
    uint32_t setup_addr;
    uint32_t cmdline_addr;
    uint32_t kernel_addr;
    uint32_t initrd_addr;
    uint32_t initrd_size;
} Plan;

static void put(uint8_t *header, size_t at, size_t width, uint32_t value)
{
    gc_put_uint(header + at, width, false, value);
}

static void plan_kernel(size_t cmdline_size, Plan *plan)
{
    const GcBzimage *image = &plan->image;
    bool is_high = (gc_bzimage_get(image, GC_BZIMAGE_LOADFLAGS, 1) &
                    GC_BZIMAGE_LOADED_HIGH) != 0;
    uint32_t room = (uint32_t)((cmdline_size + 15) & ~(size_t)15);

    plan->kernel_addr = is_high ? 0x100000 : 0x10000;
    if (is_high && image->version >= 0x202) {
        plan->setup_addr = 0x10000;
        plan->cmdline_addr = 0x20000;
    } else {
        plan->setup_addr = 0x90000;
        plan->cmdline_addr = 0x9a000 - room;
    }
}

static bool plan_initrd(GBytes *initrd, uint64_t low_end, Plan *plan,
                        GError **error)
{
    uint64_t max = gc_bzimage_get_initrd_max(&plan->image);
    size_t size;

    if (initrd == NULL) {
        return true;
    }
    size = g_bytes_get_size(initrd);
    max = MIN(max, low_end - FIRMWARE_TOP - 1);
    if (size >= max) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "initrd: %zu bytes: only %" G_GUINT64_FORMAT " fit", size,
                    max);
        return false;
    }
    plan->initrd_size = (uint32_t)size;
    plan->initrd_addr = (uint32_t)(max - size) & ~PAGE_MASK;
    return true;
}

static bool make_plan(const GcMachineConfig *config, size_t cmdline_size,
                      uint64_t low_end, Plan *plan, GError **error)
{
    if (!gc_bzimage_parse(config->kernel, &plan->image, error)) {
        return false;
    }
    plan_kernel(cmdline_size, plan);
    return plan_initrd(config->initrd, low_end, plan, error);
}

/* The setup code with what a boot loader fills in. */
static GBytes *patch_setup(GBytes *kernel, const Plan *plan)
{
    uint8_t *setup = g_malloc(plan->image.setup_size);
    uint32_t heap_end = plan->cmdline_addr - plan->setup_addr;

    memcpy(setup, g_bytes_get_data(kernel, NULL), plan->image.setup_size);
    if (plan->image.version >= 0x202) {
        put(setup, GC_BZIMAGE_CMD_LINE_PTR, 4, plan->cmdline_addr);
    } else {
        put(setup, 0x20, 2, 0xa33f);
        put(setup, 0x22, 2, heap_end);
    }
    setup[GC_BZIMAGE_TYPE_OF_LOADER] = LOADER_QEMU;
    if (plan->image.version >= 0x201) {
        setup[GC_BZIMAGE_LOADFLAGS] |= GC_BZIMAGE_CAN_USE_HEAP;
        put(setup, GC_BZIMAGE_HEAP_END_PTR, 2, heap_end - 0x200);
    }
    if (plan->initrd_size > 0) {
        put(setup, GC_BZIMAGE_RAMDISK_IMAGE, 4, plan->initrd_addr);
        put(setup, GC_BZIMAGE_RAMDISK_SIZE, 4, plan->initrd_size);
    }
    return g_bytes_new_take(setup, plan->image.setup_size);
}

/* Where an item goes, how large it is, and its bytes. */
static bool add_part(GcFwCfg *cfg, const uint16_t keys[3], uint32_t addr,
                     GBytes *bytes, GError **error)
{
    return gc_fw_cfg_add_u32(cfg, keys[0], addr, error) &&
           gc_fw_cfg_add_bytes(cfg, keys[2], bytes, error) &&
           gc_fw_cfg_add_u32(cfg, keys[1], (uint32_t)g_bytes_get_size(bytes),
                             error);
}

static bool add_parts(GcFwCfg *cfg, const GcMachineConfig *config,
                      GBytes *cmdline, const Plan *plan, GError **error)
{
    static const uint16_t setup_keys[] = {
        GC_FW_CFG_SETUP_ADDR, GC_FW_CFG_SETUP_SIZE, GC_FW_CFG_SETUP_DATA};
    static const uint16_t kernel_keys[] = {
        GC_FW_CFG_KERNEL_ADDR, GC_FW_CFG_KERNEL_SIZE, GC_FW_CFG_KERNEL_DATA};
    static const uint16_t cmdline_keys[] = {
        GC_FW_CFG_CMDLINE_ADDR, GC_FW_CFG_CMDLINE_SIZE, GC_FW_CFG_CMDLINE_DATA};
    static const uint16_t initrd_keys[] = {
        GC_FW_CFG_INITRD_ADDR, GC_FW_CFG_INITRD_SIZE, GC_FW_CFG_INITRD_DATA};
    g_autoptr(GBytes) setup = patch_setup(config->kernel, plan);
    g_autoptr(GBytes) rest = g_bytes_new_from_bytes(
        config->kernel, plan->image.setup_size,
        g_bytes_get_size(config->kernel) - plan->image.setup_size);

    return add_part(cfg, cmdline_keys, plan->cmdline_addr, cmdline, error) &&
           add_part(cfg, kernel_keys, plan->kernel_addr, rest, error) &&
           add_part(cfg, setup_keys, plan->setup_addr, setup, error) &&
           (config->initrd == NULL ||
            add_part(cfg, initrd_keys, plan->initrd_addr, config->initrd,
                     error));
}

bool gc_board_add_bzimage(GcFwCfg *cfg, const GcMachineConfig *config,
                          uint64_t low_end, GError **error)
{
    const char *text = config->cmdline != NULL ? config->cmdline : "";
    g_autoptr(GBytes) cmdline = g_bytes_new(text, strlen(text) + 1);
    Plan plan = {0};

    if (!gc_bzimage_has_header(config->kernel)) {
        return gc_board_add_plain_kernel(cfg, config, error);
    }
    return make_plan(config, g_bytes_get_size(cmdline), low_end, &plan,
                     error) &&
           add_parts(cfg, config, cmdline, &plan, error);
}
