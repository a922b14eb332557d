/* SPDX-License-Identifier: MIT */
#include "bare.h"

#include <stdarg.h>

#define CMD_LINE_PTR 0x228 /* in the zero page */

#define COM1 0x3f8
#define COM1_LINE_STATUS 0x3fd
#define LINE_CAN_SEND 0x20
#define COM1_INTERRUPTS 0x3f9
#define COM1_INTERRUPT_ID 0x3fa
#define INTERRUPT_CAN_SEND 0x02
#define COM1_PIN 4
#define POWER_BUTTON_PIN 16

#define PIC_MASK 0x21
#define OTHER_PIC_MASK 0xa1
#define IO_APIC 0xfec00000u
#define IO_APIC_DATA 0x10
#define IO_APIC_PIN_0 0x10
#define VECTOR 0x40
#define CODE 0x10 /* the boot loader's selector */

#define LAPIC 0xfee00000u
#define LAPIC_ID 0x20
#define LAPIC_END 0xb0
#define LAPIC_SPURIOUS 0xf0
#define LAPIC_COMMAND_LOW 0x300
#define LAPIC_COMMAND_HIGH 0x310
#define ALL_OTHERS_INIT 0x000c4500u
#define ALL_OTHERS_START 0x000c4600u

#define TRAMPOLINE 0x3000u /* as in start.S */
#define FILE_DIR 0x19

extern const char trampoline[], trampoline_end[], trampoline_cr3[];
extern volatile unsigned n_started;
void bare_start(const uint8_t *zero_page);
void bare_other(void);

extern const char bare_handler[];
void bare_interrupt(void);

static const char *command_line;
static volatile uint64_t n_interrupts;
static volatile uint64_t gates[2 * (VECTOR + 1)];

/* The compiler calls them. */
void *memcpy(void *to, const void *from, size_t n);
void *memset(void *to, int value, size_t n);

void *memcpy(void *to, const void *from, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ((char *)to)[i] = ((const char *)from)[i];
    }
    return to;
}

void *memset(void *to, int value, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ((char *)to)[i] = (char)value;
    }
    return to;
}

static bool is_equal(const char *one, const char *other)
{
    while (*one != '\0' && *one == *other) {
        one++;
        other++;
    }
    return *one == *other;
}

/* The serial line */

static void put(char letter)
{
    while ((in8(COM1_LINE_STATUS) & LINE_CAN_SEND) == 0) {
    }
    out8(COM1, (uint8_t)letter);
}

static void put_hex(uint64_t value)
{
    int shift = 60;

    while (shift > 0 && value >> shift == 0) {
        shift -= 4;
    }
    for (; shift >= 0; shift -= 4) {
        put("0123456789abcdef"[value >> shift & 15]);
    }
}

static void put_text(const char *text)
{
    for (; *text != '\0'; text++) {
        put(*text);
    }
}

void say(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    for (; *format != '\0'; format++) {
        if (format[0] != '%') {
            put(*format);
            continue;
        }
        format++;
        if (*format == 's') {
            put_text(va_arg(arguments, const char *));
        } else {
            put_hex(va_arg(arguments, uint64_t));
        }
    }
    va_end(arguments);
}

/* What follows @name at @text, or NULL. */
static const char *skip_name(const char *text, const char *name)
{
    while (*name != '\0' && *text == *name) {
        text++;
        name++;
    }
    return *name == '\0' && *text == '=' ? text + 1 : NULL;
}

uint64_t get_option(const char *name, uint64_t otherwise)
{
    for (const char *at = command_line; *at != '\0'; at++) {
        const char *digit = skip_name(at, name);
        uint64_t value = 0;

        if (digit == NULL || (at > command_line && at[-1] != ' ')) {
            continue;
        }
        for (; *digit >= '0' && *digit <= '9'; digit++) {
            value = 10 * value + (uint64_t)(*digit - '0');
        }
        return value;
    }
    return otherwise;
}

/* CPUs */

void bare_start(const uint8_t *zero_page)
{
    uint32_t place;

    memcpy(&place, zero_page + CMD_LINE_PTR, sizeof(place));
    command_line = (const char *)(uintptr_t)place;
    guest_main();
    bare_halt(0);
}

static volatile uint32_t *get_lapic(unsigned offset)
{
    return (volatile uint32_t *)(uintptr_t)(LAPIC + offset);
}

void bare_other(void)
{
    unsigned cpu = *get_lapic(LAPIC_ID) >> 24;

    guest_other(cpu);
    bare_halt(cpu);
}

void start_others(unsigned n)
{
    uint64_t cr3;
    char *place = (char *)(uintptr_t)TRAMPOLINE;

    __asm__ volatile("mov %%cr3, %0" : "=r"(cr3));
    if (n <= 1) {
        return;
    }
    memcpy(place, trampoline, (size_t)(trampoline_end - trampoline));
    *(volatile uint32_t *)(place + (trampoline_cr3 - trampoline)) =
        (uint32_t)cr3;
    *get_lapic(LAPIC_SPURIOUS) = 0x1ff;
    *get_lapic(LAPIC_COMMAND_HIGH) = 0;
    *get_lapic(LAPIC_COMMAND_LOW) = ALL_OTHERS_INIT;
    *get_lapic(LAPIC_COMMAND_LOW) = ALL_OTHERS_START | TRAMPOLINE >> 12;
    while (n_started < n) {
        __asm__ volatile("pause");
    }
}

/* Interrupts */

static void set_io_apic(uint32_t index, uint32_t value)
{
    *(volatile uint32_t *)(uintptr_t)IO_APIC = index;
    *(volatile uint32_t *)(uintptr_t)(IO_APIC + IO_APIC_DATA) = value;
}

/* Called by start.S in the interrupt. */
void bare_interrupt(void)
{
    in8(COM1_INTERRUPT_ID); /* takes the serial port's reason away */
    n_interrupts++;
    *get_lapic(LAPIC_END) = 0;
}

/* A gate of 64 bits for an interrupt, to the code at @handler. */
static void set_gate(unsigned vector, uint64_t handler)
{
    volatile uint64_t *gate = &gates[2 * vector];

    gate[0] = (handler & 0xffff) | (uint64_t)CODE << 16 |
              UINT64_C(0x8e00) << 32 | (handler & 0xffff0000) << 32;
    gate[1] = handler >> 32;
}

/* Lets one pin of the I/O APIC interrupt this CPU when its line rises. */
static void listen_to(unsigned pin)
{
    struct {
        uint16_t limit;
        volatile uint64_t *base;
    } __attribute__((packed)) table = {sizeof(gates) - 1, gates};

    out8(PIC_MASK, 0xff); /* it is connected to the same line */
    out8(OTHER_PIC_MASK, 0xff);
    set_gate(VECTOR, (uintptr_t)bare_handler);
    __asm__ volatile("lidt %0" : : "m"(table));
    *get_lapic(LAPIC_SPURIOUS) = 0x1ff;
    set_io_apic(IO_APIC_PIN_0 + 2 * pin + 1, 0); /* to the first CPU */
    set_io_apic(IO_APIC_PIN_0 + 2 * pin, VECTOR);
}

uint64_t wait_for_serial_interrupts(uint64_t n)
{
    listen_to(COM1_PIN);
    while (n_interrupts < n) {
        out8(COM1_INTERRUPTS, 0);
        out8(COM1_INTERRUPTS, INTERRUPT_CAN_SEND);
        __asm__ volatile("sti; hlt; cli" : : : "memory");
    }
    out8(COM1_INTERRUPTS, 0);
    return n_interrupts;
}

void watch_power_button(void)
{
    listen_to(POWER_BUTTON_PIN);
    say("button\n");
    for (;;) {
        __asm__ volatile("sti; hlt; cli" : : : "memory");
        say("pressed %x\n", n_interrupts);
    }
}

/* The fw_cfg device */

uint32_t swap32(uint32_t value)
{
    return __builtin_bswap32(value);
}

uint64_t swap64(uint64_t value)
{
    return __builtin_bswap64(value);
}

void start_dma(uint64_t descriptor)
{
    out32(FW_CFG_DMA, swap32((uint32_t)(descriptor >> 32)));
    out32(FW_CFG_DMA + 4, swap32((uint32_t)descriptor));
}

uint32_t do_dma(uint32_t control, const volatile void *data, uint32_t length)
{
    volatile DmaAccess access = {swap32(control), swap32(length),
                                 swap64((uintptr_t)data)};

    start_dma((uintptr_t)&access);
    return swap32(access.control);
}

void read_item(uint16_t key, void *to, size_t size)
{
    out16(FW_CFG_SELECTOR, key);
    for (size_t i = 0; i < size; i++) {
        ((uint8_t *)to)[i] = in8(FW_CFG_DATA);
    }
}

uint16_t find_file(const char *name, uint32_t *ret_size)
{
    struct {
        uint32_t size;
        uint16_t key;
        uint16_t reserved;
        char name[56];
    } file;
    uint32_t n;

    read_item(FILE_DIR, &n, sizeof(n));
    for (uint32_t i = 0; i < swap32(n); i++) {
        for (size_t k = 0; k < sizeof(file); k++) {
            ((uint8_t *)&file)[k] = in8(FW_CFG_DATA);
        }
        if (is_equal(file.name, name)) {
            *ret_size = swap32(file.size);
            return __builtin_bswap16(file.key);
        }
    }
    return 0;
}
