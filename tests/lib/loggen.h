/* SPDX-License-Identifier: MIT */
/* Logs of kernels in synthetic guests, written as a kernel of each time
 * writes them: made from Linux's documents and headers with literal offsets,
 * and from nothing of the code that reads them. */
#pragma once

#include "guestcore/guest.h"

#define LOGGEN_COUNT_BITS 5u /* descriptors */
#define LOGGEN_SIZE_BITS 10u /* bytes of text */
#define LOGGEN_COUNT (1u << LOGGEN_COUNT_BITS)
#define LOGGEN_SIZE (1u << LOGGEN_SIZE_BITS)
#define LOGGEN_MEMORY 0x2000u /* of the guest, in bytes */

/* Where things are in its memory. */
#define LOGGEN_DESCS 0x200u
#define LOGGEN_INFOS 0x800u
#define LOGGEN_DATA 0x1400u
#define LOGGEN_TEXT_LEN 16u /* in an info, and the level's byte */
#define LOGGEN_LEVEL 19u

/* How a kernel keeps its log. */
typedef enum LoggenKind {
    LOGGEN_RING,     /* 5.10 and later */
    LOGGEN_RING_FIT, /* a later one, whose blocks may end where the ring does */
    LOGGEN_RECORDS,  /* 3.5 to 5.9 */
    LOGGEN_RECORDS_CALLER, /* … that tells who logs */
    LOGGEN_PLAIN,          /* before 3.5 */
} LoggenKind;

/* A record that must be read. */
typedef struct LoggenRecord {
    uint64_t sequence;
    uint64_t nanoseconds;
    unsigned level;
    uint32_t caller;
    char *text;
    size_t text_len;
} LoggenRecord;

typedef struct Loggen Loggen;

/* An empty log of @kind in a guest of @arch: i386, ppc64le or s390x. */
Loggen *loggen_new(const char *arch, LoggenKind kind);
void loggen_free(Loggen *gen);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Loggen, loggen_free)

/* Logs a text; what is too old makes room. */
void loggen_add(Loggen *gen, uint64_t nanoseconds, unsigned level,
                uint32_t caller, const char *text, size_t text_len);

/* What the log has now, the oldest first.  (element-type LoggenRecord) */
GPtrArray *loggen_get_records(const Loggen *gen);

/* The guest's memory: LOGGEN_MEMORY bytes from address 0 on. */
uint8_t *loggen_get_memory(Loggen *gen);

/* Its VMCOREINFO. */
const char *loggen_get_text(const Loggen *gen);

/* The number of the newest descriptor, and where it is. */
uint64_t loggen_get_head_id(const Loggen *gen);
uint8_t *loggen_get_desc(Loggen *gen, uint64_t id);

/* Integers as the guest has them. */
unsigned loggen_get_long_size(const Loggen *gen);
void loggen_put(const Loggen *gen, uint8_t *to, unsigned width, uint64_t value);
uint64_t loggen_get(const Loggen *gen, const uint8_t *from, unsigned width);

/* The guest as guestcore sees it, with @text before its VMCOREINFO; it must
 * not outlive @gen. */
GcGuest *loggen_make_guest(Loggen *gen, const char *text);
