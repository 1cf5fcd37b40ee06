/*
 * ows_json_fuzz: JSON in, and JSON out.
 *
 * The three slices' bytes are the limits instead (depth, values in sixteens,
 * and the longest text written, in sixteens): a text is read whole.  Must be
 * so: what is read is within the limits, and is what Jansson reads alone;
 * written by our writers and read again it is the same; strings, numbers and
 * times come back as they went.  Allocations fail where Jansson survives it,
 * see ows_fuzz_json_survives().
 */

#define _GNU_SOURCE                     /* timegm() */

#include "ows_fuzz.h"
#include "ows_utf8.h"

#include <time.h>


#define OWS_JSON_FUZZ_TIME_MAX  253402300799999     /* the end of 9999 */


/* Counts the values; a tree deeper or larger than allowed fails. */
static size_t
ows_json_fuzz_count(const json_t *value, unsigned depth)
{
    void    *iter;
    size_t   i, n;

    n = 1;

    if (json_is_array(value)) {
        ows_fuzz_check(depth > 0);

        for (i = 0; i < json_array_size(value); i++) {
            n += ows_json_fuzz_count(json_array_get(value, i), depth - 1);
        }
    }

    if (json_is_object(value)) {
        ows_fuzz_check(depth > 0);

        for (iter = json_object_iter((json_t *) value);
             iter != NULL;
             iter = json_object_iter_next((json_t *) value, iter))
        {
            n += ows_json_fuzz_count(json_object_iter_value(iter), depth - 1);
        }
    }

    return n;
}


static void
ows_json_fuzz_write(ows_json_text_t *t, json_t *value)
{
    char         number[64];
    void        *iter;
    size_t       i;
    const char  *before, *key;

    switch (json_typeof(value)) {

    case JSON_OBJECT:
        before = "{";

        for (iter = json_object_iter(value);
             iter != NULL;
             iter = json_object_iter_next(value, iter))
        {
            key = json_object_iter_key(iter);

            ows_json_text_add_literal(t, before);
            ows_json_text_add_string(t, (const uint8_t *) key, strlen(key));
            ows_json_text_add_literal(t, ":");
            ows_json_fuzz_write(t, json_object_iter_value(iter));

            before = ",";
        }

        ows_json_text_add_literal(t, before[0] == '{' ? "{}" : "}");
        break;

    case JSON_ARRAY:
        ows_json_text_add_literal(t, "[");

        for (i = 0; i < json_array_size(value); i++) {
            ows_json_text_add_literal(t, i ? "," : "");
            ows_json_fuzz_write(t, json_array_get(value, i));
        }

        ows_json_text_add_literal(t, "]");
        break;

    case JSON_STRING:
        ows_json_text_add_string(t,
                                 (const uint8_t *) json_string_value(value),
                                 json_string_length(value));
        break;

    case JSON_INTEGER:
        ows_json_text_add_number(t, json_integer_value(value));
        break;

    default:
        ows_json_text_add(t, number,
                          json_dumpb(value, number, sizeof(number),
                                     JSON_ENCODE_ANY));
    }
}


static void
ows_json_fuzz_again(ows_fuzz_t *fuzz, json_t *root)
{
    size_t           max;
    json_t          *again;
    ows_json_text_t  whole, t;

    ows_json_text_init(&whole, SIZE_MAX, &fuzz->alloc);
    ows_json_fuzz_write(&whole, root);
    ows_fuzz_check(!whole.failed);

    again = ows_fuzz_json(whole.data, whole.len);
    ows_fuzz_check(json_equal(root, again));
    json_decref(again);

    /* once more, with a limit */

    max = (size_t) fuzz->control[3] * 16;

    ows_json_text_init(&t, max, &fuzz->alloc);
    ows_json_fuzz_write(&t, root);

    ows_fuzz_check(t.failed == (whole.len > max) && t.len <= max);
    ows_fuzz_check(t.len == 0 || memcmp(t.data, whole.data, t.len) == 0);
    ows_fuzz_check(t.failed || t.len == whole.len);

    ows_json_text_free(&t);
    ows_json_text_free(&whole);
}


static void
ows_json_fuzz_string(ows_fuzz_t *fuzz, const uint8_t *p, size_t len)
{
    size_t            cut, max;
    json_t           *root;
    ows_json_text_t   t;

    if (!ows_utf8_valid(p, len)) {
        return;
    }

    ows_json_text_init(&t, SIZE_MAX, &fuzz->alloc);
    ows_json_text_add_string(&t, p, len);

    ows_fuzz_check(!t.failed && t.len == ows_json_escaped_len(p, len) + 2);

    root = ows_fuzz_json(t.data, t.len);
    ows_fuzz_check(json_string_length(root) == len);
    ows_fuzz_check(memcmp(json_string_value(root), p, len) == 0);
    json_decref(root);

    ows_json_text_free(&t);

    max = fuzz->control[1];
    cut = ows_json_cut(p, len, max);

    ows_fuzz_check(cut <= len && cut <= max && ows_utf8_valid(p, cut));
    ows_fuzz_check(cut == len || cut + 3 >= max);
}


static void
ows_json_fuzz_figures(const uint8_t *p, size_t len)
{
    char       text[32], date[40], expect[48];
    time_t     seconds;
    int64_t    n;
    uint8_t   *end;
    struct tm  tm;

    n = 0;
    memcpy(&n, p, len < sizeof(n) ? len : sizeof(n));

    end = ows_json_number((uint8_t *) text, n);
    *end = '\0';

    ows_fuzz_check((char *) end - text <= 20);
    ows_fuzz_check(strtoll(text, NULL, 10) == n);

    n = (int64_t) ((uint64_t) n % (OWS_JSON_FUZZ_TIME_MAX + 1));
    seconds = n / 1000;

    end = ows_json_time((uint8_t *) text, n);
    *end = '\0';

    strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S",
             gmtime_r(&seconds, &tm));
    snprintf(expect, sizeof(expect), "%s.%03dZ", date, (int) (n % 1000));

    ows_fuzz_check(strcmp(text, expect) == 0);
    ows_fuzz_check(strlen(text) == OWS_JSON_TIME_LEN);
}


/* What Jansson alone makes of it; NULL when that is nothing. */
static json_t *
ows_json_fuzz_reference(const uint8_t *p, size_t len)
{
    if (len > 0 && memchr(p, '\0', len) != NULL) {
        return NULL;
    }

    return json_loadb((const char *) p, len, JSON_DECODE_ANY|JSON_ALLOW_NUL,
                      NULL);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t             len;
    json_t            *root, *expect;
    uint8_t           *text;
    ows_fuzz_t         fuzz;
    ows_json_e         why;
    ows_json_limits_t  limits;

    if (!ows_fuzz_init(&fuzz, data, size)) {
        return 0;
    }

    len = (size_t) (fuzz.last - fuzz.p);
    text = ows_fuzz_copy(fuzz.p, len);

    limits.size = SIZE_MAX;
    limits.depth = 1 + fuzz.control[1] % 32;
    limits.values = (size_t) fuzz.control[2] * 16;

    root = ows_json_parse(text, len, &limits, &why);

    ows_fuzz_check((root != NULL) == (why == OWS_JSON_OK));
    ows_fuzz_check(why != OWS_JSON_NOMEM);

    if (why != OWS_JSON_LIMIT) {
        expect = ows_json_fuzz_reference(text, len);
        ows_fuzz_check(root != NULL ? json_equal(root, expect)
                                    : expect == NULL);
        json_decref(expect);
    }

    if (root != NULL) {
        ows_fuzz_check(ows_json_fuzz_count(root, limits.depth)
                       <= limits.values);
        ows_json_fuzz_again(&fuzz, root);
        json_decref(root);
    }

    ows_json_fuzz_string(&fuzz, text, len);
    ows_json_fuzz_figures(text, len);

    ows_fuzz_check(fuzz.heap.live == 0);

    ows_fuzz_fail_json(&fuzz, fuzz.control[0], text, len);

    root = ows_json_parse(text, len, &limits, &why);

    ows_fuzz_check((why == OWS_JSON_NOMEM) == ows_fuzz_failed(&fuzz));
    json_decref(root);

    free(text);

    return ows_fuzz_done(&fuzz);
}
