/* SPDX-License-Identifier: MIT */
/* What the readers of the kernel's log share. */
#pragma once

#include "guestcore/log.h"

#include "guest/virtual.h"
#include "guest/vmcoreinfo_text.h"

/* The largest buffer that a kernel can be told to have, in bytes. */
#define GC_LOG_MAX_SIZE (UINT64_C(1) << 31)

/* A record is counted in 16 bits. */
#define GC_LOG_MAX_TEXT 65535u

/* No structure of the log is larger; in bytes. */
#define GC_LOG_MAX_STRUCT 4096u

/* A log that is being read. */
typedef struct GcLogReader {
    const GcVmcoreinfoText *text;
    GcVirtual *kernel;
    uint64_t memory_size; /* of the guest; no buffer is larger */
    unsigned long_size;   /* of the kernel's long and pointer, in bytes */
    bool big_endian;

    GcLogFunc each;
    void *user_data;
    uint64_t text_left; /* how many bytes of text may still be told */
    uint64_t lost;
    char buf[GC_LOG_MAX_TEXT]; /* the text of a record */
} GcLogReader;

/**
 * gc_log_get_layout:
 * @reader: the reader
 * @kind: "OFFSET" or "SIZE"
 * @name: as in VMCOREINFO
 * @ret_value: (out): in bytes, at most GC_LOG_MAX_STRUCT
 * @error: (out) (optional): return location
 *
 * Errors: GC_ERROR_FORMAT if VMCOREINFO does not tell, or cannot be right
 */
bool gc_log_get_layout(const GcLogReader *reader, const char *kind,
                       const char *name, uint64_t *ret_value, GError **error);

/* Reads an integer of @width bytes at @vaddr. */
bool gc_log_read_uint(GcLogReader *reader, uint64_t vaddr, size_t width,
                      uint64_t *ret_value, GError **error);

/* Reads a variable of the kernel. */
bool gc_log_read_variable(GcLogReader *reader, const char *symbol, size_t width,
                          uint64_t *ret_value, GError **error);

/* Whether a buffer of @size bytes can be a log's; else, the error says not. */
bool gc_log_check_size(const GcLogReader *reader, uint64_t size,
                       GError **error);

/* An integer of @width bytes in what was read. */
uint64_t gc_log_get_uint(const GcLogReader *reader, const uint8_t *bytes,
                         size_t width);

/* Reads the text of @record, @len bytes at @vaddr, and tells the record;
 * false if the reading is to end.  What cannot be read is lost. */
bool gc_log_tell(GcLogReader *reader, GcLogRecord *record, uint64_t vaddr,
                 size_t len);

/* The byte that holds a record's level and flags, as a level. */
int gc_log_get_level(const GcLogReader *reader, uint8_t flags_and_level);
