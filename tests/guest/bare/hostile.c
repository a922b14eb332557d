/* SPDX-License-Identifier: MIT */
/* A guest that tries everything on the fw_cfg device that a driver would not:
 * registers in all widths and at all offsets, strings of them, DMA descriptors
 * that lie and point anywhere, addresses where nothing is.  The command line
 * says how much, and which of the many sequences it is:
 *
 *   operations=N, seed=N
 *   cpus=N     as many CPUs do it, each its own sequence
 *   end=1      at last it has the device write over its own page tables
 *   end=2      at last it runs code where no memory is
 *
 * It takes care not to hit itself, but may: then the machine is reset, and it
 * begins again with another sequence. */
#include "bare.h"

#define WINDOW_FIRST 0x50c /* some ports before and after the device's, too */
#define WINDOW_SIZE 0x18
#define HOLE 0xd0000000u /* no memory, on any machine */
#define RAM_SIZE 0x03
#define FLASH_END 0xffffff00u
#define LOCAL_APIC 0xfee00000u
#define BUFFER_SIZE 0x8000
#define BUFFER_ROOM 0x10000u /* of each CPU */

static volatile uint64_t *const boots = (volatile uint64_t *)BARE_SCRATCH;
static volatile unsigned n_done;
static uint64_t memory_end;

/* Where pseudo-random numbers come from, and memory to play with; each CPU
 * has its own. */
typedef struct Random {
    uint64_t state;
    volatile uint8_t *buffer;
} Random;

static uint64_t next(Random *random)
{
    random->state ^= random->state << 13;
    random->state ^= random->state >> 7;
    random->state ^= random->state << 17;
    return random->state * 0x2545f4914f6cdd1du >> 16;
}

static uint64_t below(Random *random, uint64_t limit)
{
    return next(random) % limit;
}

/* Page tables of the boot loader's, behind the part that is in use. */
static uint64_t get_unused_table(void)
{
    uint64_t cr3;

    __asm__ volatile("mov %%cr3, %0" : "=r"(cr3));
    return (cr3 & ~UINT64_C(0xfff)) + 8 * 256;
}

/* An address that could do harm, if that is possible. */
static uint64_t pick_address(Random *random)
{
    uint64_t near = below(random, 64);

    switch (below(random, 10)) {
    case 0:
        return HOLE + near;
    case 1:
        return memory_end - 32 + near;
    case 2:
        return FW_CFG_SELECTOR + near; /* if ports were memory */
    case 3:
        return LOCAL_APIC + 0x20 + near;
    case 4:
        return FLASH_END + near * 4;
    case 5:
        return UINT64_MAX - near;
    case 6:
        return next(random) << 16 | HOLE;
    case 7:
        return get_unused_table() + near * 8;
    default:
        return (uintptr_t)random->buffer + below(random, BUFFER_SIZE);
    }
}

static void do_port(Random *random)
{
    uint16_t port = (uint16_t)(WINDOW_FIRST + below(random, WINDOW_SIZE));
    uint32_t value = (uint32_t)next(random);

    switch (below(random, 6)) {
    case 0:
        out8(port, (uint8_t)value);
        break;
    case 1:
        out16(port, (uint16_t)value);
        break;
    case 2:
        out32(port, value);
        break;
    case 3:
        in8(port);
        break;
    case 4:
        in16(port);
        break;
    default:
        in32(port);
        break;
    }
}

#define STRING(instruction, direction)                                         \
    __asm__ volatile("rep " instruction                                        \
                     : "+c"(count), "+" direction(at)                          \
                     : "d"(port)                                               \
                     : "memory")

/* Strings, also into and out of where no memory is. */
static void do_string(Random *random)
{
    uint16_t port = (uint16_t)(WINDOW_FIRST + below(random, WINDOW_SIZE));
    uint64_t count = below(random, 200);
    uint64_t at = below(random, 8) == 0
                      ? HOLE - 100
                      : (uintptr_t)random->buffer + below(random, 64);

    switch (below(random, 6)) {
    case 0:
        STRING("insb", "D");
        break;
    case 1:
        STRING("insw", "D");
        break;
    case 2:
        STRING("insl", "D");
        break;
    case 3:
        STRING("outsb", "S");
        break;
    case 4:
        STRING("outsw", "S");
        break;
    default:
        STRING("outsl", "S");
        break;
    }
}

/* A key that may be that of an item. */
static uint16_t pick_key(Random *random)
{
    uint16_t key = (uint16_t)below(random, 0x40);

    return below(random, 4) == 0 ? (uint16_t)next(random) : key;
}

static uint32_t pick_length(Random *random)
{
    switch (below(random, 4)) {
    case 0:
        return (uint32_t)next(random);
    case 1:
        return 0;
    default:
        return (uint32_t)below(random, 512);
    }
}

static uint32_t pick_control(Random *random)
{
    uint32_t control = (uint32_t)pick_key(random) << 16;

    return below(random, 8) == 0 ? (uint32_t)next(random)
                                 : control | (uint32_t)below(random, 32);
}

/* A descriptor in memory, maybe one that the device itself would write to
 * and does; what it reads goes to the buffer or to where nothing is, but not
 * to the page tables: that is the end. */
static void do_dma_access(Random *random)
{
    volatile DmaAccess *access =
        (volatile DmaAccess *)(random->buffer + below(random, 256));
    uint64_t target = pick_address(random);

    access->length =
        swap32(target < memory_end - 64 ? (uint32_t)below(random, 512)
                                        : pick_length(random));
    if (target >> 12 == get_unused_table() >> 12) {
        access->control = swap32(FW_CFG_DMA_WRITE);
    } else {
        access->control = swap32(pick_control(random));
    }
    access->address = swap64(target);
    start_dma((uintptr_t)access);
}

/* A descriptor where there should be none. */
static void do_stray_descriptor(Random *random)
{
    uint64_t at = pick_address(random);

    start_dma(at < memory_end - 64 ? get_unused_table() : at);
}

static void do_half_an_address(Random *random)
{
    uint16_t port = (uint16_t)(FW_CFG_DMA + below(random, 8));

    out16(port, (uint16_t)next(random));
    out8(port, (uint8_t)next(random));
}

/* Memory where none is, in all widths and across the ends of pages. */
static void do_memory(Random *random)
{
    uint64_t at = HOLE + 0xff0 + below(random, 32);
    uint64_t value = next(random);

    switch (below(random, 5)) {
    case 0:
        *(volatile uint8_t *)at = (uint8_t)value;
        break;
    case 1:
        *(volatile uint16_t *)at = (uint16_t)value;
        break;
    case 2:
        *(volatile uint32_t *)at = (uint32_t)value;
        break;
    case 3:
        *(volatile uint64_t *)at = value;
        break;
    default:
        (void)*(volatile uint64_t *)at;
        break;
    }
}

static void do_everything(unsigned cpu)
{
    static void (*const operations[])(Random * random) = {
        do_port,
        do_port,
        do_port,
        do_string,
        do_dma_access,
        do_dma_access,
        do_memory,
        do_stray_descriptor,
        do_half_an_address,
    };
    Random random = {
        .state =
            (get_option("seed", 1) + *boots) * 0x9e3779b97f4a7c15u + cpu + 1,
        .buffer = (volatile uint8_t *)BARE_SCRATCH + (cpu + 1) * BUFFER_ROOM,
    };
    uint64_t n = get_option("operations", 10000);

    for (uint64_t i = 0; i < n; i++) {
        operations[below(&random, sizeof(operations) / sizeof(*operations))](
            &random);
    }
    __atomic_add_fetch(&n_done, 1, __ATOMIC_SEQ_CST);
}

/* Has the device read an item over the page tables that are in use. */
static void write_over_page_tables(void)
{
    uint64_t cr3;

    __asm__ volatile("mov %%cr3, %0" : "=r"(cr3));
    do_dma(FW_CFG_DMA_SELECT | FW_CFG_DMA_READ,
           (const volatile void *)(uintptr_t)cr3, 0x6000);
    __asm__ volatile("mov %0, %%cr3" : : "r"(cr3)); /* the last one */
    bare_triple_fault();
}

void guest_main(void)
{
    unsigned n = (unsigned)get_option("cpus", 1);
    uint8_t signature[4];

    ++*boots;
    read_item(RAM_SIZE, &memory_end, sizeof(memory_end));
    say("boot %x, memory %x\n", *boots, memory_end);
    start_others(n);
    do_everything(0);
    while (n_done < n) {
        __asm__ volatile("pause");
    }
    read_item(0, signature, sizeof(signature));
    say("%x operations, signature %x %x %x %x\n",
        n * get_option("operations", 10000), (uint64_t)signature[0],
        (uint64_t)signature[1], (uint64_t)signature[2], (uint64_t)signature[3]);
    if (get_option("end", 0) == 1) {
        write_over_page_tables();
    }
    if (get_option("end", 0) == 2) {
        ((void (*)(void))(uintptr_t)HOLE)();
    }
}

void guest_other(unsigned cpu)
{
    do_everything(cpu);
}
