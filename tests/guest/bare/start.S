/* SPDX-License-Identifier: MIT */
/* Where a bare-metal guest begins: what a boot loader wants to see of a
 * kernel of Linux (Documentation/arch/x86/boot.rst), the first CPU's entry,
 * and the way of the other CPUs from real mode to the same place. */

#define STACK_SIZE 4096
#define MAX_CPUS 16
#define TRAMPOLINE 0x3000 /* below 1 MiB, at a page; bare.c copies it there */

        .section .setup, "a"
setup:
        .org 0x1f1
        .byte 1                 /* setup_sects: 1 after the first one */
        .org 0x1fe
        .word 0xaa55
        .byte 0xeb, 0x66        /* a jump; says how long the header is */
        .ascii "HdrS"
        .word 0x20c             /* version 2.12 */
        .org 0x211
        .byte 1                 /* loadflags: belongs to 1 MiB */
        .org 0x214
        .long 0x100000
        .org 0x22c
        .long 0x7fffffff        /* initrd_addr_max */
        .long 0x1000            /* kernel_alignment */
        .org 0x236
        .word 1                 /* xloadflags: has a 64-bit entry */
        .long 2047              /* cmdline_size */
        .org 0x258
        .quad 0x100000          /* pref_address */
        .long image_size        /* init_size */
        .org 0x400

        .section .start, "ax"
        .code32
        hlt                     /* nobody needs the 32-bit entry */
        .org 0x200
        .code64
        .globl start
start:
        lea     stacks + STACK_SIZE(%rip), %rsp
        xor     %ebp, %ebp
        mov     %rsi, %rdi
        call    bare_start
        ud2

/* The other CPUs come here after bare.c has called them: in real mode, at
 * TRAMPOLINE, with nothing set up. */
        .globl trampoline, trampoline_end, trampoline_cr3
        .code16
trampoline:
        cli
        mov     %cs, %ax
        mov     %ax, %ds
        lgdtl   trampoline_gdt_pointer - trampoline
        mov     $1, %eax        /* protected mode */
        mov     %eax, %cr0
        ljmpl   $8, $(TRAMPOLINE + protected - trampoline)
        .code32
protected:
        mov     $16, %eax
        mov     %eax, %ds
        mov     %eax, %es
        mov     %eax, %ss
        mov     TRAMPOLINE + trampoline_cr3 - trampoline, %eax
        mov     %eax, %cr3
        mov     $0x20, %eax     /* CR4.PAE */
        mov     %eax, %cr4
        mov     $0xc0000080, %ecx
        rdmsr
        or      $0x100, %eax    /* EFER.LME */
        wrmsr
        mov     $0x80000001, %eax /* paging, and with it long mode */
        mov     %eax, %cr0
        ljmpl   $24, $(TRAMPOLINE + long_mode - trampoline)
        .code64
long_mode:
        mov     $other, %rax
        jmp     *%rax
        .balign 8
trampoline_gdt:
        .quad   0
        .quad   0x00cf9b000000ffff /* 8: code of 32 bits */
        .quad   0x00cf93000000ffff /* 16: data */
        .quad   0x00af9b000000ffff /* 24: code of 64 bits */
trampoline_gdt_pointer:
        .word   trampoline_gdt_pointer - trampoline_gdt - 1
        .long   TRAMPOLINE + trampoline_gdt - trampoline
        .balign 8
trampoline_cr3:
        .long   0
trampoline_end:

other:
        mov     $1, %eax
        lock xadd %eax, n_started(%rip)
        inc     %eax
        imul    $STACK_SIZE, %eax
        lea     stacks(%rip), %rsp
        add     %rax, %rsp
        xor     %ebp, %ebp
        call    bare_other
        ud2

/* bare_halt(cpu): stands still, with numbers in registers that a dump must
 * show. */
        .globl bare_halt, bare_halted
bare_halt:
        mov     %rdi, %r15
        mov     $0x0123456789abcdef, %rax
        mov     $0xb0b0b0b0b0b0b0b0, %rbx
        mov     $0x1212121212121212, %r12
        mov     $0x8888888888888888, %r8
        cli
1:      hlt
bare_halted:
        jmp     1b

/* bare_count(cpu, counter): counts in memory for ever. */
        .globl bare_count
bare_count:
1:      incq    (%rsi)
        jmp     1b

/* Where an interrupt comes to. */
        .globl bare_handler
bare_handler:
        push    %rax
        push    %rcx
        push    %rdx
        push    %rsi
        push    %rdi
        push    %r8
        push    %r9
        push    %r10
        push    %r11
        call    bare_interrupt
        pop     %r11
        pop     %r10
        pop     %r9
        pop     %r8
        pop     %rdi
        pop     %rsi
        pop     %rdx
        pop     %rcx
        pop     %rax
        iretq

/* bare_triple_fault(): an exception without a table of handlers. */
        .globl bare_triple_fault
bare_triple_fault:
        lidt    no_table(%rip)
        ud2
no_table:
        .word   0
        .quad   0

        .data
        .balign 4
        .globl n_started
n_started:
        .long   1               /* the first CPU */
        .balign 16
stacks: .fill   MAX_CPUS * STACK_SIZE, 1, 0
        .section .note.GNU-stack, "", @progbits
