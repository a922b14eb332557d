/* SPDX-License-Identifier: MIT */
/* A guest that behaves: it does what Linux's driver of the fw_cfg device does
 * to announce a VMCOREINFO note, says so on the serial line, and then what
 * the command line asks for:
 *
 *   cpus=N     as many CPUs run, the others wait for ever
 *   count=1    all of them count in memory instead of standing still
 *   clock=1    the first CPU writes the time of KVM's clock into memory
 *   irq=1      before that, the serial port interrupts the first CPU
 *   resets=N   the first N times it resets the machine: by a fault without a
 *              handler, or
 *   port=1     by the port of the keyboard controller
 *   button=1   at the end it says how often the power button was pressed
 *   off=1      at the end it switches the machine off */
#include "bare.h"

#define SIGNATURE 0x00
#define ID 0x01
#define ID_HAS_DMA 2u

#define MSR_GS_BASE 0xc0000101u
#define MSR_KERNEL_GS_BASE 0xc0000102u

#define MSR_KVM_CLOCK 0x4b564d01u
#define CLOCK_WAS_STOPPED 2u

#define LEAF_FEATURES 1
#define LEAF_TOPOLOGY 0xb

#define KEYBOARD_COMMAND 0x64
#define PULSE_RESET 0xfe
#define SLEEP_CONTROL 0x600
#define SLEEP_OFF 0x34

#define TEXT                                                                   \
    "OSRELEASE=6.1.0-bare\nPAGESIZE=4096\n"                                    \
    "SYMBOL(init_uts_ns)=ffffffff81000000\nNUMBER(phys_base)=-1048576\n"

/* How often it has begun; not part of the image, so a reset leaves it. */
static volatile uint64_t *const boots = (volatile uint64_t *)BARE_SCRATCH;
static volatile uint64_t *const counters =
    (volatile uint64_t *)(BARE_SCRATCH + 4096);

/* Of each CPU: EBX of leaf 1; EAX, EBX, EDX of leaf 11 and its first two
 * levels. */
#define TOPOLOGY_WORDS 8u
static volatile uint32_t *const topology =
    (volatile uint32_t *)(BARE_SCRATCH + 8192);

static struct {
    uint32_t name_size;
    uint32_t desc_size;
    uint32_t type;
    char name[12];
    char text[sizeof(TEXT) - 1];
} __attribute__((aligned(4096)))
note = {11, sizeof(TEXT) - 1, 0, "VMCOREINFO", TEXT};

static struct {
    uint16_t host_format;
    uint16_t guest_format;
    uint32_t size;
    uint64_t address;
} __attribute__((packed)) announcement;

static bool check_device(void)
{
    char signature[4];
    uint32_t id;

    read_item(SIGNATURE, signature, sizeof(signature));
    read_item(ID, &id, sizeof(id));
    say("fw_cfg %s, id %x\n",
        signature[0] == 'Q' && signature[1] == 'E' && signature[2] == 'M' &&
                signature[3] == 'U'
            ? "is there"
            : "is absent",
        (uint64_t)id);
    return (id & ID_HAS_DMA) != 0;
}

static void announce(void)
{
    uint32_t size = 0;
    uint16_t key = find_file("etc/vmcoreinfo", &size);
    uint32_t result;

    if (key == 0) {
        say("vmcoreinfo is absent\n");
        return;
    }
    announcement.guest_format = 1;
    announcement.size = sizeof(note);
    announcement.address = (uintptr_t)&note;
    result = do_dma((uint32_t)key << 16 | FW_CFG_DMA_SELECT | FW_CFG_DMA_WRITE,
                    &announcement, sizeof(announcement));
    say("vmcoreinfo of %x bytes at %x: %x\n", (uint64_t)size,
        (uint64_t)announcement.address, (uint64_t)result);
}

static void reset_machine(void)
{
    if (get_option("port", 0) != 0) {
        out8(KEYBOARD_COMMAND, PULSE_RESET);
        bare_halt(0);
    }
    bare_triple_fault();
}

/* What CPUID says of the place of this CPU among the others. */
static void note_topology(unsigned cpu)
{
    volatile uint32_t *at = topology + cpu * TOPOLOGY_WORDS;
    uint32_t none;

    get_cpuid(LEAF_FEATURES, 0, &none, &at[0], &none);
    get_cpuid(LEAF_TOPOLOGY, 0, &at[1], &at[2], &at[3]);
    get_cpuid(LEAF_TOPOLOGY, 1, &at[4], &at[5], &at[6]);
}

/* The clock that KVM shows to a guest: Linux describes it in
 * Documentation/virt/kvm/x86/msr.rst. */
static volatile struct {
    uint32_t version;
    uint32_t unused;
    uint64_t tsc;
    uint64_t time;
    uint32_t multiplier;
    int8_t shift;
    uint8_t flags;
} clock_page __attribute__((aligned(64)));

/* Nanoseconds since the clock began. */
static uint64_t read_clock(void)
{
    uint32_t version;
    uint64_t ticks;
    uint64_t time;

    do {
        version = clock_page.version & ~1u;
        ticks = read_tsc() - clock_page.tsc;
        ticks = clock_page.shift < 0 ? ticks >> -clock_page.shift
                                     : ticks << clock_page.shift;
        time =
            clock_page.time +
            (uint64_t)((unsigned __int128)ticks * clock_page.multiplier >> 32);
    } while (version != clock_page.version);
    return time;
}

/* Writes down the time, and whether KVM says that the guest was stopped. */
static void watch_clock(void)
{
    counters[0] = 0;
    write_msr(MSR_KVM_CLOCK, (uintptr_t)&clock_page | 1);
    say("clock\n");
    for (;;) {
        counters[0] = read_clock();
        counters[1] = clock_page.flags & CLOCK_WAS_STOPPED;
    }
}

static void stop(unsigned cpu)
{
    note_topology(cpu);
    write_msr(MSR_GS_BASE, 0xffff888000000000u + cpu);
    write_msr(MSR_KERNEL_GS_BASE, 0xffff999900000000u + cpu);
    if (get_option("count", 0) != 0) {
        bare_count(cpu, &counters[cpu]);
    }
    bare_halt(cpu);
}

void guest_main(void)
{
    uint64_t cr3;

    __asm__ volatile("mov %%cr3, %0" : "=r"(cr3));
    ++*boots;
    say("boot %x\n", *boots);
    if (check_device()) {
        announce();
    }
    start_others((unsigned)get_option("cpus", 1));
    say("rip %x, cr3 %x, counters %x\n", (uint64_t)(uintptr_t)bare_halted, cr3,
        (uint64_t)(uintptr_t)counters);
    if (get_option("irq", 0) != 0) {
        say("%x interrupts\n", wait_for_serial_interrupts(3));
    }
    if (*boots <= get_option("resets", 0)) {
        reset_machine();
    }
    say("done\n");
    if (get_option("off", 0) != 0) {
        out8(SLEEP_CONTROL, SLEEP_OFF);
    }
    if (get_option("clock", 0) != 0) {
        watch_clock();
    }
    if (get_option("button", 0) != 0) {
        watch_power_button();
    }
    stop(0);
}

void guest_other(unsigned cpu)
{
    stop(cpu);
}
