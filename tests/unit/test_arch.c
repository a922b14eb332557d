/* SPDX-License-Identifier: MIT */
#include <elf.h>

#include "guest/arch.h"
#include "tests/unit/cmocka_all.h"

static const GcEncoding le32 = {false, false};
static const GcEncoding be32 = {false, true};
static const GcEncoding le64 = {true, false};
static const GcEncoding be64 = {true, true};

static void assert_elf(uint16_t machine, GcEncoding encoding, const char *name)
{
    const GcArch *arch = gc_arch_find_elf(machine, encoding);

    if (name == NULL) {
        assert_null(arch);
    } else {
        assert_non_null(arch);
        assert_string_equal(arch->name, name);
    }
}

static void test_elf_machine_class_and_order_name_it(void **state)
{
    (void)state;
    assert_elf(EM_X86_64, le64, "x86_64");
    assert_elf(EM_386, le32, "i386");
    assert_elf(EM_AARCH64, le64, "aarch64");
    assert_elf(EM_ARM, le32, "arm");
    assert_elf(EM_RISCV, le64, "riscv64");
    assert_elf(EM_RISCV, le32, "riscv32");
    assert_elf(EM_PPC64, be64, "ppc64");
    assert_elf(EM_PPC64, le64, "ppc64le");
    assert_elf(EM_S390, be64, "s390x");
    assert_elf(258, le64, "loongarch64");
    assert_elf(EM_X86_64, be64, NULL);
    assert_elf(EM_X86_64, le32, NULL);
    assert_elf(EM_S390, be32, NULL);
    assert_elf(EM_IA_64, le64, NULL);
}

static void test_64bit_elf_file_of_a_32bit_machine(void **state)
{
    (void)state;
    assert_elf(EM_386, le64, "i386");
    assert_elf(EM_ARM, le64, "arm");
    assert_elf(EM_386, be64, NULL);
}

static void assert_machine(const char *machine, GcEncoding encoding,
                           size_t prstatus_size, const char *name)
{
    const GcArch *arch = gc_arch_find_machine(machine, encoding, prstatus_size);

    if (name == NULL) {
        assert_null(arch);
    } else {
        assert_non_null(arch);
        assert_string_equal(arch->name, name);
    }
}

static void test_names_of_machines(void **state)
{
    (void)state;
    assert_machine("x86_64", le64, 0, "x86_64");
    assert_machine("i686", le32, 0, "i386");
    assert_machine("i386", le32, 0, "i386");
    assert_machine("armv6l", le32, 0, "arm");
    assert_machine("S390X", be64, 0, "s390x");
    assert_machine("PPC64", be64, 0, "ppc64");
    assert_machine("vax", le32, 0, NULL);
}

static void test_registers_tell_where_the_name_does_not(void **state)
{
    (void)state;
    assert_machine("Unknown", le64, 392, "aarch64");
    assert_machine("", le64, 376, "riscv64");
    assert_machine("Unknown", be64, 336, "s390x");
    assert_machine("Unknown", le64, 0, "x86_64");
}

static void test_registers_outweigh_a_wrong_name(void **state)
{
    (void)state;
    assert_machine("x86_64", le64, 144, "i386");
    assert_machine("x86_64", le32, 144, "i386");
    assert_machine("PPC64", le64, 504, "ppc64le");
    assert_machine("x86_64", le64, 9, "x86_64");
}

static void test_registers_differ_in_size(void **state)
{
    (void)state;
    for (const GcArch *const *a = gc_arches; *a != NULL; a++) {
        for (const GcArch *const *b = a + 1; *b != NULL; b++) {
            assert_true(gc_arch_get_prstatus_size(*a) !=
                            gc_arch_get_prstatus_size(*b) ||
                        (*a)->encoding.big_endian != (*b)->encoding.big_endian);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elf_machine_class_and_order_name_it),
        cmocka_unit_test(test_64bit_elf_file_of_a_32bit_machine),
        cmocka_unit_test(test_names_of_machines),
        cmocka_unit_test(test_registers_tell_where_the_name_does_not),
        cmocka_unit_test(test_registers_outweigh_a_wrong_name),
        cmocka_unit_test(test_registers_differ_in_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
