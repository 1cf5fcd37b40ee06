/*
 * ows_json: the checks in front of Jansson, and the writers of JSON's parts.
 *
 * Promises that a text costs no more than its limits allow, and that what is
 * not JSON, what is JSON that can't be held, and a lack of memory are told
 * apart.  Doesn't know what any of the texts mean.  The growing text of the
 * same header is in ows_json_text.c.
 */

#include "ows_json.h"
#include "ows_mem.h"

#include <string.h>
#include <strings.h>


#define OWS_JSON_DAY_MS  86400000


static ows_json_e ows_json_scan(const uint8_t *p, size_t len,
    const ows_json_limits_t *limits);
static json_t *ows_json_load(const uint8_t *p, size_t len,
    json_error_t *error, unsigned *failed);
static void *ows_json_guarded_alloc(size_t size);
static ows_json_e ows_json_error(const json_error_t *error);
static uint8_t *ows_json_digits(uint8_t *p, uint64_t n, unsigned width);


/* of ows_json_guarded_alloc(), while a text is read */
static json_malloc_t  ows_json_malloc;
static unsigned       ows_json_failed;


void
ows_json_init(void)
{
    json_set_alloc_funcs(ows_mem_alloc, ows_mem_free);
    json_object_seed(0);
}


json_t *
ows_json_parse(const uint8_t *p, size_t len, const ows_json_limits_t *limits,
    ows_json_e *why)
{
    json_t        *root;
    unsigned       failed;
    json_error_t   error;

    if (len == 0) {
        *why = OWS_JSON_SYNTAX;
        return NULL;
    }

    *why = len > limits->size ? OWS_JSON_LIMIT : ows_json_scan(p, len, limits);

    if (*why != OWS_JSON_OK) {
        return NULL;
    }

    /* Jansson overlooks a NUL byte that follows a number or a literal. */

    if (memchr(p, '\0', len) != NULL) {
        *why = OWS_JSON_SYNTAX;
        return NULL;
    }

    root = ows_json_load(p, len, &error, &failed);

    if (failed) {
        json_decref(root);
        root = NULL;
        *why = OWS_JSON_NOMEM;

    } else {
        *why = (root != NULL) ? OWS_JSON_OK : ows_json_error(&error);
    }

    /* It quotes the text. */
    explicit_bzero(&error, sizeof(json_error_t));

    return root;
}


/*
 * Counts what makes Jansson recurse and allocate.  Up to the first error of
 * syntax this scan and Jansson agree on what is in a string; after it Jansson
 * reads no further.  A control byte in a string is such an error, and found
 * here, for Jansson has an assertion in its way that fails when memory runs
 * out just there.
 */
static ows_json_e
ows_json_scan(const uint8_t *p, size_t len, const ows_json_limits_t *limits)
{
    size_t          values;
    unsigned        depth, in_string;
    const uint8_t  *last;

    values = 1;
    depth = 0;
    in_string = 0;

    for (last = p + len; p < last; p++) {

        if (in_string) {
            if (*p == '"') {
                in_string = 0;

            } else if (*p < 0x20) {
                return OWS_JSON_SYNTAX;

            } else if (*p == '\\' && last - p > 1) {
                p++;
            }

            continue;
        }

        switch (*p) {

        case '"':
            in_string = 1;
            break;

        case '[':
        case '{':
            values++;

            if (++depth > limits->depth) {
                return OWS_JSON_LIMIT;
            }

            break;

        case ']':
        case '}':
            depth -= (depth > 0);
            break;

        case ',':
            values++;
            break;
        }
    }

    return values <= limits->values ? OWS_JSON_OK : OWS_JSON_LIMIT;
}


/*
 * When Jansson's buffer for a token can't grow, its lexer drops bytes and
 * goes on; a string so cut would be read past its end, but for its copy,
 * which is allocated first.  So after a failed allocation none may succeed.
 * (What can't be helped here: bytes dropped from a number or a literal, of 16
 * characters at least, end in an assert() of Jansson's.)
 */
static json_t *
ows_json_load(const uint8_t *p, size_t len, json_error_t *error,
    unsigned *failed)
{
    json_t       *root;
    json_free_t   free_fn;

    json_get_alloc_funcs(&ows_json_malloc, &free_fn);
    json_set_alloc_funcs(ows_json_guarded_alloc, free_fn);

    ows_json_failed = 0;

    root = json_loadb((const char *) p, len, JSON_DECODE_ANY|JSON_ALLOW_NUL,
                      error);

    *failed = ows_json_failed;

    json_set_alloc_funcs(ows_json_malloc, free_fn);

    return root;
}


static void *
ows_json_guarded_alloc(size_t size)
{
    void  *p;

    p = ows_json_failed ? NULL : ows_json_malloc(size);

    if (p == NULL) {
        ows_json_failed = 1;
    }

    return p;
}


static ows_json_e
ows_json_error(const json_error_t *error)
{
    static const char  surrogate[] = "invalid Unicode '";

    switch (json_error_code(error)) {

    case json_error_numeric_overflow:
    case json_error_null_byte_in_key:
        return OWS_JSON_RANGE;

    default:

        /*
         * Half a surrogate pair is within the grammar (RFC 8259, section
         * 8.2), but is no character; it has no code of its own.
         */

        if (strncmp(error->text, surrogate, sizeof(surrogate) - 1) == 0) {
            return OWS_JSON_RANGE;
        }

        return OWS_JSON_SYNTAX;
    }
}


const char *
ows_json_reason(ows_json_e why)
{
    static const char *const  reasons[] = {
        "is JSON",
        "is not JSON",
        "holds a number or a string that is out of range",
        "is too long, too deeply nested, or holds too many values",
        "needs more memory than there is"
    };

    return reasons[why];
}


ows_str_t
ows_json_string(const json_t *object, const char *key)
{
    json_t     *value;
    ows_str_t   s;

    value = json_object_get(object, key);

    /* of another type: 0 and NULL */
    s.len = json_string_length(value);
    s.data = (const uint8_t *) json_string_value(value);

    return s;
}


json_t *
ows_json_get_nocase(const json_t *object, const char *key)
{
    void    *iter;
    json_t  *value;

    value = json_object_get(object, key);
    if (value != NULL) {
        return value;
    }

    for (iter = json_object_iter((json_t *) object);
         iter != NULL;
         iter = json_object_iter_next((json_t *) object, iter))
    {
        if (strcasecmp(json_object_iter_key(iter), key) == 0) {
            value = json_object_iter_value(iter);
        }
    }

    return value;
}


size_t
ows_json_cut(const uint8_t *s, size_t len, size_t max)
{
    if (len <= max) {
        return len;
    }

    for (len = max; len > 0 && (s[len] & 0xc0) == 0x80; len--) { /* void */ }

    return len;
}


size_t
ows_json_escaped_len(const uint8_t *s, size_t len)
{
    size_t  i, n;

    n = len;

    for (i = 0; i < len; i++) {

        if (s[i] == '"' || s[i] == '\\') {
            n++;

        } else if (s[i] < 0x20) {
            n += sizeof("u0000") - 1;
        }
    }

    return n;
}


uint8_t *
ows_json_escape(uint8_t *p, const uint8_t *s, size_t len)
{
    size_t  i;

    static const char  hex[] = "0123456789abcdef";

    for (i = 0; i < len; i++) {

        if (s[i] < 0x20) {
            memcpy(p, "\\u00", 4);
            p[4] = (uint8_t) hex[s[i] >> 4];
            p[5] = (uint8_t) hex[s[i] & 0xf];
            p += 6;
            continue;
        }

        if (s[i] == '"' || s[i] == '\\') {
            *p++ = '\\';
        }

        *p++ = s[i];
    }

    return p;
}


/*
 * The Gregorian calendar repeats every 400 years ("era", 146097 days).  Years
 * begin on the 1st of March here, which puts the leap day at their end.
 */
uint8_t *
ows_json_time(uint8_t *p, int64_t ms)
{
    unsigned  time, day, era, year, month;

    time = (unsigned) (ms % OWS_JSON_DAY_MS);

    /* days since the 1st of March of the year 0, then of the era ... */
    day = (unsigned) (ms / OWS_JSON_DAY_MS) + 719468;
    era = day / 146097;
    day %= 146097;

    /* ... then of the year, and the month, March being 0 */
    year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    day -= 365 * year + year / 4 - year / 100;
    month = (5 * day + 2) / 153;
    day -= (153 * month + 2) / 5;

    year += 400 * era + (month >= 10);
    month = (month + 2) % 12;

    p = ows_json_digits(p, year, 4);
    *p++ = '-';
    p = ows_json_digits(p, month + 1, 2);
    *p++ = '-';
    p = ows_json_digits(p, day + 1, 2);
    *p++ = 'T';
    p = ows_json_digits(p, time / 3600000, 2);
    *p++ = ':';
    p = ows_json_digits(p, time / 60000 % 60, 2);
    *p++ = ':';
    p = ows_json_digits(p, time / 1000 % 60, 2);
    *p++ = '.';
    p = ows_json_digits(p, time % 1000, 3);
    *p++ = 'Z';

    return p;
}


/* The last `width` digits, with leading zeros. */
static uint8_t *
ows_json_digits(uint8_t *p, uint64_t n, unsigned width)
{
    unsigned  i;

    for (i = width; i > 0; i--) {
        p[i - 1] = (uint8_t) ('0' + n % 10);
        n /= 10;
    }

    return p + width;
}


uint8_t *
ows_json_number(uint8_t *p, int64_t n)
{
    uint64_t  left, value;
    unsigned  width;

    value = (uint64_t) n;

    if (n < 0) {
        *p++ = '-';
        value = 0 - value;
    }

    width = 1;

    for (left = value / 10; left > 0; left /= 10) {
        width++;
    }

    return ows_json_digits(p, value, width);
}
