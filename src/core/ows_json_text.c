/*
 * ows_json_text: a JSON text that grows as it is written.
 *
 * Part of ows_json.h.  Promises that a text never exceeds its limit and that
 * a failure is seen in the end.  Doesn't check that what is added makes sense
 * as JSON.
 */

#include "ows_json.h"

#include <string.h>


#define OWS_JSON_TEXT_MIN  256          /* bytes first allocated */


static uint8_t *ows_json_text_reserve(ows_json_text_t *t, size_t len);


void
ows_json_text_init(ows_json_text_t *t, size_t max, const ows_alloc_t *alloc)
{
    memset(t, 0, sizeof(ows_json_text_t));

    t->max = max;
    t->alloc = alloc;
}


void
ows_json_text_add(ows_json_text_t *t, const void *p, size_t len)
{
    uint8_t  *end;

    if (len == 0) {
        return;
    }

    end = ows_json_text_reserve(t, len);
    if (end == NULL) {
        return;
    }

    memcpy(end, p, len);
    t->len += len;
}


/* Makes room for len bytes, one at least; returns where they go, or NULL. */
static uint8_t *
ows_json_text_reserve(ows_json_text_t *t, size_t len)
{
    size_t    size;
    uint8_t  *data;

    if (t->failed || len > t->max - t->len) {
        t->failed = 1;
        return NULL;
    }

    if (len <= t->size - t->len) {
        return t->data + t->len;
    }

    size = (t->size > t->max / 2) ? t->max : 2 * t->size;

    if (size < OWS_JSON_TEXT_MIN) {
        size = OWS_JSON_TEXT_MIN;
    }

    if (size < t->len + len) {
        size = t->len + len;
    }

    data = ows_alloc(t->alloc, size);
    if (data == NULL) {
        t->failed = 1;
        return NULL;
    }

    if (t->len > 0) {
        memcpy(data, t->data, t->len);
    }

    ows_free(t->alloc, t->data);

    t->data = data;
    t->size = size;

    return data + t->len;
}


void
ows_json_text_add_literal(ows_json_text_t *t, const char *s)
{
    ows_json_text_add(t, s, strlen(s));
}


void
ows_json_text_add_string(ows_json_text_t *t, const uint8_t *s, size_t len)
{
    size_t    escaped;
    uint8_t  *p;

    escaped = ows_json_escaped_len(s, len);

    p = ows_json_text_reserve(t, escaped + 2);
    if (p == NULL) {
        return;
    }

    *p++ = '"';
    p = ows_json_escape(p, s, len);
    *p = '"';

    t->len += escaped + 2;
}


void
ows_json_text_add_number(ows_json_text_t *t, int64_t n)
{
    uint8_t  buf[20];

    ows_json_text_add(t, buf, (size_t) (ows_json_number(buf, n) - buf));
}


void
ows_json_text_free(ows_json_text_t *t)
{
    ows_free(t->alloc, t->data);
    ows_json_text_init(t, t->max, t->alloc);
}
