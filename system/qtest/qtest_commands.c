/* SPDX-License-Identifier: MIT */
/* What each line of the qtest protocol does. */
#include <errno.h>
#include <string.h>

#include "system/qtest/qtest_private.h"

static void answer(GcQtestCall *call, const char *format, ...)
    G_GNUC_PRINTF(2, 3);

static void answer(GcQtestCall *call, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_string_append_vprintf(call->reply, format, args);
    va_end(args);
    g_string_append_c(call->reply, '\n');
}

/* Arguments.  Each answers itself when it returns false. */

static bool get_number(GcQtestCall *call, size_t i, uint64_t max,
                       uint64_t *ret_value)
{
    const char *word = call->words[i];
    char *end = NULL;
    uint64_t value = 0;
    bool valid = g_ascii_isdigit(word[0]);

    if (valid) {
        errno = 0;
        value = g_ascii_strtoull(word, &end, 0);
        valid = errno == 0 && *end == '\0' && value <= max;
    }
    if (!valid) {
        answer(call,
               "ERR '%.40s' is not a number up to 0x%" G_GINT64_MODIFIER "x",
               word, max);
        return false;
    }
    *ret_value = value;
    return true;
}

static bool get_signed(GcQtestCall *call, size_t i, int64_t *ret_value)
{
    const char *word = call->words[i];
    bool negative = word[0] == '-';
    char *end = NULL;
    int64_t value = 0;
    bool valid = g_ascii_isdigit(word[negative]);

    if (valid) {
        errno = 0;
        value = g_ascii_strtoll(word, &end, 0);
        valid = errno == 0 && *end == '\0';
    }
    if (!valid) {
        answer(call, "ERR '%.40s' is not a number", word);
        return false;
    }
    *ret_value = value;
    return true;
}

static bool get_range(GcQtestCall *call, uint64_t min_len, uint64_t *ret_addr,
                      size_t *ret_len)
{
    uint64_t len;

    if (!get_number(call, 1, UINT64_MAX, ret_addr) ||
        !get_number(call, 2, UINT64_MAX, &len)) {
        return false;
    }
    if (len < min_len || len > GC_QTEST_MAX_TRANSFER) {
        answer(call, "ERR size must be %" G_GUINT64_FORMAT " to %d", min_len,
               GC_QTEST_MAX_TRANSFER);
        return false;
    }
    *ret_len = (size_t)len;
    return true;
}

static GcMachine *get_machine(GcQtestCall *call)
{
    return gc_vm_get_machine(call->state->vm);
}

static GcBus *get_memory(GcQtestCall *call)
{
    return gc_machine_get_memory(get_machine(call));
}

static GcBus *get_ports(GcQtestCall *call)
{
    return gc_machine_get_ports(get_machine(call));
}

/* I/O ports and memory, one value at a time */

static void run_in(GcQtestCall *call)
{
    uint64_t port;

    if (get_number(call, 1, UINT16_MAX, &port)) {
        uint64_t value = gc_bus_read_uint(get_ports(call), port, call->size);

        answer(call, "OK 0x%04" G_GINT64_MODIFIER "x", value);
    }
}

static void run_out(GcQtestCall *call)
{
    uint64_t port;
    uint64_t value;

    if (get_number(call, 1, UINT16_MAX, &port) &&
        get_number(call, 2, UINT64_MAX, &value)) {
        gc_bus_write_uint(get_ports(call), port, call->size, value);
        answer(call, "OK");
    }
}

static void run_read_value(GcQtestCall *call)
{
    uint64_t addr;

    if (get_number(call, 1, UINT64_MAX, &addr)) {
        uint64_t value = gc_bus_read_uint(get_memory(call), addr, call->size);

        answer(call, "OK 0x%016" G_GINT64_MODIFIER "x", value);
    }
}

static void run_write_value(GcQtestCall *call)
{
    uint64_t addr;
    uint64_t value;

    if (get_number(call, 1, UINT64_MAX, &addr) &&
        get_number(call, 2, UINT64_MAX, &value)) {
        gc_bus_write_uint(get_memory(call), addr, call->size, value);
        answer(call, "OK");
    }
}

/* Memory, many bytes at a time */

/* Two digits a byte, in one go: there may be many. */
static void append_hex(GString *out, const uint8_t *bytes, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    gsize at = out->len;
    char *text;

    g_string_set_size(out, at + 2 * len);
    text = out->str + at;
    for (size_t i = 0; i < len; i++) {
        *text++ = digits[bytes[i] >> 4];
        *text++ = digits[bytes[i] & 15];
    }
}

static void run_read(GcQtestCall *call)
{
    g_autofree uint8_t *buf = NULL;
    uint64_t addr;
    size_t len;

    if (!get_range(call, 1, &addr, &len)) {
        return;
    }
    buf = g_malloc(len);
    gc_bus_read(get_memory(call), addr, buf, len);
    g_string_append(call->reply, "OK 0x");
    append_hex(call->reply, buf, len);
    g_string_append_c(call->reply, '\n');
}

/* True if @text was at least a prefix and a digit, as QEMU wants it. */
static bool check_data(GcQtestCall *call, const char *text)
{
    if (strlen(text) < 3) {
        answer(call, "ERR invalid argument size");
        return false;
    }
    return true;
}

/* Hexadecimal digits, two a byte; missing ones and half a byte are 0. */
static bool decode_hex(GcQtestCall *call, const char *text, uint8_t *buf,
                       size_t len)
{
    size_t n_digits = 0;

    if (g_str_has_prefix(text, "0x") || g_str_has_prefix(text, "0X")) {
        text += 2;
        n_digits = strspn(text, "0123456789abcdefABCDEF");
    }
    if (n_digits == 0 || text[n_digits] != '\0') {
        answer(call, "ERR data must be 0x and hexadecimal digits");
        return false;
    }
    for (size_t i = 0; i < MIN(len, n_digits / 2); i++) {
        buf[i] = (uint8_t)(g_ascii_xdigit_value(text[2 * i]) << 4 |
                           g_ascii_xdigit_value(text[2 * i + 1]));
    }
    return true;
}

static void run_write(GcQtestCall *call)
{
    g_autofree uint8_t *buf = NULL;
    uint64_t addr;
    size_t len;

    if (!get_range(call, 1, &addr, &len) || !check_data(call, call->words[3])) {
        return;
    }
    buf = g_malloc0(len);
    if (decode_hex(call, call->words[3], buf, len)) {
        gc_bus_write(get_memory(call), addr, buf, len);
        answer(call, "OK");
    }
}

static void run_b64read(GcQtestCall *call)
{
    g_autofree uint8_t *buf = NULL;
    g_autofree char *text = NULL;
    uint64_t addr;
    size_t len;

    if (!get_range(call, 1, &addr, &len)) {
        return;
    }
    buf = g_malloc(len);
    gc_bus_read(get_memory(call), addr, buf, len);
    text = g_base64_encode(buf, len);
    g_string_append_printf(call->reply, "OK %s\n", text);
}

static void run_b64write(GcQtestCall *call)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   "abcdefghijklmnopqrstuvwxyz"
                                   "0123456789+/=";
    const char *text = call->words[3];
    g_autofree uint8_t *buf = NULL;
    gsize decoded = 0;
    uint64_t addr;
    size_t len;

    if (!get_range(call, 1, &addr, &len) || !check_data(call, text)) {
        return;
    }
    if (text[strspn(text, alphabet)] != '\0') {
        answer(call, "ERR data is not base64");
        return;
    }
    buf = g_base64_decode(text, &decoded);
    gc_bus_write(get_memory(call), addr, buf, MIN(len, decoded));
    answer(call, "OK");
}

static void run_memset(GcQtestCall *call)
{
    g_autofree uint8_t *buf = NULL;
    uint64_t addr;
    uint64_t value;
    size_t len;

    if (!get_range(call, 0, &addr, &len) ||
        !get_number(call, 3, UINT64_MAX, &value)) {
        return;
    }
    buf = g_malloc(len + 1);
    memset(buf, (int)(value & 0xff), len);
    gc_bus_write(get_memory(call), addr, buf, len);
    answer(call, "OK");
}

static void run_endianness(GcQtestCall *call)
{
    answer(call, "OK little");
}

/* Interrupts.  No device of ours raises any, but a client may play one. */

typedef struct Controller {
    const char *machine;
    const char *path;
    unsigned n_pins;
} Controller;

static const Controller *find_controller(GcQtestCall *call)
{
    static const Controller controllers[] = {
        {"pc", "ioapic", 24},
        {"q35", "ioapic", 24},
    };
    const char *machine = gc_machine_get_type(get_machine(call))->name;

    for (size_t i = 0; i < G_N_ELEMENTS(controllers); i++) {
        if (strcmp(controllers[i].machine, machine) == 0 &&
            strcmp(controllers[i].path, call->words[1]) == 0) {
            return &controllers[i];
        }
    }
    answer(call, "FAIL Unknown device");
    return NULL;
}

static void run_irq_intercept_in(GcQtestCall *call)
{
    const Controller *controller = find_controller(call);
    GcQtestState *state = call->state;

    if (controller == NULL) {
        return;
    }
    if (state->intercepted != NULL && state->intercepted != controller->path) {
        answer(call, "FAIL IRQ intercept already enabled");
        return;
    }
    state->intercepted = controller->path;
    answer(call, "OK");
}

static void run_irq_intercept_out(GcQtestCall *call)
{
    if (find_controller(call) != NULL) {
        answer(call, "OK");
    }
}

static void run_set_irq_in(GcQtestCall *call)
{
    const Controller *controller = find_controller(call);
    GcQtestState *state = call->state;
    uint64_t pin;
    int64_t level;

    if (controller == NULL) {
        return;
    }
    if (strcmp(call->words[2], "unnamed-gpio-in") != 0) {
        answer(call, "FAIL Unknown input");
        return;
    }
    if (!get_number(call, 3, controller->n_pins - 1, &pin) ||
        !get_signed(call, 4, &level)) {
        return;
    }
    if (state->intercepted == controller->path &&
        (state->levels >> pin & 1) != (level != 0)) {
        state->levels ^= UINT64_C(1) << pin;
        answer(call, "IRQ %s %" G_GUINT64_FORMAT,
               level != 0 ? "raise" : "lower", pin);
    }
    answer(call, "OK");
}

/* The clock.  Nothing waits for it, so a step without a length has nowhere
 * to go. */

static void run_clock_step(GcQtestCall *call)
{
    GcQtestState *state = call->state;
    int64_t ns;

    if (call->n_words == 1) {
        answer(call, "FAIL cannot advance clock to the next deadline because "
                     "there is no pending deadline");
        return;
    }
    if (!get_signed(call, 1, &ns)) {
        return;
    }
    if (ns < 0 || ns > INT64_MAX - state->clock) {
        answer(call, "FAIL could not advance time");
        return;
    }
    state->clock += ns;
    answer(call, "OK %" G_GINT64_FORMAT, state->clock);
}

static void run_clock_set(GcQtestCall *call)
{
    GcQtestState *state = call->state;
    int64_t ns;

    if (!get_signed(call, 1, &ns)) {
        return;
    }
    state->clock = MAX(state->clock, ns);
    answer(call, "%s %" G_GINT64_FORMAT, state->clock == ns ? "OK" : "FAIL",
           state->clock);
}

static void run_module_load(GcQtestCall *call)
{
    answer(call, "FAIL");
}

/* clang-format off */
const GcQtestCommand gc_qtest_commands[] = {
    {"endianness",        0, 0, run_endianness,        0, false},
    {"inb",               1, 1, run_in,                1, false},
    {"inw",               1, 1, run_in,                2, false},
    {"inl",               1, 1, run_in,                4, false},
    {"outb",              2, 2, run_out,               1, false},
    {"outw",              2, 2, run_out,               2, false},
    {"outl",              2, 2, run_out,               4, false},
    {"readb",             1, 1, run_read_value,        1, false},
    {"readw",             1, 1, run_read_value,        2, false},
    {"readl",             1, 1, run_read_value,        4, false},
    {"readq",             1, 1, run_read_value,        8, false},
    {"writeb",            2, 2, run_write_value,       1, false},
    {"writew",            2, 2, run_write_value,       2, false},
    {"writel",            2, 2, run_write_value,       4, false},
    {"writeq",            2, 2, run_write_value,       8, false},
    {"read",              2, 2, run_read,              0, false},
    {"write",             3, 3, run_write,             0, false},
    {"b64read",           2, 2, run_b64read,           0, false},
    {"b64write",          3, 3, run_b64write,          0, false},
    {"memset",            3, 3, run_memset,            0, false},
    {"irq_intercept_in",  1, 1, run_irq_intercept_in,  0, false},
    {"irq_intercept_out", 1, 2, run_irq_intercept_out, 0, false},
    {"set_irq_in",        4, 4, run_set_irq_in,        0, false},
    {"clock_step",        0, 1, run_clock_step,        0, true},
    {"clock_set",         1, 1, run_clock_set,         0, true},
    {"module_load",       2, 2, run_module_load,       0, false},
    {NULL,                0, 0, NULL,                  0, false},
};
/* clang-format on */
