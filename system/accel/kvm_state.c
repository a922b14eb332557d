/* SPDX-License-Identifier: MIT */
/* The state after power-on is what KVM gives to what it makes: it is saved
 * then, and loaded again at each reset.  So there is no list of registers and
 * of what they hold that could miss one. */
#include <sys/ioctl.h>

#include "system/accel/kvm.h"

/* The interface that Hyper-V has, which the guest is not told of. */
#define HYPER_V_FIRST 0x40000000u
#define HYPER_V_LAST 0x400001ffu

#define MSR_TSC 0x10u

/* Most kinds of state are got and set by a pair of calls. */
typedef struct Part {
    unsigned long get;
    unsigned long set;
    const char *name;
    size_t size;
    int capability; /* 0 if it is always there */
} Part;

#define PART(what, type, needed)                                               \
    {                                                                          \
        .get = KVM_GET_##what, .set = KVM_SET_##what, .name = #what,           \
        .size = sizeof(type), .capability = (needed),                          \
    }

/* In the order in which they are set: the base of the APIC is among the
 * SREGS, and what the APIC needs in its mode. */
static const Part cpu_parts[] = {
    PART(SREGS, struct kvm_sregs, 0),
    PART(REGS, struct kvm_regs, 0),
    PART(XCRS, struct kvm_xcrs, KVM_CAP_XCRS),
    PART(XSAVE, struct kvm_xsave, KVM_CAP_XSAVE),
    PART(DEBUGREGS, struct kvm_debugregs, KVM_CAP_DEBUGREGS),
    PART(LAPIC, struct kvm_lapic_state, 0),
    PART(VCPU_EVENTS, struct kvm_vcpu_events, 0),
    PART(MP_STATE, struct kvm_mp_state, 0),
};

/* A list of MSRs, as KVM takes it. */
typedef struct Msrs {
    uint32_t n;
    struct kvm_msr_entry *entries;
} Msrs;

struct GcKvmState {
    GPtrArray *parts; /* of a CPU: the bytes of each, NULL if it is absent */
    Msrs msrs;        /* of a CPU */
    struct kvm_irqchip chips[3]; /* of a board */
    struct kvm_pit_state2 pit;   /* of a board */
};

static GcKvmState *state_new(void)
{
    GcKvmState *state = g_new0(GcKvmState, 1);

    state->parts = g_ptr_array_new_with_free_func(g_free);
    return state;
}

void gc_kvm_state_free(GcKvmState *state)
{
    if (state == NULL) {
        return;
    }
    g_ptr_array_unref(state->parts);
    g_free(state->msrs.entries);
    g_free(state);
}

/* Model-specific registers */

/* Calls KVM for each register alone: one that it knows but that this CPU has
 * not stops a call for many.  Returns whether it was there. */
static bool call_msr(int fd, unsigned long request, struct kvm_msr_entry *entry)
{
    union {
        struct kvm_msrs head;
        char room[sizeof(struct kvm_msrs) + sizeof(struct kvm_msr_entry)];
    } one = {.head = {.nmsrs = 1}};

    one.head.entries[0] = *entry;
    if (ioctl(fd, request, &one) != 1) {
        return false;
    }
    *entry = one.head.entries[0];
    return true;
}

static struct kvm_msr_list *list_msrs(const GcKvm *kvm, GError **error)
{
    struct kvm_msr_list none = {0};
    g_autofree struct kvm_msr_list *list = NULL;

    /* It fails, and says how many there are. */
    ioctl(kvm->dev, KVM_GET_MSR_INDEX_LIST, &none);
    list = g_malloc0(sizeof(*list) + none.nmsrs * sizeof(list->indices[0]));
    list->nmsrs = none.nmsrs;
    if (gc_kvm_call(kvm->dev, KVM_GET_MSR_INDEX_LIST, list, error) < 0) {
        return NULL;
    }
    return g_steal_pointer(&list);
}

static bool save_msrs(const GcKvmCpu *cpu, Msrs *msrs, GError **error)
{
    g_autofree struct kvm_msr_list *list = list_msrs(cpu->kvm, error);

    if (list == NULL) {
        return false;
    }
    msrs->entries = g_new0(struct kvm_msr_entry, list->nmsrs);
    for (uint32_t i = 0; i < list->nmsrs; i++) {
        struct kvm_msr_entry entry = {.index = list->indices[i]};

        if (entry.index >= HYPER_V_FIRST && entry.index <= HYPER_V_LAST) {
            continue;
        }
        if (call_msr(cpu->fd, KVM_GET_MSRS, &entry)) {
            /* 0 is what KVM takes as "the same on all CPUs". */
            entry.data = entry.index == MSR_TSC ? 0 : entry.data;
            msrs->entries[msrs->n++] = entry;
        }
    }
    return true;
}

/* What KVM does not let be set never changes. */
static void load_msrs(const GcKvmCpu *cpu, const Msrs *msrs)
{
    for (uint32_t i = 0; i < msrs->n; i++) {
        struct kvm_msr_entry entry = msrs->entries[i];

        call_msr(cpu->fd, KVM_SET_MSRS, &entry);
    }
}

/* CPUs */

static bool is_present(const GcKvmCpu *cpu, const Part *part)
{
    return part->capability == 0 ||
           ioctl(cpu->kvm->dev, KVM_CHECK_EXTENSION, part->capability) > 0;
}

GcKvmState *gc_kvm_save_cpu(const GcKvmCpu *cpu, GError **error)
{
    g_autoptr(GcKvmState) state = state_new();

    for (size_t i = 0; i < G_N_ELEMENTS(cpu_parts); i++) {
        const Part *part = &cpu_parts[i];
        void *bytes = is_present(cpu, part) ? g_malloc0(part->size) : NULL;

        g_ptr_array_add(state->parts, bytes);
        if (bytes != NULL && gc_kvm_ioctl(cpu->fd, part->get, part->name,
                                          (uintptr_t)bytes, error) < 0) {
            g_prefix_error(error, "get ");
            return NULL;
        }
    }
    return save_msrs(cpu, &state->msrs, error) ? g_steal_pointer(&state) : NULL;
}

bool gc_kvm_load_cpu(const GcKvmCpu *cpu, const GcKvmState *state,
                     GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cpu_parts); i++) {
        const Part *part = &cpu_parts[i];
        void *bytes = state->parts->pdata[i];

        if (bytes != NULL && gc_kvm_ioctl(cpu->fd, part->set, part->name,
                                          (uintptr_t)bytes, error) < 0) {
            g_prefix_error(error, "CPU %u: set ", cpu->index);
            return false;
        }
    }
    load_msrs(cpu, &state->msrs);
    return true;
}

/* The board */

GcKvmState *gc_kvm_save_board(const GcKvm *kvm, GError **error)
{
    g_autoptr(GcKvmState) state = state_new();

    for (uint32_t i = 0; i < G_N_ELEMENTS(state->chips); i++) {
        state->chips[i].chip_id = i;
        if (gc_kvm_call(kvm->fd, KVM_GET_IRQCHIP, &state->chips[i], error) <
            0) {
            return NULL;
        }
    }
    if (gc_kvm_call(kvm->fd, KVM_GET_PIT2, &state->pit, error) < 0) {
        return NULL;
    }
    return g_steal_pointer(&state);
}

bool gc_kvm_load_board(const GcKvm *kvm, const GcKvmState *state,
                       GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(state->chips); i++) {
        if (gc_kvm_call(kvm->fd, KVM_SET_IRQCHIP, &state->chips[i], error) <
            0) {
            return false;
        }
    }
    return gc_kvm_call(kvm->fd, KVM_SET_PIT2, &state->pit, error) >= 0;
}
