/*
 * ows_json: the one door through which JSON comes in, and the writers with
 * which it goes out.
 *
 * In: Jansson behind limits on size, depth and number of values that are
 * checked before Jansson sees the text, so no peer can exhaust a worker's
 * stack or memory.  Out: plain bytes, without Jansson.
 */

#ifndef _OWS_JSON_H_INCLUDED_
#define _OWS_JSON_H_INCLUDED_


#include "ows.h"

#include <jansson.h>


#define OWS_JSON_TIME_LEN  (sizeof("2025-08-28T03:45:44.716Z") - 1)


typedef struct {
    size_t          size;        /* bytes of text */
    unsigned        depth;       /* arrays and objects within each other */
    size_t          values;      /* commas and brackets: bounds the tree */
} ows_json_limits_t;


typedef enum {
    OWS_JSON_OK = 0,
    OWS_JSON_SYNTAX,             /* not JSON, or not UTF-8 */
    OWS_JSON_RANGE,              /* JSON, with a number, a key or a string
                                    that a tree can't hold */
    OWS_JSON_LIMIT,              /* JSON perhaps, but over a limit */
    OWS_JSON_NOMEM
} ows_json_e;


/*
 * Once in a process, before any other call: makes Jansson wipe what it frees
 * (trees hold secrets) and seeds its hashes.  Harmless to other users of
 * Jansson in the process.
 */
void ows_json_init(void);

/*
 * The tree of any JSON value (RFC 8259), or NULL with the reason in *why.
 * Of a key that comes twice the last one counts.  A string may hold \u0000.
 * Release it with json_decref().
 */
json_t *ows_json_parse(const uint8_t *p, size_t len,
    const ows_json_limits_t *limits, ows_json_e *why);

/* What is wrong with a text, as a sentence's tail: "is not JSON" ... */
const char *ows_json_reason(ows_json_e why);

/*
 * The string at key, borrowed from object; {0, NULL} when there is none or it
 * is of another type.  With the _nocase form the case of ASCII letters in the
 * key doesn't matter, and the value is of any type; NULL when there is none.
 */
ows_str_t ows_json_string(const json_t *object, const char *key);
json_t *ows_json_get_nocase(const json_t *object, const char *key);


/*
 * How many of len bytes of UTF-8 to keep, so that there are max at most and
 * no character is cut in two.
 */
size_t ows_json_cut(const uint8_t *s, size_t len, size_t max);

/* How long the escaped form of a UTF-8 string is, without quotes. */
size_t ows_json_escaped_len(const uint8_t *s, size_t len);

/* Writes that form; returns the end. */
uint8_t *ows_json_escape(uint8_t *p, const uint8_t *s, size_t len);

/*
 * Writes OWS_JSON_TIME_LEN bytes: ISO 8601 in UTC, from milliseconds since
 * 1970, for the years 1970 to 9999.  Returns the end.
 */
uint8_t *ows_json_time(uint8_t *p, int64_t ms);

/* Writes a number in decimal, 20 bytes at most; returns the end. */
uint8_t *ows_json_number(uint8_t *p, int64_t n);


/*
 * A growing text.  A failed allocation sticks: what is written after it is
 * dropped, and `failed` is looked at once, in the end.
 */
typedef struct {
    uint8_t            *data;    /* owned */
    size_t              len;
    size_t              size;
    size_t              max;     /* longer texts fail, too */
    unsigned            failed;
    const ows_alloc_t  *alloc;   /* borrowed */
} ows_json_text_t;

void ows_json_text_init(ows_json_text_t *t, size_t max,
    const ows_alloc_t *alloc);
void ows_json_text_add(ows_json_text_t *t, const void *p, size_t len);
void ows_json_text_add_literal(ows_json_text_t *t, const char *s);
/* with quotes, escaped */
void ows_json_text_add_string(ows_json_text_t *t, const uint8_t *s,
    size_t len);
void ows_json_text_add_number(ows_json_text_t *t, int64_t n);
void ows_json_text_free(ows_json_text_t *t);


#endif /* _OWS_JSON_H_INCLUDED_ */
