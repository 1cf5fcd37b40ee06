/* Unit test of ows_utf8. */

#include "ows_test.h"
#include "ows_utf8.h"


#define VALID       -1
#define UNFINISHED  -2


/* bad: the first bad byte's place, or one of the above. */
typedef struct {
    const char  *name;
    const char  *text;
    size_t       len;
    int          bad;
} ows_utf8_case_t;

#define TEXT(text)  text, sizeof(text) - 1


static const ows_utf8_case_t  ows_utf8_cases[] = {
    { "nothing is valid", TEXT(""), VALID },
    { "ASCII is valid", TEXT("Hello-World, 0123456789 ~"), VALID },
    { "NUL is valid", TEXT("a\0b"), VALID },
    { "Greek, Chinese and an emoji are valid",
      TEXT("\xce\xba\xe1\xbd\xb9\xcf\x83 \xe5\xa4\x96\xe6\x92\xa5 "
           "\xf0\x9f\x98\x80."), VALID },

    { "U+0080, the first of two bytes", TEXT("\xc2\x80"), VALID },
    { "U+07FF, the last of two bytes", TEXT("\xdf\xbf"), VALID },
    { "U+0800, the first of three bytes", TEXT("\xe0\xa0\x80"), VALID },
    { "U+D7FF, before the surrogates", TEXT("\xed\x9f\xbf"), VALID },
    { "U+E000, after the surrogates", TEXT("\xee\x80\x80"), VALID },
    { "U+FFFF, the last of three bytes", TEXT("\xef\xbf\xbf"), VALID },
    { "U+10000, the first of four bytes", TEXT("\xf0\x90\x80\x80"), VALID },
    { "U+10FFFF, the last of all", TEXT("\xf4\x8f\xbf\xbf"), VALID },

    { "a continuation byte begins nothing", TEXT("a\x80"), 1 },
    { "0xc0 is never valid", TEXT("abc\xc0\x80"), 3 },
    { "0xc1 is never valid", TEXT("\xc1\xbf"), 0 },
    { "0xf5 is never valid", TEXT("\xf5\x80\x80\x80"), 0 },
    { "0xff is never valid", TEXT("12345678\xff"), 8 },
    { "an overlong three bytes fail at the second", TEXT("\xe0\x9f\xbf"), 1 },
    { "a surrogate fails at the second byte", TEXT("\xed\xa0\x80"), 1 },
    { "the last surrogate fails too", TEXT("\xed\xbf\xbf"), 1 },
    { "an overlong four bytes fail at the second",
      TEXT("\xf0\x8f\xbf\xbf"), 1 },
    { "U+110000 fails at the second byte", TEXT("\xf4\x90\x80\x80"), 1 },
    { "ASCII inside of two bytes", TEXT("\xce" "a"), 1 },
    { "a character inside of three bytes", TEXT("\xe5\xa4\xe6"), 2 },
    { "ASCII instead of the fourth byte", TEXT("\xf0\x9f\x98z"), 3 },
    { "the second byte's bounds don't bind the third",
      TEXT("\xe0\xa0\x80\xed\x80\xbf\xf4\x80\xbf\xbf"), VALID },

    { "one byte of two", TEXT("abc\xce"), UNFINISHED },
    { "one byte of three", TEXT("\xe5"), UNFINISHED },
    { "two bytes of three", TEXT("\xe5\xa4"), UNFINISHED },
    { "three bytes of four", TEXT("12345678\xf0\x9f\x98"), UNFINISHED }
};

#define CASES  (sizeof(ows_utf8_cases) / sizeof(ows_utf8_cases[0]))


static int
ows_utf8_test_slice(void *ctx, uint8_t *p, uint8_t *last)
{
    int  rc;

    rc = ows_utf8_check(ctx, p, (size_t) (last - p));

    return rc == OWS_OK ? OWS_AGAIN : rc;
}


static int
ows_utf8_test_sliced(const ows_utf8_case_t *c, size_t slice)
{
    int         rc;
    size_t      fed, end;
    ows_utf8_t  u;

    ows_utf8_init(&u);

    rc = ows_test_feed(c->text, c->len, slice, ows_utf8_test_slice, &u, &fed);

    if (c->bad < 0) {
        return rc == OWS_AGAIN && ows_utf8_complete(&u) == (c->bad == VALID);
    }

    /* with the slice that holds the bad byte */

    end = slice > c->len ? c->len : ((size_t) c->bad / slice + 1) * slice;

    return rc == OWS_ERROR && fed == (end < c->len ? end : c->len);
}


static void
ows_utf8_test_cases(void)
{
    size_t                  i;
    uint8_t                *p;
    unsigned                n, good;
    const ows_utf8_case_t  *c;

    for (i = 0; i < CASES; i++) {
        c = &ows_utf8_cases[i];
        good = 1;

        for (n = 0; n < OWS_TEST_SLICES; n++) {
            good = good && ows_utf8_test_sliced(c, ows_test_slice(n));
        }

        p = ows_test_guard(c->text, c->len);
        good = good && ows_utf8_valid(p, c->len) == (c->bad == VALID);
        ows_test_unguard(p, c->len);

        ok(good, "%s", c->name);
    }
}


/* RFC 3629 by arithmetic: decode, then look at what came out. */
static int
ows_utf8_test_decodes(const uint8_t *p, size_t len)
{
    size_t                 i;
    uint32_t               c;
    static const uint32_t  least[] = { 0, 0, 0x80, 0x800, 0x10000 };

    c = len == 2 ? p[0] ^ 0xc0u : len == 3 ? p[0] ^ 0xe0u : p[0] ^ 0xf0u;

    if (c >= 0x80u >> len) {
        return 0;
    }

    for (i = 1; i < len; i++) {
        if (p[i] >> 6 != 2) {
            return 0;
        }

        c = c << 6 | (p[i] & 0x3f);
    }

    return c >= least[len] && c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
}


static void
ows_utf8_test_all(void)
{
    unsigned        i, k, good;
    uint8_t         p[4];
    static uint8_t  some[] = { 0x00, 0x7f, 0x80, 0xa5, 0xbf, 0xc0, 0xff };

    good = 1;

    for (i = 0; i < 0x10000; i++) {
        p[0] = (uint8_t) (i >> 8);
        p[1] = (uint8_t) i;

        if (p[0] >= 0x80) {
            good = good
                   && ows_utf8_valid(p, 2) == ows_utf8_test_decodes(p, 2);
        }
    }

    ok(good, "every two bytes are judged as by decoding them");

    for (i = 0xe00000; i < 0xf00000; i++) {
        p[0] = (uint8_t) (i >> 16);
        p[1] = (uint8_t) (i >> 8);
        p[2] = (uint8_t) i;

        good = good && ows_utf8_valid(p, 3) == ows_utf8_test_decodes(p, 3);
    }

    ok(good, "every three bytes from 0xe0 are judged as by decoding them");

    for (i = 0xf000; i < 0x10000; i++) {
        p[0] = (uint8_t) (i >> 8);
        p[1] = (uint8_t) i;

        for (k = 0; k < sizeof(some) * sizeof(some); k++) {
            p[2] = some[k / sizeof(some)];
            p[3] = some[k % sizeof(some)];

            good = good
                   && ows_utf8_valid(p, 4) == ows_utf8_test_decodes(p, 4);
        }
    }

    ok(good, "four bytes from 0xf0 are judged as by decoding them");
}


static void
ows_utf8_test_fast_path(void)
{
    size_t      len, at;
    uint8_t     text[40], *p;
    unsigned    good;
    ows_utf8_t  u;

    good = 1;

    for (len = 0; len < sizeof(text); len++) {
        memset(text, 'a', len);

        for (at = 0; at < len; at++) {
            text[at] = 0xff;
            p = ows_test_guard(text, len);
            ows_utf8_init(&u);

            good = good && ows_utf8_check(&u, p, at) == OWS_OK
                   && ows_utf8_check(&u, p, len) == OWS_ERROR;

            ows_test_unguard(p, len);
            text[at] = 'a';
        }
    }

    ok(good, "a bad byte is found at any place and any alignment in ASCII");
}


int
main(void)
{
    ows_utf8_test_cases();
    ows_utf8_test_all();
    ows_utf8_test_fast_path();

    return ows_test_done();
}
