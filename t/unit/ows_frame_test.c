/* Unit test of ows_frame; the examples are those of RFC 6455, section 5.7. */

#include "ows_test.h"
#include "ows_frame.h"


#define BYTES(text)  (const uint8_t *) text, sizeof(text) - 1

#define OWS_FRAME_TEST_KEY  ((const uint8_t *) "\x37\xfa\x21\x3d")


/* A header; what follows it in the bytes is payload. */
typedef struct {
    const char     *name;
    const uint8_t  *bytes;
    size_t          len;
    size_t          header;      /* bytes of it */
    unsigned        flags;
    unsigned        opcode;
    unsigned        masked;
    uint64_t        length;
} ows_frame_case_t;


static const ows_frame_case_t  ows_frame_cases[] = {
    { "a single-frame unmasked text message",
      BYTES("\x81\x05Hello"), 2, OWS_FIN, OWS_OP_TEXT, 0, 5 },
    { "a single-frame masked text message",
      BYTES("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"),
      6, OWS_FIN, OWS_OP_TEXT, 1, 5 },
    { "the first of two fragments",
      BYTES("\x01\x03Hel"), 2, 0, OWS_OP_TEXT, 0, 3 },
    { "the second of two fragments",
      BYTES("\x80\x02lo"), 2, OWS_FIN, OWS_OP_CONTINUATION, 0, 2 },
    { "an unmasked ping",
      BYTES("\x89\x05Hello"), 2, OWS_FIN, OWS_OP_PING, 0, 5 },
    { "a masked pong",
      BYTES("\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"),
      6, OWS_FIN, OWS_OP_PONG, 1, 5 },
    { "256 bytes of binary",
      BYTES("\x82\x7e\x01\x00"), 4, OWS_FIN, OWS_OP_BINARY, 0, 256 },
    { "64 KiB of binary",
      BYTES("\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
      10, OWS_FIN, OWS_OP_BINARY, 0, 65536 },

    { "an empty frame",
      BYTES("\x81\x00"), 2, OWS_FIN, OWS_OP_TEXT, 0, 0 },
    { "a header of all its 14 bytes",
      BYTES("\x82\xff\x00\x00\x00\x00\x00\x01\x00\x00\x37\xfa\x21\x3d!"),
      14, OWS_FIN, OWS_OP_BINARY, 1, 65536 },
    { "the longest payload",
      BYTES("\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"),
      10, OWS_FIN, OWS_OP_BINARY, 0, INT64_MAX },
    { "all reserved bits and an unknown opcode are only reported",
      BYTES("\x7f\x00"), 2, OWS_RSV, 15, 0, 0 }
};

#define CASES  (sizeof(ows_frame_cases) / sizeof(ows_frame_cases[0]))


/* What a feeding of ows_frame_read() leaves behind. */
typedef struct {
    ows_frame_t  frame;
    size_t       taken;
} ows_frame_test_t;


static int
ows_frame_test_read(void *ctx, uint8_t *p, uint8_t *last)
{
    int                rc;
    const uint8_t     *pos;
    ows_frame_test_t  *t = ctx;

    pos = p;
    rc = ows_frame_read(&t->frame, &pos, last);

    t->taken += (size_t) (pos - p);

    return rc;
}


static int
ows_frame_test_sliced(const ows_frame_case_t *c, size_t slice)
{
    size_t             fed;
    ows_frame_t       *f;
    const uint8_t     *pos;
    ows_frame_test_t   t;

    t.taken = 0;
    f = &t.frame;
    ows_frame_init(f);

    if (ows_test_feed(c->bytes, c->len, slice, ows_frame_test_read, &t, &fed)
        != OWS_OK)
    {
        return 0;
    }

    /* a header that is complete takes nothing more */

    pos = c->bytes;

    return t.taken == c->header && f->have == c->header
           && f->flags == c->flags && f->opcode == c->opcode
           && f->masked == c->masked && f->length == c->length
           && (!f->masked || memcmp(f->key, OWS_FRAME_TEST_KEY, 4) == 0)
           && ows_frame_read(f, &pos, c->bytes + c->len) == OWS_OK
           && pos == c->bytes;
}


static void
ows_frame_test_cases(void)
{
    size_t                   i, len;
    uint8_t                  header[OWS_FRAME_HEADER_MAX];
    unsigned                 n, good;
    const ows_frame_case_t  *c;

    for (i = 0; i < CASES; i++) {
        c = &ows_frame_cases[i];
        good = 1;

        for (n = 0; n < OWS_TEST_SLICES; n++) {
            good = good && ows_frame_test_sliced(c, ows_test_slice(n));
        }

        ok(good, "%s is read", c->name);

        len = ows_frame_write(header, c->flags, c->opcode, c->length,
                              c->masked ? OWS_FRAME_TEST_KEY : NULL);

        ok(len == c->header && memcmp(header, c->bytes, len) == 0,
           "%s is written", c->name);
    }
}


static void
ows_frame_test_truncated(void)
{
    size_t                   i, len, fed;
    unsigned                 good;
    ows_frame_test_t         t;
    const ows_frame_case_t  *c;

    good = 1;

    for (i = 0; i < CASES; i++) {
        c = &ows_frame_cases[i];

        for (len = 0; len < c->header; len++) {
            t.taken = 0;
            ows_frame_init(&t.frame);

            good = good
                   && ows_test_feed(c->bytes, len, len, ows_frame_test_read,
                                    &t, &fed)
                      == OWS_AGAIN
                   && t.taken == len && t.frame.have == len;
        }
    }

    ok(good, "a header cut anywhere takes all and asks for more");
}


static void
ows_frame_test_progress(void)
{
    unsigned        good;
    ows_frame_t     f;
    const uint8_t  *p, *last;

    p = (const uint8_t *) "\xc1\xfe\x01\x02";
    last = p + 4;

    ows_frame_init(&f);
    good = ows_frame_read(&f, &p, last - 3) == OWS_AGAIN;
    ok(good && f.flags == (OWS_FIN|OWS_RSV1) && f.opcode == OWS_OP_TEXT,
       "flags and opcode are known from the first byte");

    good = ows_frame_read(&f, &p, last - 2) == OWS_AGAIN;
    ok(good && f.masked && f.length == 126,
       "masked is known from the second, and that the length is a longer one");

    good = ows_frame_read(&f, &p, last) == OWS_AGAIN;
    ok(good && f.length == 0x102,
       "the length is known before the masking key");
}


typedef struct {
    const char     *name;
    const uint8_t  *bytes;
    size_t          len;
    size_t          at;          /* bytes that show it */
} ows_frame_wrong_t;


static void
ows_frame_test_lengths(void)
{
    size_t             i, fed;
    unsigned           n, good;
    ows_frame_test_t   t;

    static const ows_frame_wrong_t  wrong[] = {
        { "125 in two bytes isn't the shortest form",
          BYTES("\x81\x7e\x00\x7d..."), 4 },
        { "0 in two bytes isn't either", BYTES("\x81\xfe\x00\x00..."), 4 },
        { "65535 in eight bytes isn't",
          BYTES("\x82\x7f\x00\x00\x00\x00\x00\x00\xff\xff..."), 10 },
        { "5 in eight bytes isn't",
          BYTES("\x82\xff\x00\x00\x00\x00\x00\x00\x00\x05..."), 10 },
        { "2^63 is over the longest length",
          BYTES("\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00..."), 10 },
        { "2^64 - 1 is over it too",
          BYTES("\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff..."), 10 }
    };

    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        good = 1;

        for (n = 0; n < OWS_TEST_SLICES; n++) {
            t.taken = 0;
            ows_frame_init(&t.frame);

            good = good
                   && ows_test_feed(wrong[i].bytes, wrong[i].len,
                                    ows_test_slice(n), ows_frame_test_read,
                                    &t, &fed)
                      == OWS_ERROR
                   && t.taken == wrong[i].at
                   && t.frame.error != NULL && t.frame.error->code == 1002;
        }

        ok(good, "%s", wrong[i].name);
    }
}


/* Each length is written as the RFC draws it, and read back. */
static void
ows_frame_test_round_trip(void)
{
    size_t           i, fed, len;
    uint8_t          header[OWS_FRAME_HEADER_MAX];
    unsigned         n, good;
    const uint8_t   *key;
    ows_frame_test_t  t;

    static const struct {
        uint64_t     length;
        size_t       header;
    } lengths[] = {
        { 0, 2 }, { 1, 2 }, { 125, 2 }, { 126, 4 }, { 127, 4 },
        { 65535, 4 }, { 65536, 10 }, { UINT32_MAX, 10 }, { INT64_MAX, 10 }
    };

    good = 1;

    for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        for (n = 0; n < 2 * OWS_TEST_SLICES; n++) {
            key = n % 2 ? OWS_FRAME_TEST_KEY : NULL;

            len = ows_frame_write(header, OWS_FIN, OWS_OP_BINARY,
                                  lengths[i].length, key);

            t.taken = 0;
            ows_frame_init(&t.frame);

            good = good && len == lengths[i].header + (key ? 4 : 0)
                   && ows_test_feed(header, len, ows_test_slice(n / 2),
                                    ows_frame_test_read, &t, &fed)
                      == OWS_OK
                   && t.taken == len
                   && t.frame.length == lengths[i].length
                   && t.frame.masked == (key != NULL);
        }
    }

    ok(good, "a length around each step is written shortest and read back");
}


static void
ows_frame_test_mask(void)
{
    size_t    i, len, at;
    uint8_t   plain[100], *p;
    uint64_t  offset;
    unsigned  good;

    for (i = 0; i < sizeof(plain); i++) {
        plain[i] = (uint8_t) (i * 7);
    }

    good = 1;

    for (len = 0; len < 40; len++) {
        for (at = 0; at < 9; at++) {
            for (offset = UINT32_MAX - 4ULL; offset < UINT32_MAX + 5ULL;
                 offset++)
            {
                p = ows_test_guard(plain, len + at);
                ows_frame_mask(p, len, OWS_FRAME_TEST_KEY, offset);

                for (i = 0; i < len + at; i++) {
                    good = good
                           && p[i] == (i < len
                              ? (plain[i]
                                 ^ OWS_FRAME_TEST_KEY[(offset + i) % 4])
                              : plain[i]);
                }

                ows_test_unguard(p, len + at);
            }
        }
    }

    ok(good, "masking is right for any length, offset and alignment");

    p = ows_test_guard("\x7f\x9f\x4d\x51\x58", 5);
    ows_frame_mask(p, 2, OWS_FRAME_TEST_KEY, 0);
    ows_frame_mask(p + 2, 3, OWS_FRAME_TEST_KEY, 2);
    ok(memcmp(p, "Hello", 5) == 0, "a payload is unmasked in two pieces");
    ows_test_unguard(p, 5);
}


static void
ows_frame_test_control(void)
{
    size_t          i, len;
    uint8_t         payload[OWS_CONTROL_MAX], *p;
    unsigned        good;
    const uint8_t  *key;
    uint8_t         frame[OWS_CONTROL_FRAME_MAX];

    p = frame;

    len = ows_frame_control(p, OWS_OP_PONG, BYTES("Hello"),
                            OWS_FRAME_TEST_KEY);
    ok(len == 11
       && memcmp(p, "\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", 11) == 0,
       "a masked pong is written whole");

    len = ows_frame_control(p, OWS_OP_PING, BYTES("Hello"), NULL);
    ok(len == 7 && memcmp(p, "\x89\x05Hello", 7) == 0,
       "an unmasked ping is written whole");

    len = ows_frame_control(p, OWS_OP_PING, NULL, 0, NULL);
    ok(len == 2 && memcmp(p, "\x89\x00", 2) == 0,
       "a ping may be empty");

    good = 1;

    for (len = 0; len <= OWS_CONTROL_MAX; len++) {
        memset(payload, (int) len, len);
        key = len % 2 ? OWS_FRAME_TEST_KEY : NULL;

        good = good
               && ows_frame_control(p, OWS_OP_PING, payload, len, key)
                  == len + (key ? 6 : 2);

        for (i = 0; i < len; i++) {
            good = good && payload[i] == (uint8_t) len
                   && p[i + (key ? 6 : 2)]
                      == (payload[i] ^ (key ? key[i % 4] : 0));
        }
    }

    ok(good, "a control frame of any size leaves its payload alone");

    len = ows_frame_close(p, 1001, NULL);
    ok(len == 4 && memcmp(p, "\x88\x02\x03\xe9", 4) == 0,
       "a Close frame holds its code");

    len = ows_frame_close(p, 1001, OWS_FRAME_TEST_KEY);
    ok(len == 8 && memcmp(p, "\x88\x82\x37\xfa\x21\x3d\x34\x13", 8) == 0,
       "a client's Close frame is masked");

    len = ows_frame_close(p, 0, NULL);
    ok(len == 2 && memcmp(p, "\x88\x00", 2) == 0,
       "a Close frame without a code is empty");

    len = ows_frame_close(p, 0, OWS_FRAME_TEST_KEY);
    ok(len == 6 && memcmp(p, "\x88\x80\x37\xfa\x21\x3d", 6) == 0,
       "and masked when a client's");
}


int
main(void)
{
    ows_frame_test_cases();
    ows_frame_test_truncated();
    ows_frame_test_progress();
    ows_frame_test_lengths();
    ows_frame_test_round_trip();
    ows_frame_test_mask();
    ows_frame_test_control();

    return ows_test_done();
}
