/* SPDX-License-Identifier: MIT */
#include "guestcore/log.h"

#include "base/error.h"
#include "guest/guest.h"
#include "guest/log/log_kinds.h"

static uint64_t get_memory_size(const GcMemory *memory)
{
    uint64_t size = 0;

    for (size_t i = 0; i < gc_memory_get_n_blocks(memory); i++) {
        size += gc_memory_get_block(memory, i).size;
    }
    return size;
}

static bool read_any(GcLogReader *reader, GError **error)
{
    if (gc_log_has_ring(reader->text)) {
        return gc_log_read_ring(reader, error);
    }
    if (gc_log_has_records(reader->text)) {
        return gc_log_read_records(reader, error);
    }
    if (gc_log_has_plain(reader->text)) {
        return gc_log_read_plain(reader, error);
    }
    g_set_error(error, GC_ERROR, GC_ERROR_NO_DATA,
                "VMCOREINFO does not tell where the kernel's log is");
    return false;
}

bool gc_guest_read_log(const GcGuest *guest, GcLogFunc each, void *user_data,
                       uint64_t *ret_lost, GError **error)
{
    const GcEncoding encoding = gc_guest_get_arch_info(guest)->encoding;
    g_autofree GcLogReader *reader = g_new0(GcLogReader, 1);
    g_autoptr(GcVirtual) kernel = NULL;
    bool ok;

    reader->text = gc_guest_get_vmcoreinfo_text(guest);
    if (reader->text == NULL) {
        g_set_error(error, GC_ERROR, GC_ERROR_NO_DATA,
                    "without VMCOREINFO the kernel's log cannot be found");
        return false;
    }
    kernel = gc_virtual_new(guest, error);
    if (kernel == NULL) {
        return false;
    }
    reader->kernel = kernel;
    reader->memory_size = get_memory_size(gc_guest_get_memory(guest));
    reader->long_size = encoding.is_64bit ? 8 : 4;
    reader->big_endian = encoding.big_endian;
    reader->each = each;
    reader->user_data = user_data;
    ok = read_any(reader, error);
    if (ok && ret_lost != NULL) {
        *ret_lost = reader->lost;
    }
    return ok;
}
