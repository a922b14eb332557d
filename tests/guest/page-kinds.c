/* SPDX-License-Identifier: MIT */
/*
 * The guest's init, once it execs this: fills the guest's memory with every
 * kind of page that a process can make, notes down the kernel's own flags of
 * all pages, says that it is ready, and then does nothing for ever.
 *
 *   page-kinds DISK FIRST-FRAME
 *
 * The flags are those of /proc/kpageflags from FIRST-FRAME on.  They stand in
 * one hugetlb page, which has whoever dumps the guest find them by their head:
 * nothing has to leave the guest, so nothing changes between the note and the
 * dump.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define KIB ((size_t)1024)
#define MIB (1024 * KIB)
#define PAGE (4 * KIB)
#define HUGE_PAGE (2 * MIB)

#define ANONYMOUS (24 * MIB)
#define TRANSPARENT (16 * MIB)
#define HUGETLB (8 * MIB)
#define MERGED (8 * MIB)
#define LOCKED (4 * MIB)
#define SWAPPED (8 * MIB)
#define SHARED (2 * MIB)
#define MAPPED (4 * MIB)

#define KSM "/sys/kernel/mm/ksm/"
#define TRANSPARENT_ONES "/sys/kernel/mm/transparent_hugepage/enabled"
#define WAIT_TENTHS 300
#define STAT_INTERVAL "/proc/sys/vm/stat_interval"
#define REST_SECONDS 60
#define QUIET_SECONDS 3
#define AT_REST 16 /* frames that change within a second */

/* What stands before the flags; tests/lib/pageflags.py reads it. */
struct head {
    char magic[16];
    uint64_t first_frame;
    uint64_t frames;
};

static void complain(const char *what)
{
    printf("guestcore-guest cannot %s: %s\n", what, strerror(errno));
}

/* Memory of a process, or NULL; it is never given back. */
static uint8_t *map(size_t size, int flags, int file)
{
    void *found = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, file, 0);

    if (found == MAP_FAILED) {
        complain("map memory");
        return NULL;
    }
    return found;
}

static uint8_t *map_private(size_t size)
{
    return map(size, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

/* Gives every page a content of its own. */
static void fill(uint8_t *memory, size_t size)
{
    for (size_t at = 0; at + PAGE <= size; at += PAGE) {
        uint64_t word = (uintptr_t)(memory + at);

        for (size_t i = 0; i < PAGE; i += sizeof(word)) {
            word = word * 6364136223846793005U + 1442695040888963407U;
            memcpy(memory + at + i, &word, sizeof(word));
        }
    }
}

static void advise(uint8_t *memory, size_t size, int advice, const char *what)
{
    if (madvise(memory, size, advice)) {
        complain(what);
    }
}

static void make_anonymous(void)
{
    uint8_t *memory = map_private(ANONYMOUS);

    if (memory) {
        fill(memory, ANONYMOUS);
    }
}

/* Transparent huge pages, one of them with a hole, which leaves it whole. */
static void make_transparent(void)
{
    uint8_t *memory = map_private(TRANSPARENT + HUGE_PAGE);

    if (!memory) {
        return;
    }
    memory += -(uintptr_t)memory % HUGE_PAGE;
    advise(memory, TRANSPARENT, MADV_HUGEPAGE, "ask for huge pages");
    fill(memory, TRANSPARENT);
    munmap(memory + HUGE_PAGE / 2, HUGE_PAGE / 4);
}

static void make_hugetlb(void)
{
    uint8_t *memory =
        map(HUGETLB, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1);

    if (memory) {
        fill(memory, HUGETLB);
    }
}

static void make_locked(void)
{
    uint8_t *memory = map_private(LOCKED);

    if (!memory) {
        return;
    }
    fill(memory, LOCKED);
    if (mlock(memory, LOCKED)) {
        complain("lock memory");
    }
}

/* Memory that two processes could share, which the kernel keeps as a tmpfs
 * file. */
static void make_shared(void)
{
    uint8_t *memory = map(SHARED, MAP_SHARED | MAP_ANONYMOUS, -1);

    if (memory) {
        fill(memory, SHARED);
    }
}

/* Pages in swap, half of them read back: those are in memory and in swap. */
static void make_swapped(void)
{
    uint8_t *memory = map_private(SWAPPED);
    unsigned sum = 0;

    if (!memory) {
        return;
    }
    fill(memory, SWAPPED);
    advise(memory, SWAPPED, MADV_PAGEOUT, "swap out");
    for (size_t at = 0; at < SWAPPED / 2; at += PAGE) {
        sum += ((volatile uint8_t *)memory)[at];
    }
    printf("guestcore-guest swapped %u\n", sum);
}

static void ignore(int signal)
{
    (void)signal;
}

/* A page that the kernel believes broken; some kernels tell the process at
 * once. */
static void make_poisoned(void)
{
    uint8_t *memory = map_private(PAGE);

    signal(SIGBUS, ignore);
    if (memory) {
        fill(memory, PAGE);
        advise(memory, PAGE, MADV_HWPOISON, "poison a page");
    }
}

/* The disk's page cache: read through a mapping, and half of it changed. */
static void make_cached(const char *disk)
{
    int file = open(disk, O_RDWR);
    uint8_t *memory;

    if (file < 0) {
        complain("open the disk");
        return;
    }
    memory = map(MAPPED, MAP_SHARED, file);
    if (memory) {
        fill(memory, MAPPED / 2);
    }
}

static long number_in(const char *path)
{
    char text[32] = "";
    int file = open(path, O_RDONLY);

    if (file < 0 || read(file, text, sizeof(text) - 1) < 0) {
        complain(path);
    }
    close(file);
    return atol(text);
}

static void put(const char *path, const char *text)
{
    int file = open(path, O_WRONLY);

    if (file < 0 || write(file, text, strlen(text)) < 0) {
        complain(path);
    }
    close(file);
}

/* Many pages of one content, which the kernel merges into few. */
static void make_merged(void)
{
    uint8_t *memory = map_private(MERGED);
    long wanted = MERGED / PAGE * 9 / 10;

    if (!memory) {
        return;
    }
    memset(memory, 0x6b, MERGED);
    advise(memory, MERGED, MADV_MERGEABLE, "ask for merging");
    put(KSM "pages_to_scan", "20000");
    put(KSM "run", "1");
    for (int i = 0; i < WAIT_TENTHS; i++) {
        if (number_in(KSM "pages_sharing") >= wanted) {
            break;
        }
        usleep(100000);
    }
    put(KSM "run", "0");
    printf("guestcore-guest merged %ld\n", number_in(KSM "pages_sharing"));
}

/* Notes the kernel's flags of the frames of one page of them; returns how many
 * are others than were noted before, or -1 at the end. */
static int note_page(int file, uint64_t *noted)
{
    uint64_t now[PAGE / sizeof(uint64_t)];
    ssize_t length = read(file, now, sizeof(now));
    int changed = 0;

    if (length <= 0) {
        return -1;
    }
    for (size_t i = 0; i < (size_t)length / sizeof(now[0]); i++) {
        changed += now[i] != noted[i];
    }
    memcpy(noted, now, (size_t)length);
    return changed;
}

/* The kernel's flags of all frames from `first` on; returns how many have
 * changed since the last call, or -1 if the kernel does not say. */
static int note_flags(uint8_t *memory, uint64_t first)
{
    struct head head = {"guestcore-flags", first, 0};
    int file = open("/proc/kpageflags", O_RDONLY);
    off_t start = (off_t)(first * sizeof(uint64_t));
    int changed = 0;

    if (file < 0 || lseek(file, start, SEEK_SET) != start) {
        complain("read the flags");
        return -1;
    }
    for (size_t at = PAGE; at < HUGE_PAGE; at += PAGE) {
        int more = note_page(file, (uint64_t *)(void *)(memory + at));

        if (more < 0) {
            break;
        }
        changed += more;
    }
    head.frames =
        (uint64_t)(lseek(file, 0, SEEK_CUR) - start) / sizeof(uint64_t);
    close(file);
    memcpy(memory, &head, sizeof(head));
    return head.frames ? changed : -1;
}

/* Notes the flags when the kernel has come to rest: for some seconds it still
 * gives back what its CPUs have of free pages.  False if there are none. */
static bool note_flags_at_rest(uint8_t *memory, uint64_t first)
{
    int changed = 0;
    int quiet = 0;

    put(STAT_INTERVAL, "100000"); /* CPUs do it when they add those up */
    for (int i = 0; i < REST_SECONDS && quiet < QUIET_SECONDS; i++) {
        sleep(1);
        changed = note_flags(memory, first);
        quiet = changed <= AT_REST ? quiet + 1 : 0;
    }
    printf("guestcore-guest changed %d\n", changed);
    return changed >= 0;
}

int main(int count, char **arguments)
{
    uint8_t *flags;

    setvbuf(stdout, NULL, _IOLBF, 0);
    flags = map(HUGE_PAGE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_POPULATE, -1);
    if (count == 3 && flags) {
        make_swapped();
        make_anonymous();
        make_transparent();
        make_hugetlb();
        make_locked();
        make_shared();
        make_poisoned();
        make_cached(arguments[1]);
        make_merged();
        put(TRANSPARENT_ONES, "never"); /* no more of them, made meanwhile */
        if (note_flags_at_rest(flags, strtoull(arguments[2], NULL, 0))) {
            printf("guestcore-guest ready\n");
        }
    }
    for (;;) {
        pause();
    }
}
