/* SPDX-License-Identifier: MIT */
/* The log since Linux 5.10, kernel/printk/printk_ringbuffer.[ch]: a ring of
 * descriptors, beside it one of what is known of each record, and a ring of
 * bytes that holds the texts.
 *
 * A descriptor has a number that grows, and a state beside it.  A position
 * in the ring of bytes grows too; its place there is the position modulo the
 * size.  The text of a record is one block, which the number of its
 * descriptor begins; a block that would not fit before the end of the ring
 * is at its beginning. */
#include "base/error.h"
#include "guest/log/log_kinds.h"

/* The states; RESERVED is that of a record that is being written. */
#define STATE_RESERVED 0
#define STATE_COMMITTED 1
#define STATE_FINALIZED 2
#define STATE_REUSABLE 3

/* A record without text has such positions; both are odd. */
#define IS_DATALESS(lpos) (((lpos)&1) != 0)

#define MAX_BITS 31

typedef struct Ring {
    uint64_t long_mask; /* the bits of a long */
    uint64_t id_mask;   /* those that are a descriptor's number */
    unsigned state_shift;

    uint64_t descs; /* virtual addresses */
    uint64_t infos;
    uint64_t data;
    uint64_t count; /* of descriptors; a power of two */
    uint64_t size;  /* of data, in bytes; a power of two */
    uint64_t head_id;
    uint64_t tail_id;

    /* Where things are in a descriptor and in an info. */
    uint64_t desc_size;
    uint64_t state;
    uint64_t begin;
    uint64_t next;
    uint64_t info_size;
    uint64_t seq;
    uint64_t ts_nsec;
    uint64_t text_len;
    uint64_t caller_id;
} Ring;

bool gc_log_has_ring(const GcVmcoreinfoText *text)
{
    uint64_t prb;

    return gc_vmcoreinfo_text_get_symbol(text, "prb", &prb);
}

/* An offset in VMCOREINFO, or the sum of two. */
typedef struct Offset {
    const char *name;
    const char *inner; /* (nullable) */
    uint64_t *to;
} Offset;

static bool get_offsets(const GcLogReader *reader, const Offset *offsets,
                        size_t n, GError **error)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t outer;
        uint64_t inner = 0;

        if (!gc_log_get_layout(reader, "OFFSET", offsets[i].name, &outer,
                               error) ||
            (offsets[i].inner != NULL &&
             !gc_log_get_layout(reader, "OFFSET", offsets[i].inner, &inner,
                                error))) {
            return false;
        }
        *offsets[i].to = outer + inner;
    }
    return true;
}

/* Whether a field of @width bytes at @offset is in a structure of @size. */
static bool fits(uint64_t offset, uint64_t width, uint64_t size)
{
    return offset + width <= size;
}

static bool check_layout(const GcLogReader *reader, const Ring *ring,
                         GError **error)
{
    unsigned width = reader->long_size;

    if (fits(ring->state, width, ring->desc_size) &&
        fits(ring->begin, width, ring->desc_size) &&
        fits(ring->next, width, ring->desc_size) &&
        fits(ring->seq, 8, ring->info_size) &&
        fits(ring->ts_nsec, 8, ring->info_size) &&
        fits(ring->text_len, 4, ring->info_size) &&
        fits(ring->caller_id, 4, ring->info_size)) {
        return true;
    }
    g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                "VMCOREINFO has offsets in prb_desc or printk_info that are "
                "past their ends");
    return false;
}

static bool get_layout(const GcLogReader *reader, Ring *ring, GError **error)
{
    const Offset offsets[] = {
        {"prb_desc.state_var", "atomic_long_t.counter", &ring->state},
        {"prb_desc.text_blk_lpos", "prb_data_blk_lpos.begin", &ring->begin},
        {"prb_desc.text_blk_lpos", "prb_data_blk_lpos.next", &ring->next},
        {"printk_info.seq", NULL, &ring->seq},
        {"printk_info.ts_nsec", NULL, &ring->ts_nsec},
        {"printk_info.text_len", NULL, &ring->text_len},
        {"printk_info.caller_id", NULL, &ring->caller_id},
    };

    return get_offsets(reader, offsets, G_N_ELEMENTS(offsets), error) &&
           gc_log_get_layout(reader, "SIZE", "prb_desc", &ring->desc_size,
                             error) &&
           gc_log_get_layout(reader, "SIZE", "printk_info", &ring->info_size,
                             error) &&
           check_layout(reader, ring, error);
}

/* A field of the structure that @prb points to. */
typedef struct Field {
    uint64_t offset;
    size_t width;
    uint64_t *to;
} Field;

static bool read_fields(GcLogReader *reader, uint64_t prb, const Field *fields,
                        size_t n, GError **error)
{
    for (size_t i = 0; i < n; i++) {
        if (!gc_log_read_uint(reader, prb + fields[i].offset, fields[i].width,
                              fields[i].to, error)) {
            g_prefix_error(error, "cannot read the ring of the log: ");
            return false;
        }
    }
    return true;
}

/* Sizes in powers of two, as they are in memory. */
typedef struct Bits {
    uint64_t count;
    uint64_t size;
} Bits;

static bool read_ring(GcLogReader *reader, Ring *ring, Bits *bits,
                      GError **error)
{
    uint64_t prb;
    uint64_t desc_ring;
    uint64_t data_ring;
    Field fields[] = {
        {0, 4, &bits->count},
        {0, reader->long_size, &ring->descs},
        {0, reader->long_size, &ring->infos},
        {0, reader->long_size, &ring->head_id},
        {0, reader->long_size, &ring->tail_id},
        {0, 4, &bits->size},
        {0, reader->long_size, &ring->data},
    };
    const Offset offsets[] = {
        {"printk_ringbuffer.desc_ring", NULL, &desc_ring},
        {"printk_ringbuffer.text_data_ring", NULL, &data_ring},
        {"prb_desc_ring.count_bits", NULL, &fields[0].offset},
        {"prb_desc_ring.descs", NULL, &fields[1].offset},
        {"prb_desc_ring.infos", NULL, &fields[2].offset},
        {"prb_desc_ring.head_id", "atomic_long_t.counter", &fields[3].offset},
        {"prb_desc_ring.tail_id", "atomic_long_t.counter", &fields[4].offset},
        {"prb_data_ring.size_bits", NULL, &fields[5].offset},
        {"prb_data_ring.data", NULL, &fields[6].offset},
    };

    if (!gc_log_read_variable(reader, "prb", reader->long_size, &prb, error) ||
        !get_offsets(reader, offsets, G_N_ELEMENTS(offsets), error)) {
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        fields[i].offset += i < 5 ? desc_ring : data_ring;
    }
    return read_fields(reader, prb, fields, G_N_ELEMENTS(fields), error);
}

static bool check_sizes(const GcLogReader *reader, Ring *ring, const Bits *bits,
                        GError **error)
{
    if (bits->count > MAX_BITS || bits->size > MAX_BITS) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "the kernel's log cannot have 2^%" G_GUINT64_FORMAT
                    " records and 2^%" G_GUINT64_FORMAT " bytes",
                    bits->count, bits->size);
        return false;
    }
    ring->count = UINT64_C(1) << bits->count;
    ring->size = UINT64_C(1) << bits->size;
    return gc_log_check_size(reader, ring->size, error) &&
           gc_log_check_size(reader,
                             ring->count * (ring->desc_size + ring->info_size),
                             error);
}

/* Where the text of a record is. */
typedef struct Block {
    uint64_t start; /* in the ring, in bytes */
    uint64_t size;  /* with the number that begins it */
} Block;

/* False if there can be no such block.  Newer kernels let a block end where
 * the ring does; older ones never have one whose end is at place 0. */
static bool find_block(const Ring *ring, uint64_t begin, uint64_t next,
                       Block *ret_block)
{
    uint64_t wrap_mask = ~(ring->size - 1) & ring->long_mask;
    uint64_t length = (next - begin) & ring->long_mask;
    uint64_t after = (begin + ring->size) & ring->long_mask;

    if (((next - 1) & wrap_mask) == (begin & wrap_mask) &&
        length <= ring->size) {
        *ret_block = (Block){begin & (ring->size - 1), length};
        return true;
    }
    if ((after & wrap_mask) == (next & wrap_mask)) {
        *ret_block = (Block){0, next & (ring->size - 1)};
        return true;
    }
    return false;
}

/* Tells a record whose text is in the block from @begin to @next. */
static bool tell_text(GcLogReader *reader, const Ring *ring,
                      GcLogRecord *record, uint64_t id, Block block,
                      size_t text_len)
{
    uint64_t vaddr = ring->data + block.start;
    uint64_t owner;

    if (block.size < reader->long_size ||
        !gc_log_read_uint(reader, vaddr, reader->long_size, &owner, NULL) ||
        owner != id) {
        reader->lost++;
        return true;
    }
    return gc_log_tell(reader, record, vaddr + reader->long_size,
                       MIN(text_len, block.size - reader->long_size));
}

/* Tells the record of a descriptor that is written. */
static bool tell_record(GcLogReader *reader, const Ring *ring,
                        const uint8_t *desc, uint64_t id)
{
    uint8_t info[GC_LOG_MAX_STRUCT];
    uint64_t begin =
        gc_log_get_uint(reader, desc + ring->begin, reader->long_size);
    uint64_t next =
        gc_log_get_uint(reader, desc + ring->next, reader->long_size);
    GcLogRecord record;
    Block block;
    size_t len;

    if (!gc_virtual_read(reader->kernel,
                         ring->infos +
                             (id & (ring->count - 1)) * ring->info_size,
                         info, ring->info_size, NULL)) {
        reader->lost++;
        return true;
    }
    /* VMCOREINFO tells of no facility and level; they follow the length. */
    record = (GcLogRecord){
        .sequence = gc_log_get_uint(reader, info + ring->seq, 8),
        .nanoseconds = gc_log_get_uint(reader, info + ring->ts_nsec, 8),
        .has_time = true,
        .facility = info[ring->text_len + 2],
        .level = gc_log_get_level(reader, info[ring->text_len + 3]),
        .caller = (uint32_t)gc_log_get_uint(reader, info + ring->caller_id, 4),
        .has_caller = true,
    };
    len = gc_log_get_uint(reader, info + ring->text_len, 2);
    if (IS_DATALESS(begin)) {
        return gc_log_tell(reader, &record, 0, 0);
    }
    if (!find_block(ring, begin, next, &block)) {
        reader->lost++;
        return true;
    }
    return tell_text(reader, ring, &record, id, block, len);
}

/* Tells the record of the descriptor that has the number @id, if that is
 * still its own. */
static bool tell_descriptor(GcLogReader *reader, const Ring *ring, uint64_t id)
{
    uint8_t desc[GC_LOG_MAX_STRUCT];
    uint64_t state_var;
    uint64_t state;

    if (!gc_virtual_read(reader->kernel,
                         ring->descs +
                             (id & (ring->count - 1)) * ring->desc_size,
                         desc, ring->desc_size, NULL)) {
        reader->lost++;
        return true;
    }
    state_var = gc_log_get_uint(reader, desc + ring->state, reader->long_size);
    state = state_var >> ring->state_shift;
    if ((state_var & ring->id_mask) == id &&
        (state == STATE_COMMITTED || state == STATE_FINALIZED)) {
        return tell_record(reader, ring, desc, id);
    }
    /* One that may be reused was told of, or never was. */
    reader->lost += state != STATE_REUSABLE;
    return true;
}

bool gc_log_read_ring(GcLogReader *reader, GError **error)
{
    unsigned long_bits = 8 * reader->long_size;
    Ring ring = {
        .long_mask = UINT64_MAX >> (64 - long_bits),
        .id_mask = UINT64_MAX >> (64 - long_bits + 2),
        .state_shift = long_bits - 2,
    };
    Bits bits;
    uint64_t n;

    if (!get_layout(reader, &ring, error) ||
        !read_ring(reader, &ring, &bits, error) ||
        !check_sizes(reader, &ring, &bits, error)) {
        return false;
    }
    reader->text_left = ring.size;
    n = ((ring.head_id - ring.tail_id) & ring.id_mask) + 1;
    n = MIN(n, ring.count);
    for (uint64_t i = n; i > 0; i--) {
        if (!tell_descriptor(reader, &ring,
                             (ring.head_id - (i - 1)) & ring.id_mask)) {
            break;
        }
    }
    return true;
}
