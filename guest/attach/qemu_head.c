/* SPDX-License-Identifier: MIT */
#include "guest/attach/qemu_head.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guestcore/memory.h"

#include "base/error.h"
#include "base/fileio.h"
#include "guest/elf.h"

/* The name under which QEMU keeps our descriptor for a moment. */
#define FD_NAME "guestcore"

/* More than 65535 segments and their notes need. */
#define MAX_HEAD_SIZE (UINT32_C(64) << 20)

#define HEAD_SECONDS 30

static bool pass_fd(GcQmpClient *client, int fd, GError **error)
{
    JsonObject *arguments = json_object_new();
    g_autoptr(JsonNode) result = NULL;

    json_object_set_string_member(arguments, "fdname", FD_NAME);
    if (gc_qmp_client_send(client, "getfd", arguments, fd, error)) {
        result = gc_qmp_client_receive(client, "getfd", error);
    }
    return result != NULL;
}

static JsonObject *make_dump_arguments(void)
{
    JsonObject *arguments = json_object_new();

    json_object_set_boolean_member(arguments, "paging", FALSE);
    json_object_set_string_member(arguments, "protocol", "fd:" FD_NAME);
    return arguments;
}

static bool dump_byte(GcQmpClient *client, GcPaddr paddr, GError **error)
{
    JsonObject *arguments = make_dump_arguments();
    g_autoptr(JsonNode) result = NULL;

    json_object_set_int_member(arguments, "begin", (gint64)paddr);
    json_object_set_int_member(arguments, "length", 1);
    result =
        gc_qmp_client_execute(client, "dump-guest-memory", arguments, error);
    return result != NULL;
}

static bool parse_notes(const GcFile *file, GcQemuNotes *ret_notes,
                        GError **error)
{
    g_autoptr(GcElf) elf = gc_elf_open(file, error);
    const GcArch *arch;

    if (elf == NULL) {
        g_prefix_error(error, "QEMU's notes: ");
        return false;
    }
    arch = gc_arch_find_elf(elf->header.machine, elf->encoding);
    if (arch == NULL) {
        g_set_error(error, GC_ERROR, GC_ERROR_UNSUPPORTED,
                    "the guest's architecture, ELF machine %u, is not "
                    "supported",
                    elf->header.machine);
        return false;
    }
    ret_notes->notes = gc_elf_read_notes(elf, file, error);
    ret_notes->arch = arch;
    return ret_notes->notes != NULL;
}

bool gc_qemu_head_read_notes(GcQmpClient *client, GcPaddr paddr,
                             GcQemuNotes *ret_notes, GError **error)
{
    GC_AUTO_FD fd = memfd_create("guestcore-notes", MFD_CLOEXEC);
    GcFile file;

    if (fd < 0) {
        gc_set_error_errno(error, errno, "cannot make a memfd");
        return false;
    }
    return pass_fd(client, fd, error) && dump_byte(client, paddr, error) &&
           gc_file_init_fd(&file, &fd, error) &&
           parse_notes(&file, ret_notes, error);
}

/* As GcFile.read, of the bytes that have come so far. */
static bool read_bytes(void *opaque, uint64_t offset, void *buf, size_t len,
                       GError **error)
{
    const GByteArray *bytes = opaque;

    if (offset > bytes->len || len > bytes->len - offset) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT, "the head is not whole");
        return false;
    }
    memcpy(buf, bytes->data + offset, len);
    return true;
}

static bool receive_more(int pipe, GByteArray *bytes, GError **error)
{
    struct pollfd poll_fd = {.fd = pipe, .events = POLLIN};
    uint8_t buf[4096];
    ssize_t n;

    if (poll(&poll_fd, 1, HEAD_SECONDS * 1000) == 0) {
        g_set_error(error, GC_ERROR, GC_ERROR_IO, "QEMU writes no dump");
        return false;
    }
    n = read(pipe, buf, sizeof(buf));
    if (n < 0 && errno == EINTR) {
        return true;
    }
    if (n <= 0 || bytes->len > MAX_HEAD_SIZE) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "QEMU's dump has no head");
        return false;
    }
    g_byte_array_append(bytes, buf, (guint)n);
    return true;
}

/* Reads no more than is needed, so that QEMU has written little memory. */
static GcElf *receive_head(int pipe, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();

    while (receive_more(pipe, bytes, error)) {
        GcFile file = {read_bytes, bytes, bytes->len};
        g_autoptr(GcElf) elf = gc_elf_open(&file, NULL);

        if (elf != NULL) {
            return g_steal_pointer(&elf);
        }
    }
    return NULL;
}

static gint compare_blocks(gconstpointer a, gconstpointer b)
{
    const GcMemoryBlock *left = a;
    const GcMemoryBlock *right = b;

    return (left->start > right->start) - (left->start < right->start);
}

static GArray *list_loads(const GcElf *elf)
{
    GArray *ranges = g_array_new(FALSE, FALSE, sizeof(GcMemoryBlock));

    for (guint i = 0; i < elf->segments->len; i++) {
        const GcElfSegment *segment =
            &g_array_index(elf->segments, GcElfSegment, i);
        GcMemoryBlock block = {segment->paddr, segment->memsz};

        if (segment->type == PT_LOAD) {
            g_array_append_val(ranges, block);
        }
    }
    g_array_sort(ranges, compare_blocks);
    return ranges;
}

/* QEMU's answer comes when our end is closed: that the dump failed. */
static GcElf *dump_head(GcQmpClient *client, GError **error)
{
    int ends[2];
    g_autoptr(GcElf) elf = NULL;
    g_autoptr(JsonNode) answer = NULL;
    g_autoptr(GError) answer_error = NULL;
    bool ok;

    if (pipe2(ends, O_CLOEXEC) != 0) {
        gc_set_error_errno(error, errno, "cannot make a pipe");
        return NULL;
    }
    ok = pass_fd(client, ends[1], error) &&
         gc_qmp_client_send(client, "dump-guest-memory", make_dump_arguments(),
                            -1, error);
    gc_close_fd(&ends[1]);
    elf = ok ? receive_head(ends[0], error) : NULL;
    gc_close_fd(&ends[0]);
    if (ok) {
        answer =
            gc_qmp_client_receive(client, "dump-guest-memory", &answer_error);
    }
    if (ok && elf == NULL && answer_error != NULL) {
        g_clear_error(error);
        g_propagate_error(error, g_steal_pointer(&answer_error));
    }
    return g_steal_pointer(&elf);
}

GArray *gc_qemu_head_read_ranges(GcQmpClient *client, GError **error)
{
    g_autoptr(GcElf) elf = dump_head(client, error);

    return elf != NULL ? list_loads(elf) : NULL;
}
