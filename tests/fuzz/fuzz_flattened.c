/* SPDX-License-Identifier: MIT */
/* Records of anyone's making behind the header of a flattened file: what is
 * read is what writing them one after the other would have made. */
#include <string.h>

#include "guestcore/error.h"

#include "dump/image/flattened_index.h"
#include "tests/fuzz/fuzz_guest_open.h"

#define HEADER 4096u
#define MAX_FILE (UINT64_C(1) << 20) /* that is compared byte by byte */

static bool read_bytes(void *opaque, uint64_t offset, void *buf, size_t len,
                       GError **error)
{
    const GByteArray *bytes = opaque;

    if (offset > bytes->len || len > bytes->len - offset) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT, "too short");
        return false;
    }
    memcpy(buf, bytes->data + offset, len);
    return true;
}

static GByteArray *make_stream(const uint8_t *data, size_t size)
{
    static const uint8_t head[32] = {"makedumpfile\0\0\0\0"
                                     "\0\0\0\0\0\0\0\1"
                                     "\0\0\0\0\0\0\0\1"};
    GByteArray *bytes = g_byte_array_new();

    g_byte_array_append(bytes, head, sizeof(head));
    g_byte_array_set_size(bytes, HEADER);
    memset(bytes->data + sizeof(head), 0, HEADER - sizeof(head));
    g_byte_array_append(bytes, data, (guint)size);
    return bytes;
}

static uint64_t get_be64(const uint8_t *bytes)
{
    uint64_t value = 0;

    for (int i = 0; i < 8; i++) {
        value = value << 8 | bytes[i];
    }
    return value;
}

/* Writes the records into @file, of @size bytes, as they come. */
static void replay(const uint8_t *data, size_t left, uint8_t *file,
                   uint64_t size)
{
    while (left >= 16) {
        uint64_t offset = get_be64(data);
        uint64_t length = MIN(get_be64(data + 8), left - 16);

        if (length == 0) { /* it breaks off there */
            return;
        }
        if (offset >= size) { /* the end, for all else is in the file */
            g_assert(offset == UINT64_MAX);
            return;
        }
        g_assert(length <= size - offset);
        memcpy(file + offset, data + 16, length);
        data += 16 + length;
        left -= 16 + (size_t)length;
    }
}

/* Reads the whole file, in parts of several sizes. */
static void assert_reads(const GcFile *file, const uint8_t *expected)
{
    static const size_t parts[] = {1, 7, 4096};
    uint8_t buf[4096];
    uint64_t at = 0;

    for (size_t i = 0; at < file->size; i++) {
        size_t part =
            (size_t)MIN(parts[i % G_N_ELEMENTS(parts)], file->size - at);

        g_assert(file->read(file->opaque, at, buf, part, NULL));
        g_assert(memcmp(buf, expected + at, part) == 0);
        at += part;
    }
    g_assert(!file->read(file->opaque, file->size, buf, 1, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GByteArray) bytes = make_stream(data, size);
    GcFile stream = {read_bytes, bytes, bytes->len};
    g_autoptr(GError) error = NULL;
    g_autoptr(GcFlattenedIndex) index = gc_flattened_index_new(&stream, &error);

    g_assert((index == NULL) == (error != NULL));
    if (index != NULL) {
        GcFile file = gc_flattened_index_get_file(index);

        if (file.size <= MAX_FILE) {
            g_autofree uint8_t *expected = g_malloc0(file.size + 1);

            replay(data, size, expected, file.size);
            assert_reads(&file, expected);
        }
    }
    fuzz_guest_open("", bytes->data, bytes->len);
    return 0;
}
