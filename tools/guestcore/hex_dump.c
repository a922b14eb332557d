/* SPDX-License-Identifier: MIT */
#include "hex_dump.h"

#include <inttypes.h>
#include <string.h>

static void append_line(GString *text, uint64_t address, const uint8_t *bytes,
                        size_t n)
{
    g_string_append_printf(text, "%016" PRIx64 " ", address);
    for (size_t i = 0; i < HEX_DUMP_WIDTH; i++) {
        const char *gap = i == HEX_DUMP_WIDTH / 2 ? " " : "";

        if (i < n) {
            g_string_append_printf(text, "%s %02x", gap, bytes[i]);
        } else {
            g_string_append_printf(text, "%s   ", gap);
        }
    }
    g_string_append(text, "  |");
    for (size_t i = 0; i < n; i++) {
        g_string_append_c(text, g_ascii_isprint((char)bytes[i]) ? (char)bytes[i]
                                                                : '.');
    }
    g_string_append(text, "|\n");
}

static void add_line(HexDump *dump, uint64_t address, const uint8_t *bytes,
                     GString *text)
{
    bool same =
        dump->has_line && memcmp(dump->line, bytes, HEX_DUMP_WIDTH) == 0;

    if (!same) {
        append_line(text, address, bytes, HEX_DUMP_WIDTH);
        memcpy(dump->line, bytes, HEX_DUMP_WIDTH);
        dump->has_line = true;
    } else if (!dump->is_repeated) {
        g_string_append(text, "*\n");
    }
    dump->is_repeated = same;
}

void hex_dump_add(HexDump *dump, uint64_t address, const uint8_t *bytes,
                  size_t len, GString *text)
{
    address -= dump->n_rest;
    while (len > 0) {
        size_t part = MIN(len, HEX_DUMP_WIDTH - dump->n_rest);

        memcpy(dump->rest + dump->n_rest, bytes, part);
        dump->n_rest += (unsigned)part;
        bytes += part;
        len -= part;
        if (dump->n_rest == HEX_DUMP_WIDTH) {
            add_line(dump, address, dump->rest, text);
            address += HEX_DUMP_WIDTH;
            dump->n_rest = 0;
        }
    }
}

void hex_dump_end(HexDump *dump, uint64_t address, GString *text)
{
    if (dump->n_rest > 0) {
        append_line(text, address - dump->n_rest, dump->rest, dump->n_rest);
    }
    g_string_append_printf(text, "%016" PRIx64 "\n", address);
}
