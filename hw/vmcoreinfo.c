/* SPDX-License-Identifier: MIT */
/* The vmcoreinfo device: what one fw_cfg file means. */
#include "guestcore/vmcoreinfo.h"

#include "base/error.h"
#include "base/record.h"
#include "base/trace.h"
#include "hw/state.h"

/* The names are those that debugger scripts for QEMU look for. */
typedef struct Fields {
    uint16_t host_format;
    uint16_t guest_format;
    uint32_t size;
    uint64_t paddr;
} Fields;

struct GcVmcoreinfo {
    GcFwCfg *cfg;
    bool has_vmcoreinfo;
    Fields vmcoreinfo;
};

/* clang-format off */
static const GcField file_fields[] = {
    GC_FIELD(Fields, host_format, 2, 2),
    GC_FIELD(Fields, guest_format, 2, 2),
    GC_FIELD(Fields, size, 4, 4),
    GC_FIELD(Fields, paddr, 8, 8),
};
/* clang-format on */
static const GcRecord file_record = GC_RECORD("vmcoreinfo", file_fields);
static const GcEncoding file_encoding = {.is_64bit = true, .big_endian = false};

static const Fields initial_fields = {.host_format = GC_VMCOREINFO_FORMAT_ELF};

typedef struct Saved {
    uint8_t present;
    Fields fields;
} Saved;

/* clang-format off */
static const GcField saved_fields[] = {
    GC_FIELD(Saved, present, 1, 1),
    GC_FIELD(Saved, fields.host_format, 2, 2),
    GC_FIELD(Saved, fields.guest_format, 2, 2),
    GC_FIELD(Saved, fields.size, 4, 4),
    GC_FIELD(Saved, fields.paddr, 8, 8),
};
/* clang-format on */
static const GcRecord saved_record = GC_RECORD("vmcoreinfo", saved_fields);
static const GcState saved_state = {"gcVMCOI", 1, &saved_record};

static void put_file(const Fields *fields, uint8_t *data)
{
    bool ok = gc_record_put(&file_record, file_encoding, fields, data, NULL);

    g_assert(ok); /* every field has its own width */
}

static GBytes *new_file(const Fields *fields)
{
    uint8_t data[GC_VMCOREINFO_SIZE];

    put_file(fields, data);
    return g_bytes_new(data, sizeof(data));
}

/* Takes over @fields, and shows them to the guest. */
static void set_fields(GcVmcoreinfo *vmcoreinfo, const Fields *fields,
                       bool is_present)
{
    g_autoptr(GBytes) bytes = new_file(fields);
    bool ok =
        gc_fw_cfg_set_file(vmcoreinfo->cfg, GC_VMCOREINFO_FILE, bytes, NULL);

    g_assert(ok); /* the file is there and has this size */
    vmcoreinfo->vmcoreinfo = *fields;
    vmcoreinfo->has_vmcoreinfo = is_present;
}

/* The guest wrote.  What it says about the host is not its business: Linux
 * writes 0 there, in the same 16 bytes. */
static void on_write(void *opaque, uint8_t *data, size_t size, size_t offset,
                     size_t len)
{
    GcVmcoreinfo *vmcoreinfo = opaque;
    Fields *fields = &vmcoreinfo->vmcoreinfo;

    gc_record_get(&file_record, file_encoding, data, fields);
    fields->host_format = initial_fields.host_format;
    put_file(fields, data);
    vmcoreinfo->has_vmcoreinfo =
        offset == 0 && len == size &&
        fields->guest_format != GC_VMCOREINFO_FORMAT_NONE;
    gc_trace(FW_CFG,
             "vmcoreinfo: %s: format %u, %u bytes at 0x%" G_GINT64_MODIFIER "x",
             vmcoreinfo->has_vmcoreinfo ? "given" : "withdrawn",
             fields->guest_format, fields->size, fields->paddr);
}

static const GcFwCfgFileOps file_ops = {.write = on_write};

static bool check_cfg(const GcFwCfg *cfg, GError **error)
{
    if (gc_fw_cfg_find_file(cfg, GC_VMCOREINFO_FILE) != GC_FW_CFG_INVALID) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "at most one vmcoreinfo device is permitted");
        return false;
    }
    if (!gc_fw_cfg_has_dma(cfg)) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "vmcoreinfo device requires fw_cfg with DMA");
        return false;
    }
    return true;
}

/* Shows @vmcoreinfo to a debugger, which finds the variable by the name of
 * the function, as it does in QEMU; returns what was shown before.  Nothing
 * here may be optimized away: who reads it is not part of the program. */
__attribute__((noinline, used)) static GcVmcoreinfo *
vmcoreinfo_realize(GcVmcoreinfo *vmcoreinfo)
{
    static GcVmcoreinfo *volatile vmcoreinfo_state __attribute__((used));
    GcVmcoreinfo *before = vmcoreinfo_state;

    vmcoreinfo_state = vmcoreinfo;
    return before;
}

GcVmcoreinfo *gc_vmcoreinfo_new(GcFwCfg *cfg, GError **error)
{
    g_autoptr(GBytes) bytes = new_file(&initial_fields);
    GcVmcoreinfo *vmcoreinfo;

    if (!check_cfg(cfg, error) ||
        !gc_fw_cfg_add_writable_file(cfg, GC_VMCOREINFO_FILE, bytes, error)) {
        return NULL;
    }
    vmcoreinfo = g_new0(GcVmcoreinfo, 1);
    vmcoreinfo->cfg = cfg;
    vmcoreinfo->vmcoreinfo = initial_fields;
    gc_fw_cfg_watch_file(cfg, GC_VMCOREINFO_FILE, &file_ops, vmcoreinfo, NULL);
    vmcoreinfo_realize(vmcoreinfo);
    return vmcoreinfo;
}

void gc_vmcoreinfo_free(GcVmcoreinfo *vmcoreinfo)
{
    GcVmcoreinfo *shown;

    if (vmcoreinfo == NULL) {
        return;
    }
    shown = vmcoreinfo_realize(NULL);
    vmcoreinfo_realize(shown != vmcoreinfo ? shown : NULL);
    gc_fw_cfg_watch_file(vmcoreinfo->cfg, GC_VMCOREINFO_FILE, NULL, NULL, NULL);
    g_free(vmcoreinfo);
}

void gc_vmcoreinfo_reset(GcVmcoreinfo *vmcoreinfo)
{
    set_fields(vmcoreinfo, &initial_fields, false);
}

GcVmcoreinfoState gc_vmcoreinfo_get_state(const GcVmcoreinfo *vmcoreinfo)
{
    return (GcVmcoreinfoState){
        .present = vmcoreinfo->has_vmcoreinfo,
        .host_format = vmcoreinfo->vmcoreinfo.host_format,
        .guest_format = vmcoreinfo->vmcoreinfo.guest_format,
        .size = vmcoreinfo->vmcoreinfo.size,
        .paddr = vmcoreinfo->vmcoreinfo.paddr,
    };
}

GBytes *gc_vmcoreinfo_save(const GcVmcoreinfo *vmcoreinfo)
{
    const Saved saved = {
        .present = vmcoreinfo->has_vmcoreinfo ? 1 : 0,
        .fields = vmcoreinfo->vmcoreinfo,
    };

    return gc_state_save(&saved_state, &saved);
}

static bool check_saved(const Saved *saved, GError **error)
{
    const Fields *fields = &saved->fields;

    if (saved->present > 1 ||
        (saved->present == 1 &&
         fields->guest_format == GC_VMCOREINFO_FORMAT_NONE)) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "vmcoreinfo state: present %u with guest format %u",
                    saved->present, fields->guest_format);
        return false;
    }
    if (fields->host_format != initial_fields.host_format) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "vmcoreinfo state: host format %u: this host has %u",
                    fields->host_format, initial_fields.host_format);
        return false;
    }
    return true;
}

bool gc_vmcoreinfo_restore(GcVmcoreinfo *vmcoreinfo, GBytes *state,
                           GError **error)
{
    Saved saved;

    if (!gc_state_load(&saved_state, state, &saved, error) ||
        !check_saved(&saved, error)) {
        return false;
    }
    set_fields(vmcoreinfo, &saved.fields, saved.present == 1);
    return true;
}
