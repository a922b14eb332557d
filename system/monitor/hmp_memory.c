/* SPDX-License-Identifier: MIT */
/* What looks into guest memory. */
#include <string.h>

#include "system/monitor/hmp.h"

/* The most that one xp shows, in bytes. */
#define XP_MAX (1024 * 1024)

static bool run_gpa2hva(GcHmpCall *call)
{
    const GcBus *bus = gc_machine_get_memory(gc_vm_get_machine(call->vm));
    const GcBusRange *range;
    uint64_t addr;

    if (!gc_hmp_take_number(call, &addr) || !gc_hmp_take_end(call, "gpa2hva")) {
        return false;
    }
    range = gc_bus_find(bus, addr);
    if (range == NULL) {
        g_string_append_printf(
            call->out,
            "No memory is mapped at address 0x%" G_GINT64_MODIFIER "x\n", addr);
    } else if (range->host == NULL) {
        g_string_append_printf(
            call->out,
            "Memory at address 0x%" G_GINT64_MODIFIER "x is not RAM\n", addr);
    } else {
        g_string_append_printf(
            call->out,
            "Host virtual address for 0x%" G_GINT64_MODIFIER "x (%s) is %p\n",
            addr, range->name, (void *)(range->host + (addr - range->start)));
    }
    return true;
}

/* How xp is to show memory: "/16xw". */
typedef struct Format {
    uint64_t count;
    char type; /* x, d, u, o or c */
    unsigned size;
} Format;

static unsigned get_size(char c)
{
    switch (c) {
    case 'b':
        return 1;
    case 'h':
        return 2;
    case 'w':
        return 4;
    case 'g':
        return 8;
    default:
        return 0;
    }
}

static bool parse_format(GcHmpCall *call, const char *text, Format *format)
{
    char *at = NULL;

    if (g_ascii_isdigit(text[0])) {
        format->count = g_ascii_strtoull(text, &at, 10);
        text = at;
    }
    for (; *text != '\0'; text++) {
        if (get_size(*text) != 0) {
            format->size = get_size(*text);
        } else if (strchr("xduoc", *text) != NULL) {
            format->type = *text;
        } else {
            g_string_append_printf(call->out, "invalid char in format: '%c'\n",
                                   g_ascii_isprint(*text) ? *text : '?');
            return false;
        }
    }
    if (format->type == 'c') {
        format->size = 1;
    }
    return true;
}

static void print_char(GString *out, uint8_t c)
{
    if (c == '\'' || c == '\\') {
        g_string_append_printf(out, " '\\%c'", c);
    } else if (g_ascii_isprint((char)c)) {
        g_string_append_printf(out, " '%c'", c);
    } else {
        g_string_append_printf(out, " '\\x%02x'", c);
    }
}

static int64_t extend_sign(uint64_t value, unsigned size)
{
    unsigned shift = 64 - 8 * size;

    return (int64_t)(value << shift) >> shift;
}

/* As wide as the widest value of the size. */
static void print_value(GString *out, const Format *format, uint64_t value)
{
    int bits = 8 * (int)format->size;
    int digits = (bits * 10 + 32) / 33;

    switch (format->type) {
    case 'o':
        g_string_append_printf(out, " %#*" G_GINT64_MODIFIER "o",
                               (bits + 2) / 3, value);
        break;
    case 'u':
        g_string_append_printf(out, " %*" G_GUINT64_FORMAT, digits, value);
        break;
    case 'd':
        g_string_append_printf(out, " %*" G_GINT64_FORMAT, digits,
                               extend_sign(value, format->size));
        break;
    case 'c':
        print_char(out, (uint8_t)value);
        break;
    default:
        g_string_append_printf(out, " 0x%0*" G_GINT64_MODIFIER "x", bits / 4,
                               value);
    }
}

/* Prints one line of @n values; false where there is no memory. */
static bool print_line(GcHmpCall *call, const Format *format, uint64_t addr,
                       uint64_t n)
{
    const GcBus *bus = gc_machine_get_memory(gc_vm_get_machine(call->vm));
    uint8_t line[16];

    g_string_append_printf(call->out, "%016" G_GINT64_MODIFIER "x:", addr);
    if (!gc_bus_read_ram(bus, addr, line, n * format->size)) {
        g_string_append(call->out, " Cannot access memory\n");
        return false;
    }
    for (uint64_t i = 0; i < n; i++) {
        uint64_t value = 0;

        for (unsigned j = format->size; j > 0; j--) {
            value = value << 8 | line[i * format->size + j - 1];
        }
        print_value(call->out, format, value);
    }
    g_string_append_c(call->out, '\n');
    return true;
}

static bool run_xp(GcHmpCall *call)
{
    Format format = {1, 'x', 4};
    uint64_t addr;
    uint64_t per_line;

    if (call->rest[0] == '/') {
        g_autofree char *word = gc_hmp_take_word(call);

        if (!parse_format(call, word + 1, &format)) {
            return false;
        }
    }
    if (!gc_hmp_take_number(call, &addr) || !gc_hmp_take_end(call, "xp")) {
        return false;
    }
    if (format.count > XP_MAX / format.size) {
        g_string_append_printf(call->out, "xp: more than %d bytes\n", XP_MAX);
        return false;
    }
    per_line = format.size == 1 ? 8 : 16 / format.size;
    while (format.count > 0) {
        uint64_t n = MIN(format.count, per_line);

        if (!print_line(call, &format, addr, n)) {
            break;
        }
        addr += n * format.size;
        format.count -= n;
    }
    return true;
}

static const GcHmpCommand commands[] = {
    {"gpa2hva", "ADDR", "where guest memory is mapped in this process",
     run_gpa2hva},
    {"xp", "[/FORMAT] ADDR", "show guest memory", run_xp},
    {NULL, NULL, NULL, NULL},
};

extern const GcHmpGroup gc_hmp_memory;

const GcHmpGroup gc_hmp_memory = {commands};
