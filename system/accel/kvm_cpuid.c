/* SPDX-License-Identifier: MIT */
/* What a CPU says that it is: what the host's KVM can do, with the number and
 * the neighbours of this CPU in the place of those of the host's. */
#include <sys/ioctl.h>

#include "system/accel/kvm.h"

/* More than KVM ever had. */
#define MAX_ENTRIES 1024u

#define LEAF_FEATURES 0x1u
#define LEAF_CACHES 0x4u
#define LEAF_TOPOLOGY 0xbu
#define LEAF_TOPOLOGY_V2 0x1fu
#define LEAF_AMD_SIZES 0x80000008u
#define LEAF_AMD_TOPOLOGY 0x8000001eu

#define FEATURES_ECX_TSC_DEADLINE (1u << 24)
#define FEATURES_ECX_HYPERVISOR (1u << 31)
#define FEATURES_EDX_HTT (1u << 28)

#define LEVEL_THREAD 1u
#define LEVEL_CORE 2u
#define N_LEVELS 3u /* with the one that says that there are no more */

typedef struct kvm_cpuid_entry2 Entry;

/* How many bits of the APIC id are of what lies below. */
static unsigned get_width(uint64_t n)
{
    unsigned width = 0;

    while (n > 1 && (n - 1) >> width != 0) {
        width++;
    }
    return width;
}

static struct kvm_cpuid2 *get_supported(const GcKvm *kvm, GError **error)
{
    size_t size =
        sizeof(struct kvm_cpuid2) + (MAX_ENTRIES + N_LEVELS) * sizeof(Entry);
    g_autofree struct kvm_cpuid2 *cpuid = g_malloc0(size);

    cpuid->nent = MAX_ENTRIES;
    if (gc_kvm_call(kvm->dev, KVM_GET_SUPPORTED_CPUID, cpuid, error) < 0) {
        return NULL;
    }
    return g_steal_pointer(&cpuid);
}

static void patch_features(const GcKvmCpu *cpu, Entry *entry)
{
    const GcConfigSmp *smp = gc_vm_get_smp(cpu->kvm->vm);
    uint32_t in_package = (uint32_t)(smp->cores * smp->threads);

    entry->ebx &= 0x0000ffff;
    entry->ebx |= cpu->apic_id << 24 | MIN(in_package, 255) << 16;
    entry->edx &= ~FEATURES_EDX_HTT;
    entry->edx |= in_package > 1 ? FEATURES_EDX_HTT : 0;
    entry->ecx |= FEATURES_ECX_HYPERVISOR;
    if (ioctl(cpu->kvm->dev, KVM_CHECK_EXTENSION, KVM_CAP_TSC_DEADLINE_TIMER) >
        0) {
        entry->ecx |= FEATURES_ECX_TSC_DEADLINE;
    }
}

/* Which CPUs share a cache: the threads of a core, or the whole package. */
static void patch_caches(const GcKvmCpu *cpu, Entry *entry)
{
    const GcConfigSmp *smp = gc_vm_get_smp(cpu->kvm->vm);
    unsigned level = entry->eax >> 5 & 7;
    unsigned thread_bits = get_width(smp->threads);
    unsigned core_bits = get_width(smp->cores);
    unsigned sharing = level < 3 ? thread_bits : thread_bits + core_bits;

    if ((entry->eax & 0x1f) == 0) {
        return; /* the end of the list */
    }
    entry->eax &= 0x3fff;
    entry->eax |= (MIN(1u << core_bits, 64u) - 1) << 26;
    entry->eax |= (MIN(1u << sharing, 4096u) - 1) << 14;
}

/* The number of bits and of CPUs up to a level, which is the subleaf. */
static Entry make_topology(const GcKvmCpu *cpu, uint32_t subleaf)
{
    const GcConfigSmp *smp = gc_vm_get_smp(cpu->kvm->vm);
    unsigned thread_bits = get_width(smp->threads);
    Entry entry = {
        .function = LEAF_TOPOLOGY,
        .index = subleaf,
        .flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX,
        .ecx = subleaf,
        .edx = cpu->apic_id,
    };

    if (subleaf == 0) {
        entry.eax = thread_bits;
        entry.ebx = (uint32_t)smp->threads;
        entry.ecx |= LEVEL_THREAD << 8;
    } else if (subleaf == 1) {
        entry.eax = thread_bits + get_width(smp->cores);
        entry.ebx = (uint32_t)(smp->threads * smp->cores);
        entry.ecx |= LEVEL_CORE << 8;
    }
    return entry;
}

/* The host may have other levels, and more of them; so ours replace all. */
static void replace_topology(const GcKvmCpu *cpu, struct kvm_cpuid2 *cpuid)
{
    uint32_t n = 0;
    bool is_there = false;

    for (uint32_t i = 0; i < cpuid->nent; i++) {
        uint32_t leaf = cpuid->entries[i].function;

        is_there |= leaf == LEAF_TOPOLOGY;
        if (leaf != LEAF_TOPOLOGY && leaf != LEAF_TOPOLOGY_V2) {
            cpuid->entries[n++] = cpuid->entries[i];
        }
    }
    for (uint32_t i = 0; is_there && i < N_LEVELS; i++) {
        cpuid->entries[n++] = make_topology(cpu, i);
    }
    cpuid->nent = n;
}

static void patch_amd_sizes(const GcKvmCpu *cpu, Entry *entry)
{
    const GcConfigSmp *smp = gc_vm_get_smp(cpu->kvm->vm);
    unsigned bits = get_width(smp->threads) + get_width(smp->cores);

    entry->ecx &= ~0xf0ffu;
    entry->ecx |= bits << 12 | (MIN(smp->threads * smp->cores, 256) - 1);
}

static void patch_amd_topology(const GcKvmCpu *cpu, Entry *entry)
{
    const GcConfigSmp *smp = gc_vm_get_smp(cpu->kvm->vm);

    entry->eax = cpu->apic_id;
    entry->ebx = (uint32_t)(smp->threads - 1) << 8 |
                 (cpu->apic_id >> get_width(smp->threads) & 0xff);
    entry->ecx = 0; /* one node, the first one */
}

static void patch(const GcKvmCpu *cpu, Entry *entry)
{
    static const struct {
        uint32_t leaf;
        void (*patch)(const GcKvmCpu *cpu, Entry *entry);
    } patches[] = {
        {LEAF_FEATURES, patch_features},
        {LEAF_CACHES, patch_caches},
        {LEAF_AMD_SIZES, patch_amd_sizes},
        {LEAF_AMD_TOPOLOGY, patch_amd_topology},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(patches); i++) {
        if (patches[i].leaf == entry->function) {
            patches[i].patch(cpu, entry);
        }
    }
}

bool gc_kvm_set_cpuid(const GcKvmCpu *cpu, GError **error)
{
    g_autofree struct kvm_cpuid2 *cpuid = get_supported(cpu->kvm, error);

    if (cpuid == NULL) {
        return false;
    }
    replace_topology(cpu, cpuid);
    for (uint32_t i = 0; i < cpuid->nent; i++) {
        patch(cpu, &cpuid->entries[i]);
    }
    return gc_kvm_call(cpu->fd, KVM_SET_CPUID2, cpuid, error) >= 0;
}
