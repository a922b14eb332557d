/* SPDX-License-Identifier: MIT */
/* Memory is looked at in pieces, by any number of threads; what a page needs
 * of an earlier piece, for several pages may be one, is added in order. */
#include <string.h>

#include "guestcore/filter.h"

#include "base/error.h"
#include "base/ranges.h"
#include "dump/filter/classify.h"
#include "dump/filter/mem_map.h"
#include "dump/filter/page_map.h"
#include "dump/pipeline.h"
#include "dump/plan.h"
#include "guest/kernel.h"

/* Pages that are looked at at once: no free block is larger. */
#define PIECE_PAGES (UINT64_C(1) << GC_PAGE_MAX_FREE_ORDER)

/* Each thread has the struct pages of a piece, so that is enough. */
#define MAX_THREADS 64u

/* What can be read, or not, at once where memory has holes. */
#define READ_STEP 4096u

/* A tail whose head lies in an earlier piece; never in a map. */
#define KIND_PENDING GC_PAGE_KINDS

/* What all threads see. */
typedef struct Scan {
    GcMemory *memory;
    GcPageLayout layout;
    GcMemMap *mem_map;
    GcRanges *exist; /* page frames that are memory */
    GcPageMap *map;

    GcPfn next; /* page that comes next */

    /* The last head, and up to where pages are one with it. */
    GcPageKind head_kind;
    GcPfn head_end;

    uint64_t n_done;
    uint64_t n_pages;
    GcPageMapProgress progress; /* (nullable) */
    void *user_data;
} Scan;

/* A run of pages, all of them memory, and what they are. */
typedef struct Piece {
    GcPfn first;
    GcPfn end;
    uint8_t kinds[PIECE_PAGES];

    bool has_head; /* of a page in it that is no tail */
    GcPageKind head_kind;
    GcPfn head_end;
} Piece;

typedef struct Worker {
    GcTranslator *translator;
    uint8_t *pages; /* the struct pages of a piece */
    bool *is_known; /* per page: could be read */
} Worker;

static void *new_piece(void *opaque G_GNUC_UNUSED)
{
    return g_new0(Piece, 1);
}

static void *new_worker(void *opaque)
{
    const Scan *scan = opaque;
    Worker *worker = g_new0(Worker, 1);

    worker->translator = gc_mem_map_make_translator(scan->mem_map);
    worker->pages = g_malloc(PIECE_PAGES * scan->layout.size);
    worker->is_known = g_new0(bool, PIECE_PAGES);
    return worker;
}

static void free_worker(void *opaque G_GNUC_UNUSED, void *data)
{
    Worker *worker = data;

    gc_translator_free(worker->translator);
    g_free(worker->pages);
    g_free(worker->is_known);
    g_free(worker);
}

static bool next_piece(void *opaque, void *item)
{
    Scan *scan = opaque;
    Piece *piece = item;
    size_t i = gc_ranges_find(scan->exist, scan->next);
    GcRange range;

    if (i == gc_ranges_get_n(scan->exist)) {
        return false;
    }
    range = gc_ranges_get(scan->exist, i);
    piece->first = MAX(range.start, scan->next);
    piece->end = MIN(range.end, (piece->first / PIECE_PAGES + 1) * PIECE_PAGES);
    piece->has_head = false;
    scan->next = piece->end;
    return true;
}

/* Reads @len bytes of physical memory, of the struct pages of a piece from
 * @at on; what cannot be read is marked. */
static void mark_unknown(const Scan *scan, Worker *worker, size_t at,
                         size_t len)
{
    size_t first = at / scan->layout.size;
    size_t end = (at + len - 1) / scan->layout.size + 1;

    memset(worker->is_known + first, false, (end - first) * sizeof(bool));
}

static void read_physical(const Scan *scan, Worker *worker, GcPaddr paddr,
                          size_t at, size_t len)
{
    size_t step;

    if (gc_memory_read(scan->memory, paddr, worker->pages + at, len, NULL)) {
        return;
    }
    for (size_t done = 0; done < len; done += step) {
        step = MIN(len - done, READ_STEP - (paddr + done) % READ_STEP);
        if (!gc_memory_read(scan->memory, paddr + done,
                            worker->pages + at + done, step, NULL)) {
            mark_unknown(scan, worker, at + done, step);
        }
    }
}

/* Reads @len bytes of virtual memory in the same way; what lies behind each
 * other in physical memory too, at once. */
static void read_virtual(const Scan *scan, Worker *worker, uint64_t vaddr,
                         size_t at, size_t len)
{
    size_t end = at + len;
    size_t part;
    size_t pending = 0; /* bytes before @at that are mapped, but not read */
    GcPaddr start = 0;  /* of them */

    for (; at < end; at += part, vaddr += part) {
        GcPaddr paddr;
        uint64_t span;
        bool is_mapped =
            gc_translator_lookup(worker->translator, vaddr, &paddr, &span);

        part = (size_t)MIN(end - at - 1, span - 1) + 1;
        if (pending > 0 && !(is_mapped && paddr == start + pending)) {
            read_physical(scan, worker, start, at - pending, pending);
            pending = 0;
        }
        if (!is_mapped) {
            mark_unknown(scan, worker, at, part);
            continue;
        }
        start = pending > 0 ? start : paddr;
        pending += part;
    }
    if (pending > 0) {
        read_physical(scan, worker, start, end - pending, pending);
    }
}

/* Reads all struct pages of a piece, as far as there are such. */
static void read_pages(const Scan *scan, Worker *worker, const Piece *piece)
{
    size_t size = scan->layout.size;
    GcPfn end;

    memset(worker->is_known, true, (piece->end - piece->first) * sizeof(bool));
    for (GcPfn pfn = piece->first; pfn < piece->end; pfn = end) {
        size_t at = (size_t)(pfn - piece->first) * size;
        uint64_t vaddr;
        size_t len;
        bool found = gc_mem_map_find(scan->mem_map, worker->translator, pfn,
                                     &vaddr, &end);

        end = MIN(end, piece->end);
        len = (size_t)(end - pfn) * size;
        if (found) {
            read_virtual(scan, worker, vaddr, at, len);
        } else {
            mark_unknown(scan, worker, at, len);
        }
    }
}

/* The kind of a tail by the last head before it. */
static uint8_t get_tail_kind(const Piece *piece, GcPfn pfn)
{
    if (!piece->has_head) {
        return KIND_PENDING;
    }
    return (uint8_t)(pfn < piece->head_end ? piece->head_kind : GC_PAGE_KERNEL);
}

/* Says what @pfn is, and how many pages from there on are dealt with. */
static GcPfn look_at(const Scan *scan, const Worker *worker, Piece *piece,
                     GcPfn pfn)
{
    size_t i = (size_t)(pfn - piece->first);
    bool has_next = pfn + 1 < piece->end && worker->is_known[i + 1];
    GcPageVerdict verdict;
    GcPfn end;

    if (!worker->is_known[i]) {
        piece->kinds[i] = GC_PAGE_UNKNOWN;
        return 1;
    }
    verdict = gc_page_classify(
        &scan->layout, worker->pages + i * scan->layout.size, has_next, pfn);
    if (verdict.is_tail) {
        piece->kinds[i] = get_tail_kind(piece, pfn);
        return 1;
    }
    end = pfn + (UINT64_C(1) << verdict.order);
    piece->has_head = true;
    piece->head_kind = verdict.kind;
    piece->head_end = verdict.covers_tails ? end : pfn + 1;
    end = verdict.covers_tails ? pfn + 1 : MIN(end, piece->end);
    memset(piece->kinds + i, verdict.kind, end - pfn);
    return end - pfn;
}

static bool work(void *opaque, void *data, void *item,
                 GError **error G_GNUC_UNUSED)
{
    const Scan *scan = opaque;
    Worker *worker = data;
    Piece *piece = item;

    read_pages(scan, worker, piece);
    for (GcPfn pfn = piece->first; pfn < piece->end;) {
        pfn += look_at(scan, worker, piece, pfn);
    }
    return true;
}

/* Gives the tails at the beginning, before any head, the kind of theirs. */
static void resolve_tails(const Scan *scan, Piece *piece)
{
    for (GcPfn pfn = piece->first; pfn < piece->end; pfn++) {
        uint8_t *kind = &piece->kinds[pfn - piece->first];

        if (*kind == KIND_PENDING) {
            *kind = (uint8_t)(pfn < scan->head_end ? scan->head_kind
                                                   : GC_PAGE_KERNEL);
        } else if (*kind != GC_PAGE_UNKNOWN) {
            break;
        }
    }
}

static bool emit(void *opaque, void *item, GError **error)
{
    Scan *scan = opaque;
    Piece *piece = item;
    size_t n = (size_t)(piece->end - piece->first);
    size_t end;

    resolve_tails(scan, piece);
    for (size_t i = 0; i < n; i = end) {
        for (end = i + 1; end < n && piece->kinds[end] == piece->kinds[i];
             end++) {
        }
        gc_page_map_set(scan->map, piece->first + i, piece->first + end,
                        (GcPageKind)piece->kinds[i]);
    }
    if (piece->has_head) {
        scan->head_kind = piece->head_kind;
        scan->head_end = piece->head_end;
    }
    scan->n_done += piece->end - piece->first;
    if (scan->progress != NULL &&
        !scan->progress(scan->n_done, scan->n_pages, scan->user_data)) {
        g_set_error(error, GC_ERROR, GC_ERROR_CANCELLED, "cancelled");
        return false;
    }
    return true;
}

/* The whole */

/* All page frames that are memory, also those only partly. */
static bool find_memory(Scan *scan, GError **error)
{
    uint64_t page_size = UINT64_C(1) << scan->layout.page_shift;
    size_t n = gc_memory_get_n_blocks(scan->memory);

    for (size_t i = 0; i < n; i++) {
        GcMemoryBlock block = gc_memory_get_block(scan->memory, i);

        gc_ranges_add(scan->exist, block.start / page_size,
                      (block.start + (block.size - 1)) / page_size + 1);
    }
    n = gc_ranges_get_n(scan->exist);
    if (n == 0) {
        g_set_error(error, GC_ERROR, GC_ERROR_NO_DATA,
                    "the guest has no memory");
        return false;
    }
    scan->n_pages = gc_ranges_count(scan->exist);
    scan->map = gc_page_map_new_empty(gc_ranges_get(scan->exist, n - 1).end);
    if (scan->map == NULL) {
        g_set_error(error, GC_ERROR, GC_ERROR_UNSUPPORTED,
                    "the guest's memory ends too high for a map of its pages");
        return false;
    }
    return true;
}

static bool check_guest(const GcGuest *guest, GError **error)
{
    if (gc_guest_get_vmcoreinfo_text(guest) == NULL) {
        g_set_error(error, GC_ERROR, GC_ERROR_NO_DATA,
                    "the guest has no VMCOREINFO");
        return false;
    }
    if (!gc_kernel_is_verified(guest)) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "the kernel that VMCOREINFO tells of is not in the "
                    "guest's memory");
        return false;
    }
    return true;
}

static bool check_page_size(const GcGuest *guest, const GcPageLayout *layout,
                            GError **error)
{
    uint32_t size = gc_guest_get_page_size(guest);

    if (size != UINT32_C(1) << layout->page_shift) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "%s has no pages of the size that VMCOREINFO tells",
                    gc_guest_get_arch(guest));
        return false;
    }
    return true;
}

/* How many of the pages [@start, @end) are not known. */
static uint64_t count_unknown(const GcPageMap *map, GcPfn start, GcPfn end)
{
    uint64_t n = 0;

    for (GcPfn pfn = start; pfn < end; pfn++) {
        n += gc_page_map_get(map, pfn) == GC_PAGE_UNKNOWN;
    }
    return n;
}

/* Counts the pages that were ever used, and those of them that are not known;
 * what cannot be told counts as neither. */
static void count_used(const Scan *scan, uint64_t *ret_used,
                       uint64_t *ret_unknown)
{
    GcPaddr limit = gc_page_map_get_end(scan->map) << scan->layout.page_shift;
    GcPaddr start;
    GcPaddr end;

    *ret_used = 0;
    *ret_unknown = 0;
    for (GcPaddr at = 0;
         at < limit &&
         gc_memory_next_data(scan->memory, at, limit, &start, &end, NULL) &&
         start < end;
         at = end) {
        GcPfn first = start >> scan->layout.page_shift;
        GcPfn last = (end - 1) >> scan->layout.page_shift;

        *ret_used += last + 1 - first;
        *ret_unknown += count_unknown(scan->map, first, last + 1);
    }
}

/* A kernel knows nearly all of the memory that is used; but one that dumps a
 * crashed kernel, only the part that was reserved for it.  What was never
 * used it need not know: memory that may be plugged in some day. */
static bool check_coverage(const Scan *scan, GError **error)
{
    uint64_t used;
    uint64_t unknown;

    if (gc_page_map_count(scan->map, GC_PAGE_UNKNOWN) <= scan->n_pages / 2) {
        return true;
    }
    count_used(scan, &used, &unknown);
    if (unknown > used / 2) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "the kernel knows %" G_GUINT64_FORMAT
                    " of %" G_GUINT64_FORMAT
                    " pages only, as one does that dumps another one",
                    used - unknown, used);
        return false;
    }
    return true;
}

static bool run_scan(Scan *scan, unsigned threads, GError **error)
{
    static const GcPipelineOps ops = {
        .new_item = new_piece,
        .free_item = g_free,
        .new_worker = new_worker,
        .free_worker = free_worker,
        .next = next_piece,
        .work = work,
        .emit = emit,
    };
    uint64_t n_pieces = scan->n_pages / PIECE_PAGES + 1;

    threads = (unsigned)MIN(MIN(threads, MAX_THREADS), n_pieces);
    return gc_pipeline_run(&ops, scan, threads, error) &&
           check_coverage(scan, error);
}

static bool scan_guest(Scan *scan, const GcGuest *guest, unsigned threads,
                       GError **error)
{
    const GcVmcoreinfoText *text = gc_guest_get_vmcoreinfo_text(guest);

    if (!check_guest(guest, error) ||
        !gc_page_layout_init(&scan->layout, text, gc_guest_get_arch(guest),
                             error) ||
        !check_page_size(guest, &scan->layout, error) ||
        !find_memory(scan, error)) {
        return false;
    }
    scan->mem_map = gc_mem_map_new(guest, &scan->layout, error);
    return scan->mem_map != NULL && run_scan(scan, threads, error);
}

GcPageMap *gc_page_map_new(const GcGuest *guest, unsigned threads,
                           GcPageMapProgress progress, void *user_data,
                           GError **error)
{
    Scan scan = {
        .memory = gc_guest_get_memory(guest),
        .exist = gc_ranges_new(),
        .progress = progress,
        .user_data = user_data,
    };

    if (!scan_guest(&scan, guest, threads, error)) {
        g_clear_pointer(&scan.map, gc_page_map_free);
    }
    gc_mem_map_free(scan.mem_map);
    gc_ranges_free(scan.exist);
    return scan.map;
}
