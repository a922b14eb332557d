/* SPDX-License-Identifier: MIT */
#include "tests/lib/loggen.h"

#include <string.h>

#define LOG_BUF 0x100u /* the variables, a pointer or an integer each */
#define LOG_BUF_LEN 0x108u
#define LOG_FIRST 0x110u
#define LOG_NEXT 0x118u
#define RING 0x120u

#define COMMITTED 1u
#define FINALIZED 2u
#define REUSABLE 3u
#define DATALESS 3u

struct Loggen {
    const char *arch;
    LoggenKind kind;
    uint64_t offset; /* of virtual addresses */
    unsigned width;  /* of a long */
    bool big_endian;
    char *text;
    uint8_t memory[LOGGEN_MEMORY];
    GPtrArray *records;

    uint64_t mask; /* of a long */
    uint64_t head_id;
    uint64_t tail_id;
    uint64_t head; /* in the ring of data, or in the buffer */
    uint64_t tail;
    uint64_t sequence;
};

static void record_free(gpointer data)
{
    LoggenRecord *record = data;

    g_free(record->text);
    g_free(record);
}

unsigned loggen_get_long_size(const Loggen *gen)
{
    return gen->width;
}

void loggen_put(const Loggen *gen, uint8_t *to, unsigned width, uint64_t value)
{
    for (unsigned i = 0; i < width; i++) {
        to[gen->big_endian ? width - 1 - i : i] = (uint8_t)(value >> 8 * i);
    }
}

uint64_t loggen_get(const Loggen *gen, const uint8_t *from, unsigned width)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < width; i++) {
        value |= (uint64_t)from[gen->big_endian ? width - 1 - i : i] << 8 * i;
    }
    return value;
}

static void put_long(Loggen *gen, unsigned at, uint64_t value)
{
    loggen_put(gen, gen->memory + at, gen->width, value);
}

uint8_t *loggen_get_memory(Loggen *gen)
{
    return gen->memory;
}

const char *loggen_get_text(const Loggen *gen)
{
    return gen->text;
}

GPtrArray *loggen_get_records(const Loggen *gen)
{
    return gen->records;
}

static char *make_symbols(const Loggen *gen)
{
    const struct {
        const char *name;
        unsigned at;
    } symbols[] = {
        {"log_buf", LOG_BUF},
        {"log_buf_len", LOG_BUF_LEN},
        {gen->kind == LOGGEN_PLAIN ? "log_end" : "log_next_idx", LOG_NEXT},
        {"log_first_idx", LOG_FIRST},
    };
    GString *text = g_string_new("OSRELEASE=synthetic\n");

    for (size_t i = 0; i < G_N_ELEMENTS(symbols); i++) {
        if (i < 3 || gen->kind != LOGGEN_PLAIN) {
            g_string_append_printf(text, "SYMBOL(%s)=%" G_GINT64_MODIFIER "x\n",
                                   symbols[i].name,
                                   symbols[i].at + gen->offset);
        }
    }
    return g_string_free(text, FALSE);
}

static char *make_records_text(const Loggen *gen)
{
    g_autofree char *symbols = make_symbols(gen);

    return g_strdup_printf("%sSIZE(printk_log)=%d\n"
                           "OFFSET(printk_log.ts_nsec)=0\n"
                           "OFFSET(printk_log.len)=8\n"
                           "OFFSET(printk_log.text_len)=10\n"
                           "OFFSET(printk_log.dict_len)=12\n",
                           symbols, gen->kind == LOGGEN_RECORDS ? 16 : 20);
}

/* As C lays the structures out for a long of @w bytes. */
static char *make_ring_text(const Loggen *gen)
{
    unsigned w = gen->width;

    return g_strdup_printf("OSRELEASE=synthetic\n"
                           "SYMBOL(prb)=%" G_GINT64_MODIFIER "x\n"
                           "OFFSET(printk_ringbuffer.desc_ring)=0\n"
                           "OFFSET(printk_ringbuffer.text_data_ring)=%u\n"
                           "OFFSET(prb_desc_ring.count_bits)=0\n"
                           "OFFSET(prb_desc_ring.descs)=%u\n"
                           "OFFSET(prb_desc_ring.infos)=%u\n"
                           "OFFSET(prb_desc_ring.head_id)=%u\n"
                           "OFFSET(prb_desc_ring.tail_id)=%u\n"
                           "SIZE(prb_desc)=%u\n"
                           "OFFSET(prb_desc.state_var)=0\n"
                           "OFFSET(prb_desc.text_blk_lpos)=%u\n"
                           "OFFSET(prb_data_blk_lpos.begin)=0\n"
                           "OFFSET(prb_data_blk_lpos.next)=%u\n"
                           "SIZE(printk_info)=88\n"
                           "OFFSET(printk_info.seq)=0\n"
                           "OFFSET(printk_info.ts_nsec)=8\n"
                           "OFFSET(printk_info.text_len)=16\n"
                           "OFFSET(printk_info.caller_id)=20\n"
                           "OFFSET(prb_data_ring.size_bits)=0\n"
                           "OFFSET(prb_data_ring.data)=%u\n"
                           "OFFSET(atomic_long_t.counter)=0\n",
                           LOG_BUF + gen->offset, 5 * w, w, 2 * w, 3 * w, 4 * w,
                           3 * w, w, w, w);
}

static uint8_t *get_info(Loggen *gen, uint64_t id)
{
    return gen->memory + LOGGEN_INFOS + id % LOGGEN_COUNT * 88;
}

uint8_t *loggen_get_desc(Loggen *gen, uint64_t id)
{
    return gen->memory + LOGGEN_DESCS +
           id % LOGGEN_COUNT * (uint64_t)(3 * gen->width);
}

uint64_t loggen_get_head_id(const Loggen *gen)
{
    return gen->head_id;
}

static void set_state(Loggen *gen, uint64_t id, unsigned state)
{
    loggen_put(gen, loggen_get_desc(gen, id), gen->width,
               (id & gen->mask >> 2) | (uint64_t)state << (8 * gen->width - 2));
}

static void put_ids(Loggen *gen)
{
    put_long(gen, RING + 3 * gen->width, gen->head_id);
    put_long(gen, RING + 4 * gen->width, gen->tail_id);
}

/* An empty ring: one descriptor, that may be reused; the positions are such
 * that they soon pass the end of a long. */
static void start_ring(Loggen *gen)
{
    gen->head_id = -(uint64_t)(LOGGEN_COUNT + 1) & gen->mask >> 2;
    gen->tail_id = gen->head_id;
    gen->head = -(uint64_t)LOGGEN_SIZE & gen->mask;
    gen->tail = gen->head;
    put_long(gen, LOG_BUF, RING + gen->offset);
    loggen_put(gen, gen->memory + RING, 4, LOGGEN_COUNT_BITS);
    put_long(gen, RING + gen->width, LOGGEN_DESCS + gen->offset);
    put_long(gen, RING + 2 * gen->width, LOGGEN_INFOS + gen->offset);
    put_ids(gen);
    loggen_put(gen, gen->memory + RING + 5 * gen->width, 4, LOGGEN_SIZE_BITS);
    put_long(gen, RING + 6 * gen->width, LOGGEN_DATA + gen->offset);
    set_state(gen, gen->head_id, REUSABLE);
}

static void start_buffer(Loggen *gen)
{
    put_long(gen, LOG_BUF, LOGGEN_DATA + gen->offset);
    loggen_put(gen, gen->memory + LOG_BUF_LEN, 4, LOGGEN_SIZE);
}

Loggen *loggen_new(const char *arch, LoggenKind kind)
{
    Loggen *gen = g_new0(Loggen, 1);

    gen->arch = arch;
    gen->kind = kind;
    gen->width = strcmp(arch, "i386") == 0 ? 4 : 8;
    gen->big_endian = strcmp(arch, "s390x") == 0;
    gen->offset = gen->big_endian   ? 0
                  : gen->width == 4 ? UINT64_C(0xc0000000)
                                    : UINT64_C(0xc000000000000000);
    gen->mask = UINT64_MAX >> (64 - 8 * gen->width);
    gen->records = g_ptr_array_new_with_free_func(record_free);
    if (kind == LOGGEN_RING || kind == LOGGEN_RING_FIT) {
        gen->text = make_ring_text(gen);
        start_ring(gen);
    } else {
        gen->text =
            kind == LOGGEN_PLAIN ? make_symbols(gen) : make_records_text(gen);
        start_buffer(gen);
    }
    return gen;
}

void loggen_free(Loggen *gen)
{
    if (gen != NULL) {
        g_ptr_array_unref(gen->records);
        g_free(gen->text);
        g_free(gen);
    }
}

static void remember(Loggen *gen, uint64_t nanoseconds, unsigned level,
                     uint32_t caller, const char *text, size_t text_len)
{
    LoggenRecord *record = g_new0(LoggenRecord, 1);

    record->sequence = gen->sequence++;
    record->nanoseconds = nanoseconds;
    record->level = level;
    record->caller = caller;
    record->text = g_memdup2(text, text_len);
    record->text_len = text_len;
    g_ptr_array_add(gen->records, record);
}

/* Takes the descriptor of the oldest block of data out of use. */
static void drop_oldest_data(Loggen *gen)
{
    const uint8_t *block = gen->memory + LOGGEN_DATA + gen->tail % LOGGEN_SIZE;
    uint64_t id = loggen_get(gen, block, gen->width);
    const uint8_t *desc = loggen_get_desc(gen, id);
    uint64_t next = loggen_get(gen, desc + 2 * gen->width, gen->width);

    /* The records before it that had no text are older, and stay. */
    for (guint i = 0; i < gen->records->len; i++) {
        const LoggenRecord *record = g_ptr_array_index(gen->records, i);

        if (record->text_len > 0) {
            g_ptr_array_remove_index(gen->records, i);
            break;
        }
    }
    set_state(gen, id, REUSABLE);
    gen->tail = next;
}

/* Takes the oldest descriptor out of use. */
static void drop_oldest(Loggen *gen)
{
    uint8_t *desc = loggen_get_desc(gen, gen->tail_id);
    uint64_t state = loggen_get(gen, desc, gen->width) >> (8 * gen->width - 2);
    uint64_t begin = loggen_get(gen, desc + gen->width, gen->width);

    if (state != REUSABLE && begin % 2 == 0) {
        drop_oldest_data(gen);
    } else if (state != REUSABLE) {
        g_ptr_array_remove_index(gen->records, 0);
        set_state(gen, gen->tail_id, REUSABLE);
    }
    gen->tail_id = (gen->tail_id + 1) & gen->mask >> 2;
}

/* Where the block of @size bytes at the head ends, and where it stands. */
static uint64_t find_place(const Loggen *gen, uint64_t size, uint64_t *ret_at)
{
    uint64_t end = gen->head + size;
    uint64_t last = gen->kind == LOGGEN_RING_FIT ? end - 1 : end;

    *ret_at = gen->head % LOGGEN_SIZE;
    if (last / LOGGEN_SIZE == gen->head / LOGGEN_SIZE) {
        return end & gen->mask;
    }
    *ret_at = 0;
    return ((end & ~(uint64_t)(LOGGEN_SIZE - 1)) + size) & gen->mask;
}

static void put_block(Loggen *gen, uint64_t id, const char *text,
                      size_t text_len)
{
    uint8_t *desc = loggen_get_desc(gen, id);
    uint64_t size =
        (gen->width + text_len + gen->width - 1) / gen->width * gen->width;
    uint64_t at;
    uint64_t next = find_place(gen, size, &at);

    while (((next - gen->tail) & gen->mask) > LOGGEN_SIZE) {
        drop_oldest_data(gen);
    }
    loggen_put(gen, desc + gen->width, gen->width, gen->head);
    loggen_put(gen, desc + 2 * gen->width, gen->width, next);
    /* A block that is moved to the beginning leaves its number behind. */
    loggen_put(gen, gen->memory + LOGGEN_DATA + gen->head % LOGGEN_SIZE,
               gen->width, id);
    loggen_put(gen, gen->memory + LOGGEN_DATA + at, gen->width, id);
    memcpy(gen->memory + LOGGEN_DATA + at + gen->width, text, text_len);
    gen->head = next;
}

static void add_to_ring(Loggen *gen, uint64_t nanoseconds, unsigned level,
                        uint32_t caller, const char *text, size_t text_len)
{
    uint64_t id = (gen->head_id + 1) & gen->mask >> 2;
    uint8_t *desc = loggen_get_desc(gen, id);
    uint8_t *info = get_info(gen, id);

    if (((id - gen->tail_id) & gen->mask >> 2) >= LOGGEN_COUNT) {
        drop_oldest(gen);
    }
    gen->head_id = id;
    loggen_put(gen, desc + gen->width, gen->width, DATALESS);
    loggen_put(gen, desc + 2 * gen->width, gen->width, DATALESS);
    if (text_len > 0) {
        put_block(gen, id, text, text_len);
    }
    loggen_put(gen, info, 8, gen->sequence);
    loggen_put(gen, info + 8, 8, nanoseconds);
    loggen_put(gen, info + 16, 2, text_len);
    info[18] = 3;
    info[19] = (uint8_t)(gen->big_endian ? 0x10 | level : 2 | level << 5);
    loggen_put(gen, info + 20, 4, caller);
    set_state(gen, id, gen->sequence % 3 == 0 ? COMMITTED : FINALIZED);
    put_ids(gen);
}

static unsigned get_head_size(const Loggen *gen)
{
    return gen->kind == LOGGEN_RECORDS ? 16 : 20;
}

/* Takes the oldest record of the buffer out of use. */
static void drop_oldest_record(Loggen *gen)
{
    const uint8_t *old = gen->memory + LOGGEN_DATA + gen->tail;

    if (loggen_get(gen, old + 8, 2) == 0) {
        gen->tail = 0;
        old = gen->memory + LOGGEN_DATA;
    }
    gen->tail += loggen_get(gen, old + 8, 2);
    g_ptr_array_remove_index(gen->records, 0);
}

/* Whether @size bytes and an empty head are free at the head. */
static bool has_room(const Loggen *gen, uint64_t size)
{
    uint64_t free_bytes = gen->head > gen->tail || gen->records->len == 0
                              ? MAX(LOGGEN_SIZE - gen->head, gen->tail)
                              : gen->tail - gen->head;

    return free_bytes >= size + get_head_size(gen);
}

static void add_to_records(Loggen *gen, uint64_t nanoseconds, unsigned level,
                           uint32_t caller, const char *text, size_t text_len)
{
    unsigned head = get_head_size(gen);
    uint64_t size = (head + text_len + 3) / 4 * 4;
    uint8_t *to;

    while (!has_room(gen, size)) {
        drop_oldest_record(gen);
    }
    if (gen->head + size + head > LOGGEN_SIZE) {
        memset(gen->memory + LOGGEN_DATA + gen->head, 0, head);
        gen->head = 0;
    }
    to = gen->memory + LOGGEN_DATA + gen->head;
    memset(to, 0, size);
    loggen_put(gen, to, 8, nanoseconds);
    loggen_put(gen, to + 8, 2, size);
    loggen_put(gen, to + 10, 2, text_len);
    to[14] = 3;
    to[15] = (uint8_t)(gen->big_endian ? 0x10 | level : 2 | level << 5);
    if (gen->kind == LOGGEN_RECORDS_CALLER) {
        loggen_put(gen, to + 16, 4, caller);
    }
    memcpy(to + head, text, text_len);
    gen->head += size;
    loggen_put(gen, gen->memory + LOG_FIRST, 4, gen->tail);
    loggen_put(gen, gen->memory + LOG_NEXT, 4, gen->head);
}

static void add_to_text(Loggen *gen, const char *text, size_t text_len)
{
    uint64_t oldest;

    for (size_t i = 0; i <= text_len; i++, gen->head++) {
        gen->memory[LOGGEN_DATA + gen->head % LOGGEN_SIZE] =
            i < text_len ? (uint8_t)text[i] : '\n';
    }
    loggen_put(gen, gen->memory + LOG_NEXT, 4, gen->head);
    /* What is overwritten is gone to the byte. */
    oldest = gen->head > LOGGEN_SIZE ? gen->head - LOGGEN_SIZE : 0;
    for (; gen->tail < oldest; gen->tail++) {
        LoggenRecord *first = g_ptr_array_index(gen->records, 0);

        if (first->text_len == 0) {
            g_ptr_array_remove_index(gen->records, 0);
        } else {
            memmove(first->text, first->text + 1, --first->text_len);
        }
    }
}

void loggen_add(Loggen *gen, uint64_t nanoseconds, unsigned level,
                uint32_t caller, const char *text, size_t text_len)
{
    switch (gen->kind) {
    case LOGGEN_RING:
    case LOGGEN_RING_FIT:
        add_to_ring(gen, nanoseconds, level, caller, text, text_len);
        remember(gen, nanoseconds, level, caller, text, text_len);
        break;
    case LOGGEN_RECORDS:
    case LOGGEN_RECORDS_CALLER:
        add_to_records(gen, nanoseconds, level, caller, text, text_len);
        remember(gen, nanoseconds, level, caller, text, text_len);
        break;
    case LOGGEN_PLAIN:
        remember(gen, nanoseconds, level, caller, text, text_len);
        add_to_text(gen, text, text_len);
        break;
    }
}

GcGuest *loggen_make_guest(Loggen *gen, const char *text)
{
    g_autoptr(GcMemory) memory = gc_memory_new();
    g_autofree char *whole = g_strconcat(text, gen->text, NULL);
    g_autoptr(GBytes) desc = g_bytes_new(whole, strlen(whole));
    GcGuest *guest;
    bool ok = gc_memory_add_host(memory, 0, LOGGEN_MEMORY, gen->memory, NULL);

    guest = gc_guest_new(gen->arch, memory, NULL);
    ok = ok && guest != NULL &&
         gc_guest_add_note(guest, "VMCOREINFO", 0, desc, NULL);
    g_assert(ok);
    return guest;
}
