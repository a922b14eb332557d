/* SPDX-License-Identifier: MIT */
/* A text starts at the first byte that is no space.  If that is a brace or a
 * bracket, it ends where as many are closed as were opened, or where more
 * are, which the parser will complain about; strings are stepped over.  Any
 * other text ends with its line. */
#include "system/monitor/qmp_split.h"

#include <string.h>

typedef enum State {
    STATE_BETWEEN, /* no text has started */
    STATE_NESTED,  /* in an object or array */
    STATE_STRING,  /* in a string in one; @quote ends it */
    STATE_ESCAPE,  /* after a backslash in such a string */
    STATE_LINE,    /* in a text that ends with its line */
    STATE_DROP,    /* what comes is dropped up to the end of the line */
} State;

struct GcQmpSplitter {
    GByteArray *bytes;
    size_t start; /* of the text, or of what was not looked at */
    size_t at;    /* what comes next */
    State state;
    char quote;
    int braces;
    int brackets;
};

GcQmpSplitter *gc_qmp_splitter_new(void)
{
    GcQmpSplitter *splitter = g_new0(GcQmpSplitter, 1);

    splitter->bytes = g_byte_array_new();
    return splitter;
}

void gc_qmp_splitter_free(GcQmpSplitter *splitter)
{
    if (splitter == NULL) {
        return;
    }
    g_byte_array_unref(splitter->bytes);
    g_free(splitter);
}

void gc_qmp_splitter_push(GcQmpSplitter *splitter, const void *data, size_t len)
{
    if (splitter->start > 0) {
        g_byte_array_remove_range(splitter->bytes, 0, (guint)splitter->start);
        splitter->at -= splitter->start;
        splitter->start = 0;
    }
    g_byte_array_append(splitter->bytes, data, (guint)len);
}

static void start_text(GcQmpSplitter *splitter, char c)
{
    splitter->start = splitter->at;
    splitter->braces = c == '{';
    splitter->brackets = c == '[';
    splitter->state = c == '{' || c == '[' ? STATE_NESTED : STATE_LINE;
}

/* True if @c ends the text. */
static bool step_nested(GcQmpSplitter *splitter, char c)
{
    switch (c) {
    case '"':
    case '\'':
        splitter->quote = c;
        splitter->state = STATE_STRING;
        return false;
    case '{':
        splitter->braces++;
        break;
    case '}':
        splitter->braces--;
        break;
    case '[':
        splitter->brackets++;
        break;
    case ']':
        splitter->brackets--;
        break;
    default:
        return false;
    }
    return splitter->braces < 0 || splitter->brackets < 0 ||
           splitter->braces + splitter->brackets == 0;
}

static void step_string(GcQmpSplitter *splitter, char c)
{
    if (splitter->state == STATE_ESCAPE) {
        splitter->state = STATE_STRING;
    } else if (c == '\\') {
        splitter->state = STATE_ESCAPE;
    } else if (c == splitter->quote) {
        splitter->state = STATE_NESTED;
    }
}

/* Looks at one byte.  True if it ends the text. */
static bool step(GcQmpSplitter *splitter, char c)
{
    switch (splitter->state) {
    case STATE_BETWEEN:
        if (!g_ascii_isspace(c)) {
            start_text(splitter, c);
        }
        break;
    case STATE_NESTED:
        return step_nested(splitter, c);
    case STATE_STRING:
    case STATE_ESCAPE:
        step_string(splitter, c);
        break;
    case STATE_LINE:
        return c == '\n';
    case STATE_DROP:
        if (c == '\n') {
            splitter->state = STATE_BETWEEN;
        }
        break;
    default:
        g_assert_not_reached();
    }
    return false;
}

/* Which limit the text passes, if any. */
static const char *check_limits(const GcQmpSplitter *splitter)
{
    if (splitter->braces + splitter->brackets > GC_QMP_MAX_DEPTH) {
        return "JSON nesting depth limit exceeded";
    }
    if (splitter->at - splitter->start > GC_QMP_MAX_SIZE) {
        return "JSON token size limit exceeded";
    }
    return NULL;
}

static bool has_text(const GcQmpSplitter *splitter)
{
    return splitter->state != STATE_BETWEEN && splitter->state != STATE_DROP;
}

GcQmpSplit gc_qmp_splitter_pull(GcQmpSplitter *splitter, const char **ret_text,
                                size_t *ret_len)
{
    while (splitter->at < splitter->bytes->len) {
        bool ended = step(splitter, (char)splitter->bytes->data[splitter->at]);
        const char *passed;

        splitter->at++;
        if (ended) {
            *ret_text = (const char *)splitter->bytes->data + splitter->start;
            *ret_len = splitter->at - splitter->start;
            splitter->state = STATE_BETWEEN;
            splitter->start = splitter->at;
            return GC_QMP_TEXT;
        }
        if (!has_text(splitter)) {
            splitter->start = splitter->at;
            continue;
        }
        passed = check_limits(splitter);
        if (passed != NULL) {
            *ret_text = passed;
            *ret_len = strlen(passed);
            splitter->state = STATE_DROP;
            splitter->start = splitter->at;
            return GC_QMP_ERROR;
        }
    }
    return GC_QMP_NONE;
}
