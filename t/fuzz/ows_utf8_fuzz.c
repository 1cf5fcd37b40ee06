/*
 * ows_utf8_fuzz: UTF-8, against a decoder without tables.
 *
 * Must be so: both fail at the same byte, both know whether a character is
 * unfinished, and slices change nothing.
 */

#include "ows_fuzz.h"
#include "ows_utf8.h"


/* A character being put together from its bits. */
typedef struct {
    uint32_t        code;
    uint32_t        min;         /* the least that needs so many bytes */
    unsigned        missing;     /* bytes to come */
} ows_utf8_fuzz_t;


/*
 * 1 when some character continues this way: of those with the bits so far,
 * `code` to `end`, one must be in its shortest form, no surrogate, and not
 * over U+10FFFF.
 */
static int
ows_utf8_fuzz_possible(const ows_utf8_fuzz_t *u)
{
    uint32_t  code, end;

    code = u->code << 6 * u->missing;
    end = code + (1u << 6 * u->missing) - 1;

    return end >= u->min && code <= 0x10ffff
           && !(code >= 0xd800 && end <= 0xdfff);
}


static int
ows_utf8_fuzz_byte(ows_utf8_fuzz_t *u, uint8_t c)
{
    if (u->missing > 0) {
        u->code = u->code << 6 | (c & 0x3f);
        u->missing--;

        return (c & 0xc0) == 0x80 && ows_utf8_fuzz_possible(u);
    }

    if (c < 0x80) {
        return 1;
    }

    if (c < 0xc0 || c >= 0xf8) {
        return 0;
    }

    u->missing = 1 + (c >= 0xe0) + (c >= 0xf0);
    u->code = c & (0x3f >> u->missing);
    u->min = (u->missing == 1) ? 0x80 : (u->missing == 2) ? 0x800 : 0x10000;

    return ows_utf8_fuzz_possible(u);
}


/* How many bytes are good. */
static size_t
ows_utf8_fuzz_reference(const ows_fuzz_t *fuzz, unsigned *complete)
{
    const uint8_t    *p;
    ows_utf8_fuzz_t   u;

    u.missing = 0;

    for (p = fuzz->p; p != fuzz->last; p++) {
        if (!ows_utf8_fuzz_byte(&u, *p)) {
            break;
        }
    }

    *complete = (u.missing == 0);

    return (size_t) (p - fuzz->p);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int         rc;
    size_t      good, len, i, n;
    uint8_t    *copy;
    unsigned    complete;
    ows_utf8_t  u;
    ows_fuzz_t  fuzz;

    if (!ows_fuzz_init(&fuzz, data, size)) {
        return 0;
    }

    len = (size_t) (fuzz.last - fuzz.p);
    good = ows_utf8_fuzz_reference(&fuzz, &complete);

    copy = ows_fuzz_copy(fuzz.p, len);
    ows_fuzz_check(ows_utf8_valid(copy, len) == (good == len && complete));
    free(copy);

    ows_utf8_init(&u);

    rc = OWS_OK;

    for (i = 0; i < len && rc == OWS_OK; i += n) {
        n = ows_fuzz_slice(&fuzz, len - i);

        copy = ows_fuzz_copy(fuzz.p + i, n);
        rc = ows_utf8_check(&u, copy, n);
        free(copy);

        ows_fuzz_check((rc == OWS_OK) == (i + n <= good));
    }

    if (rc == OWS_OK) {
        ows_fuzz_check(ows_utf8_complete(&u) == (int) complete);
    }

    return ows_fuzz_done(&fuzz);
}
