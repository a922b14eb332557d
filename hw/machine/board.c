/* SPDX-License-Identifier: MIT */
/* RAM and fw_cfg, as every machine has them. */
#include "hw/machine/board.h"

#include <string.h>

#include "base/byteorder.h"
#include "base/error.h"
#include "hw/aml_writer.h"

#define MAX_WAIT 0xffff /* ms, in 16 bits */

bool gc_board_add_ram(GcMachine *machine, GcPaddr start, uint64_t size,
                      uint64_t offset, GError **error)
{
    const GcBusRange range = {
        .name = machine->ram_name,
        .start = start,
        .size = size,
        .host = machine->ram + offset,
        .ram_offset = offset,
    };

    return gc_bus_add(machine->memory, &range, error);
}

static bool read_memory(void *opaque, GcPaddr paddr, void *buf, size_t len)
{
    return gc_bus_read_ram(opaque, paddr, buf, len);
}

static bool write_memory(void *opaque, GcPaddr paddr, const void *buf,
                         size_t len)
{
    return gc_bus_write_ram(opaque, paddr, buf, len);
}

static bool check_memory(void *opaque, GcPaddr paddr, uint64_t len)
{
    return gc_bus_is_ram(opaque, paddr, len);
}

static const GcFwCfgMemoryOps memory_ops = {
    .read = read_memory,
    .write = write_memory,
    .check = check_memory,
};

static void reset_fw_cfg(void *opaque)
{
    gc_fw_cfg_reset(opaque);
}

static void free_fw_cfg(void *opaque)
{
    gc_fw_cfg_free(opaque);
}

/* A machine that ACPI describes has it behind I/O ports. */
static void write_fw_cfg_acpi(void *opaque, GcAml *aml)
{
    gc_aml_begin_device(aml, "FWCF");
    gc_aml_add_string(aml, "_HID", "QEMU0002");
    gc_aml_add_integer(aml, "_STA", 0x0b); /* works, but is not for users */
    gc_aml_begin_resources(aml);
    gc_aml_add_ports(aml, GC_FW_CFG_IO_BASE,
                     gc_fw_cfg_has_dma(opaque) ? GC_FW_CFG_IO_SIZE : 2);
    gc_aml_end(aml);
    gc_aml_end(aml);
}

static const GcDeviceOps fw_cfg_ops = {
    .reset = reset_fw_cfg,
    .write_acpi = write_fw_cfg_acpi,
    .free = free_fw_cfg,
};

static bool add_integer_file(GcFwCfg *cfg, const char *name, size_t width,
                             uint64_t value, GError **error)
{
    uint8_t data[sizeof(value)];
    g_autoptr(GBytes) bytes = NULL;

    gc_put_uint(data, width, false, value);
    bytes = g_bytes_new(data, width);
    return gc_fw_cfg_add_file(cfg, name, bytes, error);
}

bool gc_board_add_u32_file(GcFwCfg *cfg, const char *name, uint32_t value,
                           GError **error)
{
    return add_integer_file(cfg, name, sizeof(value), value, error);
}

static bool check_times(const GcMachineConfig *config, GError **error)
{
    if (config->splash_time < -1 || config->splash_time > MAX_WAIT) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "splash-time %d: must be 0 to %d", config->splash_time,
                    MAX_WAIT);
        return false;
    }
    if (config->reboot_timeout < -1 || config->reboot_timeout > MAX_WAIT) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "reboot-timeout %d: must be -1 to %d",
                    config->reboot_timeout, MAX_WAIT);
        return false;
    }
    return true;
}

static bool add_boot_items(GcFwCfg *cfg, const GcMachineConfig *config,
                           GError **error)
{
    return check_times(config, error) &&
           gc_fw_cfg_add_u16(cfg, GC_FW_CFG_BOOT_MENU, config->boot_menu,
                             error) &&
           (config->splash_time < 0 ||
            add_integer_file(cfg, "etc/boot-menu-wait", sizeof(uint16_t),
                             (uint64_t)config->splash_time, error)) &&
           gc_board_add_u32_file(cfg, "etc/boot-fail-wait",
                                 (uint32_t)config->reboot_timeout, error);
}

static bool add_user_files(GcFwCfg *cfg, const GcMachineConfig *config,
                           GError **error)
{
    for (size_t i = 0; i < config->n_files; i++) {
        if (!gc_fw_cfg_add_file(cfg, config->files[i].name,
                                config->files[i].bytes, error)) {
            return false;
        }
    }
    return true;
}

static bool add_common_items(GcFwCfg *cfg, const GcMachineConfig *config,
                             GError **error)
{
    g_autoptr(GBytes) uuid = g_bytes_new(config->uuid, sizeof(config->uuid));

    return (config->fw_cfg_slots == 0 ||
            gc_fw_cfg_set_slots(cfg, config->fw_cfg_slots, error)) &&
           gc_fw_cfg_add_bytes(cfg, GC_FW_CFG_UUID, uuid, error) &&
           gc_fw_cfg_add_u16(cfg, GC_FW_CFG_NOGRAPHIC, config->nographic,
                             error) &&
           gc_fw_cfg_add_u16(cfg, GC_FW_CFG_NB_CPUS, (uint16_t)config->n_cpus,
                             error) &&
           add_boot_items(cfg, config, error) &&
           add_user_files(cfg, config, error);
}

bool gc_board_add_fw_cfg(GcMachine *machine, const GcMachineConfig *config,
                         const GcBoardFwCfg *place, GError **error)
{
    bool has_dma = !config->fw_cfg_no_dma;
    GcFwCfg *cfg = gc_fw_cfg_new(has_dma ? &memory_ops : NULL, machine->memory);
    const GcBusRange window = {
        .name = "fw_cfg",
        .start = place->start,
        .size = has_dma ? place->size_with_dma : place->size_without_dma,
        .ops = place->ops,
        .opaque = cfg,
    };

    machine->fw_cfg = cfg;
    gc_machine_take_device(machine, gc_device_new("fw_cfg", &fw_cfg_ops, cfg));
    return gc_bus_add(place->bus, &window, error) &&
           add_common_items(cfg, config, error);
}

/* A size and the bytes that have it. */
static bool add_blob(GcFwCfg *cfg, uint16_t size_key, uint16_t data_key,
                     GBytes *bytes, GError **error)
{
    return bytes == NULL ||
           (gc_fw_cfg_add_bytes(cfg, data_key, bytes, error) &&
            gc_fw_cfg_add_u32(cfg, size_key, (uint32_t)g_bytes_get_size(bytes),
                              error));
}

bool gc_board_add_plain_kernel(GcFwCfg *cfg, const GcMachineConfig *config,
                               GError **error)
{
    const char *cmdline = config->cmdline != NULL ? config->cmdline : "";

    return add_blob(cfg, GC_FW_CFG_KERNEL_SIZE, GC_FW_CFG_KERNEL_DATA,
                    config->kernel, error) &&
           add_blob(cfg, GC_FW_CFG_INITRD_SIZE, GC_FW_CFG_INITRD_DATA,
                    config->initrd, error) &&
           gc_fw_cfg_add_u32(cfg, GC_FW_CFG_CMDLINE_SIZE,
                             (uint32_t)strlen(cmdline) + 1, error) &&
           gc_fw_cfg_add_string(cfg, GC_FW_CFG_CMDLINE_DATA, cmdline, error);
}
