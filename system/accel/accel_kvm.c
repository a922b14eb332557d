/* SPDX-License-Identifier: MIT */
/* CPUs run by Linux's KVM, with its interrupt controllers and its timer. */
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fileio.h"
#include "system/accel.h"
#include "system/accel/kvm.h"

/* Three pages that KVM needs for CPUs without a real mode, and one; below the
 * place of firmware and above all that a machine has. */
#define TSS_ADDRESS UINT64_C(0xfffbd000)
#define IDENTITY_MAP_ADDRESS UINT64_C(0xfffbc000)

/* The APIC ids that an 8-bit APIC has, without the one that means all. */
#define MAX_APIC_ID 254

/* Whether /dev/kvm is what its name says. */
static bool check_version(int dev, GError **error)
{
    int version = gc_kvm_call(dev, KVM_GET_API_VERSION, 0, error);

    if (version < 0) {
        g_prefix_error(error, "/dev/kvm is not KVM: ");
        return false;
    }
    if (version != KVM_API_VERSION) {
        g_set_error(error, GC_ERROR, GC_ERROR_UNSUPPORTED,
                    "/dev/kvm speaks version %d of its interface, not %d",
                    version, KVM_API_VERSION);
        return false;
    }
    return true;
}

/* Whether the host can do all that is used without being asked for again. */
static bool check_capabilities(int dev, GError **error)
{
    static const struct {
        int number;
        const char *name;
    } needed[] = {
        {KVM_CAP_USER_MEMORY, "KVM_CAP_USER_MEMORY"},
        {KVM_CAP_SET_TSS_ADDR, "KVM_CAP_SET_TSS_ADDR"},
        {KVM_CAP_IRQCHIP, "KVM_CAP_IRQCHIP"},
        {KVM_CAP_PIT2, "KVM_CAP_PIT2"},
        {KVM_CAP_PIT_STATE2, "KVM_CAP_PIT_STATE2"},
        {KVM_CAP_EXT_CPUID, "KVM_CAP_EXT_CPUID"},
        {KVM_CAP_MP_STATE, "KVM_CAP_MP_STATE"},
        {KVM_CAP_VCPU_EVENTS, "KVM_CAP_VCPU_EVENTS"},
        {KVM_CAP_ADJUST_CLOCK, "KVM_CAP_ADJUST_CLOCK"},
        {KVM_CAP_IMMEDIATE_EXIT, "KVM_CAP_IMMEDIATE_EXIT"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(needed); i++) {
        if (ioctl(dev, KVM_CHECK_EXTENSION, needed[i].number) <= 0) {
            g_set_error(error, GC_ERROR, GC_ERROR_UNSUPPORTED,
                        "the host's KVM lacks %s", needed[i].name);
            return false;
        }
    }
    return true;
}

static void free_kvm(void *state)
{
    GcKvm *kvm = state;

    if (kvm == NULL) {
        return;
    }
    kvm->is_ending = true;
    pthread_cond_broadcast(&kvm->changed);
    for (unsigned i = 0; i < kvm->n_cpus; i++) {
        gc_kvm_cpu_clear(&kvm->cpus[i]);
    }
    gc_kvm_state_free(kvm->power_on);
    pthread_cond_destroy(&kvm->changed);
    pthread_cond_destroy(&kvm->parked);
    gc_close_fd(&kvm->fd);
    gc_close_fd(&kvm->dev);
    g_free(kvm->cpus);
    g_free(kvm);
}

static void *open_kvm(const char *target, GError **error)
{
    GC_AUTO_FD dev = -1;
    GC_AUTO_FD fd = -1;
    GcKvm *kvm;

    if (strcmp(target, "x86_64") != 0) {
        g_set_error(error, GC_ERROR, GC_ERROR_UNSUPPORTED,
                    "this host's KVM runs x86_64 guests, and none of %s",
                    target);
        return NULL;
    }
    dev = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    if (dev < 0) {
        gc_set_error_errno(error, errno, "cannot open /dev/kvm");
        return NULL;
    }
    if (!check_version(dev, error) || !check_capabilities(dev, error)) {
        return NULL;
    }
    fd = gc_kvm_call(dev, KVM_CREATE_VM, 0, error);
    if (fd < 0) {
        return NULL;
    }
    kvm = g_new0(GcKvm, 1);
    kvm->dev = dev;
    kvm->fd = fd;
    pthread_cond_init(&kvm->changed, NULL);
    pthread_cond_init(&kvm->parked, NULL);
    dev = fd = -1;
    return kvm;
}

static bool create_board(GcKvm *kvm, GError **error)
{
    uint64_t identity_map = IDENTITY_MAP_ADDRESS;
    /* The port of the speaker is the timer's, too. */
    struct kvm_pit_config pit = {.flags = KVM_PIT_SPEAKER_DUMMY};

    if (gc_kvm_call(kvm->fd, KVM_SET_IDENTITY_MAP_ADDR, &identity_map, error) <
            0 ||
        gc_kvm_call(kvm->fd, KVM_SET_TSS_ADDR, TSS_ADDRESS, error) < 0 ||
        gc_kvm_call(kvm->fd, KVM_CREATE_IRQCHIP, 0, error) < 0 ||
        gc_kvm_call(kvm->fd, KVM_CREATE_PIT2, &pit, error) < 0) {
        return false;
    }
    kvm->power_on = gc_kvm_save_board(kvm, error);
    return kvm->power_on != NULL;
}

/* The RAM; what is not in a slot is a device, or nothing, and comes to us. */
static bool map_memory(const GcKvm *kvm, GError **error)
{
    const GcBus *bus = gc_machine_get_memory(gc_vm_get_machine(kvm->vm));
    uint32_t slot = 0;

    for (size_t i = 0; i < gc_bus_get_n_ranges(bus); i++) {
        const GcBusRange *range = gc_bus_get_range(bus, i);
        struct kvm_userspace_memory_region region = {
            .slot = slot,
            .guest_phys_addr = range->start,
            .memory_size = range->size,
            .userspace_addr = (uintptr_t)range->host,
        };

        if (range->host == NULL) {
            continue;
        }
        if (gc_kvm_call(kvm->fd, KVM_SET_USER_MEMORY_REGION, &region, error) <
            0) {
            g_prefix_error(error, "%s: ", range->name);
            return false;
        }
        slot++;
    }
    return true;
}

static bool check_cpus(const GcKvm *kvm, const GcMachine *machine,
                       GError **error)
{
    unsigned n = gc_machine_get_n_cpus(machine);
    int max = ioctl(kvm->dev, KVM_CHECK_EXTENSION, KVM_CAP_MAX_VCPUS);
    unsigned apic_id = gc_machine_get_apic_id(machine, n - 1);

    if (max > 0 && n > (unsigned)max) {
        g_set_error(error, GC_ERROR, GC_ERROR_UNSUPPORTED,
                    "%u CPUs: the host's KVM has at most %d", n, max);
        return false;
    }
    if (apic_id > MAX_APIC_ID) {
        g_set_error(error, GC_ERROR, GC_ERROR_UNSUPPORTED,
                    "CPU %u has APIC id %u: with KVM it is at most %d", n - 1,
                    apic_id, MAX_APIC_ID);
        return false;
    }
    return true;
}

static bool create_cpus(GcKvm *kvm, GError **error)
{
    const GcMachine *machine = gc_vm_get_machine(kvm->vm);

    if (!check_cpus(kvm, machine, error)) {
        return false;
    }
    kvm->n_cpus = gc_machine_get_n_cpus(machine);
    kvm->cpus = g_new0(GcKvmCpu, kvm->n_cpus);
    for (unsigned i = 0; i < kvm->n_cpus; i++) {
        kvm->cpus[i] = (GcKvmCpu){
            .kvm = kvm,
            .index = i,
            .apic_id = gc_machine_get_apic_id(machine, i),
            .fd = -1,
        };
    }
    for (unsigned i = 0; i < kvm->n_cpus; i++) {
        if (!gc_kvm_cpu_create(&kvm->cpus[i], error)) {
            g_prefix_error(error, "CPU %u: ", i);
            return false;
        }
    }
    return true;
}

static bool create(void *state, GcVm *vm, GError **error)
{
    GcKvm *kvm = state;

    kvm->vm = vm;
    if (!create_board(kvm, error) || !map_memory(kvm, error) ||
        !create_cpus(kvm, error)) {
        g_prefix_error(error, "KVM: ");
        return false;
    }
    return true;
}

static bool reset(void *state, const GcMachineBoot *boot, GError **error)
{
    GcKvm *kvm = state;
    bool ok = gc_kvm_load_board(kvm, kvm->power_on, error);

    for (unsigned i = 0; ok && i < kvm->n_cpus; i++) {
        ok = gc_kvm_load_cpu(&kvm->cpus[i], kvm->cpus[i].power_on, error);
    }
    if (!ok || !gc_kvm_boot_cpu(&kvm->cpus[0], boot, error)) {
        g_prefix_error(error, "KVM: cannot reset the CPUs: ");
        return false;
    }
    kvm->clock = 0;
    kvm->has_clock = true;
    return true;
}

/* The guest's clock stands still with it.  Its watchdogs are told that it was
 * not the guest that was slow; CPUs that have no such clock cannot be. */
static void start_clock(GcKvm *kvm)
{
    struct kvm_clock_data data = {.clock = kvm->clock};

    if (kvm->has_clock) {
        ioctl(kvm->fd, KVM_SET_CLOCK, &data);
    }
    for (unsigned i = 0; i < kvm->n_cpus; i++) {
        ioctl(kvm->cpus[i].fd, KVM_KVMCLOCK_CTRL, 0);
    }
}

static void stop_clock(GcKvm *kvm)
{
    struct kvm_clock_data data = {0};

    kvm->has_clock = ioctl(kvm->fd, KVM_GET_CLOCK, &data) == 0;
    kvm->clock = data.clock;
}

static void start(void *state)
{
    GcKvm *kvm = state;

    if (!kvm->is_running) {
        start_clock(kvm);
        kvm->is_running = true;
        pthread_cond_broadcast(&kvm->changed);
    }
}

static void pause_cpus(void *state)
{
    GcKvm *kvm = state;

    if (!kvm->is_running) {
        return;
    }
    kvm->is_running = false;
    stop_clock(kvm);
    for (unsigned i = 0; i < kvm->n_cpus; i++) {
        gc_kvm_cpu_kick(&kvm->cpus[i]);
    }
}

static void stop(void *state)
{
    GcKvm *kvm = state;

    pause_cpus(kvm);
    for (unsigned i = 0; i < kvm->n_cpus; i++) {
        while (kvm->cpus[i].has_thread && !kvm->cpus[i].is_parked) {
            gc_vm_wait(kvm->vm, &kvm->parked);
        }
    }
}

static bool get_registers(void *state, unsigned cpu, GcRegisters *registers,
                          GError **error)
{
    GcKvm *kvm = state;

    return gc_kvm_get_registers(&kvm->cpus[cpu], registers, error);
}

static pid_t get_thread_id(const void *state, unsigned cpu)
{
    const GcKvm *kvm = state;

    return kvm->cpus[cpu].thread_id;
}

static void set_irq(void *state, unsigned gsi, bool level)
{
    const GcKvm *kvm = state;
    struct kvm_irq_level irq = {.irq = gsi, .level = level};

    ioctl(kvm->fd, KVM_IRQ_LINE, &irq);
}

static const GcAccelOps ops = {
    .open = open_kvm,
    .create = create,
    .reset = reset,
    .start = start,
    .pause = pause_cpus,
    .stop = stop,
    .get_registers = get_registers,
    .get_thread_id = get_thread_id,
    .set_irq = set_irq,
    .free = free_kvm,
};

extern const GcAccelClass gc_accel_kvm;

const GcAccelClass gc_accel_kvm = {
    .name = "kvm",
    .description = "the host's CPUs, by Linux's KVM",
    .ops = &ops,
};
