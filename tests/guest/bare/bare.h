/* SPDX-License-Identifier: MIT */
/* What bare-metal guests share: ports, the serial line, the fw_cfg device,
 * the other CPUs.  There is no library and no operating system; memory is
 * where it is, the first 4 GiB of it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Memory that no boot loader touches, so that it outlives a reset. */
#define BARE_SCRATCH 0x300000u

#define FW_CFG_SELECTOR 0x510
#define FW_CFG_DATA 0x511
#define FW_CFG_DMA 0x514

#define FW_CFG_DMA_ERROR 0x01u
#define FW_CFG_DMA_READ 0x02u
#define FW_CFG_DMA_SKIP 0x04u
#define FW_CFG_DMA_SELECT 0x08u
#define FW_CFG_DMA_WRITE 0x10u

/* What a guest is: run by the first CPU, and by each other that it called. */
void guest_main(void);
void guest_other(unsigned cpu);

/* Ports */

static inline void out8(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline void out16(uint16_t port, uint16_t value)
{
    __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline void out32(uint16_t port, uint32_t value)
{
    __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline uint8_t in8(uint16_t port)
{
    uint8_t value;

    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

static inline uint16_t in16(uint16_t port)
{
    uint16_t value;

    __asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

static inline uint32_t in32(uint16_t port)
{
    uint32_t value;

    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

static inline void write_msr(uint32_t number, uint64_t value)
{
    __asm__ volatile("wrmsr"
                     :
                     : "c"(number), "a"((uint32_t)value),
                       "d"((uint32_t)(value >> 32)));
}

static inline uint64_t read_tsc(void)
{
    uint32_t low;
    uint32_t high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

static inline void get_cpuid(uint32_t leaf, uint32_t subleaf,
                             volatile uint32_t *ret_eax,
                             volatile uint32_t *ret_ebx,
                             volatile uint32_t *ret_edx)
{
    __asm__ volatile("cpuid"
                     : "=a"(*ret_eax), "=b"(*ret_ebx), "+c"(subleaf),
                       "=d"(*ret_edx)
                     : "a"(leaf));
}

/* The serial line: %s, %x of an uint64_t. */
void say(const char *format, ...);

/* The number after NAME= on the command line; @otherwise if it is not there. */
uint64_t get_option(const char *name, uint64_t otherwise);

/* The guest stops: halted, counting at @counter, or in a reset. */
__attribute__((noreturn)) void bare_halt(uint64_t cpu);
__attribute__((noreturn)) void bare_count(uint64_t cpu,
                                          volatile uint64_t *counter);
__attribute__((noreturn)) void bare_triple_fault(void);
extern const char bare_halted[];

/* Lets the serial port interrupt this CPU, through the I/O APIC, until that
 * has happened @n times; returns how often it has. */
uint64_t wait_for_serial_interrupts(uint64_t n);

/* Says for ever how often the power button has interrupted this CPU. */
__attribute__((noreturn)) void watch_power_button(void);

/* Calls all other CPUs and waits until @n run with this one; if @n is 1,
 * none is called. */
void start_others(unsigned n);

/* The fw_cfg device */

typedef struct DmaAccess {
    uint32_t control;
    uint32_t length;
    uint64_t address;
} DmaAccess;

uint32_t swap32(uint32_t value);
uint64_t swap64(uint64_t value);

/* Hands over the address of a descriptor; the device acts before this
 * returns. */
void start_dma(uint64_t descriptor);

/* Does one access by DMA; what is left in control is the result. */
uint32_t do_dma(uint32_t control, const volatile void *data, uint32_t length);

/* Reads an item's first bytes through the data register. */
void read_item(uint16_t key, void *to, size_t size);

/* The key of a file, and its size; 0 if there is none. */
uint16_t find_file(const char *name, uint32_t *ret_size);
