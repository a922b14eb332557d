/* SPDX-License-Identifier: MIT */
/* Bytes as hexdump -C prints them: 16 on a line, with their address and as
 * text; lines that repeat the one before are one asterisk. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define HEX_DUMP_WIDTH 16u

/* A dump that goes on over several calls; begins as zeros. */
typedef struct HexDump {
    uint8_t line[HEX_DUMP_WIDTH]; /* the one that was printed last */
    bool has_line;
    bool is_repeated;             /* there is an asterisk after it */
    uint8_t rest[HEX_DUMP_WIDTH]; /* what is not yet a line */
    unsigned n_rest;
} HexDump;

/* Appends the lines of @len bytes at @address, which follow those of the
 * call before.  A line ends 16 bytes after the start, not at multiples. */
void hex_dump_add(HexDump *dump, uint64_t address, const uint8_t *bytes,
                  size_t len, GString *text);

/* Appends the last line, and @address, where it ended. */
void hex_dump_end(HexDump *dump, uint64_t address, GString *text);
