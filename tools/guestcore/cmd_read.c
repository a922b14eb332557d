/* SPDX-License-Identifier: MIT */
/* guestcore read: memory of a guest, by virtual or physical address. */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "guest_source.h"
#include "hex_dump.h"
#include "out_file.h"

/* How much is read at once; and where a part of that cannot be read, in what
 * pieces, so that nothing is missing before it. */
#define CHUNK_SIZE ((size_t)1 << 20)
#define PIECE_SIZE ((size_t)4096)

typedef struct Options {
    GuestSource source;
    char *output;
    gboolean physical;
    gboolean raw;
} Options;

/* What to read. */
typedef struct Reading {
    const Options *options;
    const GcGuest *guest;
    uint64_t address;
    uint64_t length;
} Reading;

static bool read_at(const Reading *reading, uint64_t address, void *buf,
                    size_t len, GError **error)
{
    return reading->options->physical
               ? gc_memory_read(gc_guest_get_memory(reading->guest), address,
                                buf, len, error)
               : gc_guest_read_virtual(reading->guest, address, buf, len,
                                       error);
}

/* Reads up to the next multiple of @step; returns how much, 0 on failure. */
static size_t read_up_to(const Reading *reading, uint64_t address,
                         uint64_t left, size_t step, void *buf, GError **error)
{
    size_t part = (size_t)MIN(left, step - address % step);

    return read_at(reading, address, buf, part, error) ? part : 0;
}

static bool write_out(OutFile *file, HexDump *dump, uint64_t address,
                      const uint8_t *bytes, size_t len, GError **error)
{
    g_autoptr(GString) text = NULL;

    if (dump == NULL) {
        return out_file_write(file, bytes, len, error);
    }
    text = g_string_new(NULL);
    hex_dump_add(dump, address, bytes, len, text);
    return out_file_write(file, text->str, text->len, error);
}

static bool write_end(OutFile *file, HexDump *dump, uint64_t address,
                      GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);

    if (dump != NULL) {
        hex_dump_end(dump, address, text);
    }
    return out_file_write(file, text->str, text->len, error);
}

/* On standard output, what came before an error is of use. */
static bool stop_early(const Reading *reading, OutFile *file, HexDump *dump,
                       uint64_t at)
{
    if (at != reading->address) {
        write_end(file, dump, at, NULL);
        fflush(file->stream);
    }
    return false;
}

static bool copy(const Reading *reading, OutFile *file, HexDump *dump,
                 GError **error)
{
    g_autofree uint8_t *buf = g_malloc(CHUNK_SIZE);
    uint64_t at = reading->address;
    uint64_t left = reading->length;
    size_t part;

    for (; left > 0; at += part, left -= part) {
        part = read_up_to(reading, at, left, CHUNK_SIZE, buf, NULL);
        if (part == 0) {
            part = read_up_to(reading, at, left, PIECE_SIZE, buf, error);
        }
        if (part == 0) {
            return stop_early(reading, file, dump, at);
        }
        if (!write_out(file, dump, at, buf, part, error)) {
            return false;
        }
    }
    return write_end(file, dump, at, error);
}

static bool write_memory(const Reading *reading, GError **error)
{
    const char *output = reading->options->output;
    HexDump dump = {0};
    OutFile file;
    bool ok =
        out_file_open(&file, output != NULL ? output : "-", error) &&
        copy(reading, &file, reading->options->raw ? NULL : &dump, error) &&
        out_file_finish(&file, error);

    out_file_clear(&file);
    return ok;
}

/* An address as a user writes it: a number, or a symbol of VMCOREINFO and
 * perhaps how far behind it, "init_uts_ns+4". */
static bool parse_address(const Reading *reading, const char *text,
                          uint64_t *ret_address, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(text, "+", 2);
    uint64_t offset = 0;
    uint64_t start;

    if (reading->options->physical || g_ascii_isdigit(text[0])) {
        return command_parse_number("ADDRESS", text, ret_address, error);
    }
    if (parts[0] == NULL ||
        !gc_guest_get_symbol(reading->guest, parts[0], &start)) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "VMCOREINFO has no symbol '%s'; it has few, and other "
                    "addresses must be numbers",
                    parts[0] != NULL ? parts[0] : "");
        return false;
    }
    if (!command_parse_number("the part of ADDRESS after '+'", parts[1],
                              &offset, error)) {
        return false;
    }
    *ret_address = start + offset;
    return true;
}

static bool read_guest(Reading *reading, char **arguments, int n,
                       GError **error)
{
    const char *address = arguments[n - 2];

    if (!parse_address(reading, address, &reading->address, error)) {
        return false;
    }
    if (reading->length > 0 &&
        reading->length - 1 > UINT64_MAX - reading->address) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "there are no %" PRIu64 " bytes from %s on",
                    reading->length, address);
        return false;
    }
    return write_memory(reading, error);
}

static bool run_with(Options *options, char **arguments, int n, GError **error)
{
    Reading reading = {.options = options};
    bool to_terminal =
        (options->output == NULL || out_file_is_stdout(options->output)) &&
        isatty(STDOUT_FILENO);
    bool ok;

    if (n < 2) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                    "read takes a FILE, an ADDRESS and a LENGTH; see "
                    "'guestcore read --help'");
        return false;
    }
    if (options->raw && to_terminal) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                    "--raw writes no bytes to a terminal; -o FILE takes them");
        return false;
    }
    if (!command_parse_number("LENGTH", arguments[n - 1], &reading.length,
                              error)) {
        return false;
    }
    reading.guest =
        guest_source_open(&options->source, arguments, n - 2, error);
    ok = reading.guest != NULL && read_guest(&reading, arguments, n, error);
    return guest_source_close(&options->source, error) && ok;
}

static const char *const description =
    "Prints memory of the guest at a virtual address of its kernel, as its\n"
    "page tables have it.  FILE is a dump; several files are parts of a kdump\n"
    "that was split.  ADDRESS is a number, 0x makes it hexadecimal, or a\n"
    "symbol that VMCOREINFO tells, as init_uts_ns+4; LENGTH is in bytes.";

static bool run(int argc, char **argv, GError **error)
{
    Options options = {0};
    const GOptionEntry entries[] = {
        GUEST_SOURCE_ENTRIES(options.source),
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output,
         "write there, and not to standard output", "FILE"},
        {"physical", 0, 0, G_OPTION_ARG_NONE, &options.physical,
         "ADDRESS is a guest-physical one", NULL},
        {"raw", 0, 0, G_OPTION_ARG_NONE, &options.raw,
         "the bytes themselves, and no hex dump", NULL},
        G_OPTION_ENTRY_NULL};
    bool ok = command_parse(&argc, &argv, "[FILE…] ADDRESS LENGTH", description,
                            entries, error) &&
              run_with(&options, argv + 1, argc - 1, error);

    guest_source_clear(&options.source);
    g_free(options.output);
    return ok;
}

const Command command_read = {
    .name = "read",
    .summary = "print memory of a guest, by virtual address",
    .run = run,
};
