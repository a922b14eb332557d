/* SPDX-License-Identifier: MIT */
#include "hw/state.h"

#include <string.h>

#include "base/error.h"

#define MAGIC_SIZE 8

typedef struct Header {
    char magic[MAGIC_SIZE];
    uint32_t version;
    uint32_t size;
} Header;

/* clang-format off */
static const GcField header_fields[] = {
    GC_FIELD_BYTES(Header, magic),
    GC_FIELD(Header, version, 4, 4),
    GC_FIELD(Header, size, 4, 4),
};
/* clang-format on */
static const GcRecord header_record = GC_RECORD("state", header_fields);
static const GcEncoding encoding = {.is_64bit = true, .big_endian = false};

static void put(const GcRecord *record, const void *host, uint8_t *disk)
{
    bool ok = gc_record_put(record, encoding, host, disk, NULL);

    g_assert(ok); /* a state's fields have their own width */
}

GBytes *gc_state_save(const GcState *state, const void *host)
{
    size_t header_size = gc_record_get_size(&header_record, encoding);
    size_t size = gc_record_get_size(state->record, encoding);
    uint8_t *data = g_malloc0(header_size + size);
    Header header = {.version = state->version, .size = (uint32_t)size};

    memcpy(header.magic, state->magic, MAGIC_SIZE);
    put(&header_record, &header, data);
    put(state->record, host, data + header_size);
    return g_bytes_new_take(data, header_size + size);
}

static bool check_header(const GcState *state, const Header *header,
                         GError **error)
{
    if (memcmp(header->magic, state->magic, MAGIC_SIZE) != 0) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "%s state: not such a record", state->record->name);
        return false;
    }
    if (header->version > state->version) {
        g_set_error(error, GC_ERROR, GC_ERROR_UNSUPPORTED,
                    "%s state: version %u is newer than %u",
                    state->record->name, header->version, state->version);
        return false;
    }
    if (header->version == 0) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "%s state: there is no version 0", state->record->name);
        return false;
    }
    return true;
}

static bool check_size(const GcState *state, uint64_t size, uint64_t expected,
                       GError **error)
{
    if (size != expected) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "%s state: %" G_GUINT64_FORMAT
                    " bytes: should be %" G_GUINT64_FORMAT,
                    state->record->name, size, expected);
        return false;
    }
    return true;
}

bool gc_state_load(const GcState *state, GBytes *bytes, void *host,
                   GError **error)
{
    size_t header_size = gc_record_get_size(&header_record, encoding);
    size_t expected = gc_record_get_size(state->record, encoding);
    size_t size;
    const uint8_t *data = g_bytes_get_data(bytes, &size);
    Header header;

    if (size < header_size) {
        return check_size(state, size, header_size + expected, error);
    }
    gc_record_get(&header_record, encoding, data, &header);
    if (!check_header(state, &header, error) ||
        !check_size(state, header.size, expected, error) ||
        !check_size(state, size, header_size + expected, error)) {
        return false;
    }
    gc_record_get(state->record, encoding, data + header_size, host);
    return true;
}
