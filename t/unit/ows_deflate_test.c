/*
 * Unit test of ows_deflate.
 *
 * Messages are inflated in slices of all sizes and with every allocation
 * failing in turn; what is deflated is checked by zlib itself, with a window
 * no larger than agreed.  The file is long since both directions share the
 * texts and are each other's counterpart.
 */

#include "ows_test.h"
#include "ows_deflate.h"


#define TEXT(text)  text, sizeof(text) - 1

#define HELLO       "\xf2\x48\xcd\xc9\xc9\x07\x00"
#define HELLO_LAST  "\xf3\x48\xcd\xc9\xc9\x07\x00"     /* BFINAL is set */
#define HELLO_AGAIN "\xf2\x00\x11\x00\x00"             /* five bytes ago */

#define OWS_DEFLATE_TEST_MAX  65536


static const char  bad_data[] =
    "1007 a compressed message is not valid DEFLATE data";
static const char  not_whole[] =
    "1007 a compressed message doesn't end where a DEFLATE block does";
static const char  too_big[] =
    "1009 a compressed message inflates to one that is too big";


/* expect: what comes out, or the error. */
typedef struct {
    const char     *name;
    const char     *data;
    size_t          len;
    unsigned        valid;       /* boolean */
    const char     *expect;
} ows_deflate_case_t;


static const ows_deflate_case_t  ows_deflate_cases[] = {

    /* RFC 7692, section 7.2.3 */

    { "one block", TEXT(HELLO), 1, "Hello" },
    { "a second message that needs the window of the first",
      TEXT(HELLO_AGAIN), 0, bad_data },
    { "a block with no compression",
      TEXT("\x00\x05\x00\xfa\xff" "Hello\x00"), 1, "Hello" },
    { "a final block", TEXT(HELLO_LAST "\x00"), 1, "Hello" },
    { "two blocks",
      TEXT("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"), 1,
      "Hello" },
    { "an empty message", TEXT("\x00"), 1, "" },

    /* final blocks, section 7.2.1 */

    { "one with no compression, and empty", TEXT("\x01"), 1, "" },
    { "behind another", TEXT(HELLO "\x00\x00\xff\xff\x01"), 1, "Hello" },
    { "two final blocks", TEXT(HELLO_LAST HELLO_LAST "\x00"), 1,
      "HelloHello" },
    { "a final block before others", TEXT(HELLO_LAST HELLO), 1,
      "HelloHello" },
    { "a block that refers to what was before a final one",
      TEXT(HELLO_LAST HELLO_AGAIN), 1, "HelloHello" },
    { "one that refers to what was before two", TEXT("\xf3\x48\x05\x00"
      "\xcb\xc9\xc9\x07\x00" HELLO_AGAIN), 1, "HelloHello" },
    { "a final block and nothing that could have a tail",
      TEXT(HELLO_LAST), 0, not_whole },
    { "garbage behind a final block", TEXT(HELLO_LAST "\xff\xff"), 0,
      bad_data },
    { "a final block's tail that was sent", TEXT(HELLO_LAST
      "\x00\x00\x00\xff\xff"), 0, not_whole },

    /* what is no message */

    { "no data at all", TEXT(""), 0, not_whole },
    { "a tail that was sent", TEXT(HELLO "\x00\x00\xff\xff"), 0, not_whole },
    { "a tail that is half there", TEXT(HELLO "\x00\x00"), 0, bad_data },
    { "a block that lacks its end", TEXT("\xf2\x48\xcd\xc9\xc9\x07"), 0,
      not_whole },
    { "a block that lacks more", TEXT("\xf2\x48\xcd\xc9"), 0, not_whole },
    { "a stored block without its header's end", TEXT("\x00\x05"), 0,
      bad_data },
    { "one that lacks bytes, for which the tail is taken",
      TEXT("\x00\x06\x00\xf9\xffH"), 0, not_whole },
    { "one that lacks as many as the tail has",
      TEXT("\x00\x05\x00\xfa\xff" "H"), 0, not_whole },
    { "a block of the reserved type", TEXT("\xfe"), 0, bad_data },
    { "a stored block's lengths that differ",
      TEXT("\x00\x05\x00\xfa\xfe" "Hello\x00"), 0, bad_data },
    { "codes that are over-subscribed",
      TEXT("\x04\xc0\xff\xff\xff\xff\xff\xff\xff\xff\x00"), 0, bad_data },
    { "text that isn't compressed", TEXT("{\"request\":\"ping\"}"), 0,
      bad_data },
    { "a header of zlib", TEXT("\x78\x9c" HELLO), 0, bad_data },
    { "a header of gzip",
      TEXT("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03" HELLO), 0, bad_data }
};

#define CASES  (sizeof(ows_deflate_cases) / sizeof(ows_deflate_cases[0]))


static int
ows_deflate_test_feed(void *ctx, uint8_t *p, uint8_t *last)
{
    int              rc;
    size_t           len, i;
    uint8_t         *before;
    ows_inflater_t  *in = ctx;

    /* what was there must stay as it was */

    len = in->len;
    before = malloc(len + 1);
    if (before == NULL) {
        exit(2);
    }

    for (i = 0; i < len; i++) {
        before[i] = in->data[i];
    }

    rc = ows_inflate_feed(in, p, (size_t) (last - p));

    if (rc == OWS_OK && (in->len < len
                         || (len && memcmp(in->data, before, len) != 0)))
    {
        rc = 1;
    }

    free(before);

    return rc == OWS_OK ? OWS_AGAIN : rc;
}


/* A message in slices; returns as ows_inflate() does. */
static int
ows_deflate_test_inflate(ows_inflater_t *in, const void *p, size_t len,
    size_t slice, size_t max, uint8_t **data, size_t *data_len)
{
    int     rc;
    size_t  fed;

    rc = ows_inflate_begin(in, max);
    if (rc != OWS_OK) {
        return rc;
    }

    rc = ows_test_feed(p, len, slice, ows_deflate_test_feed, in, &fed);
    if (rc != OWS_AGAIN) {
        return rc;
    }

    return ows_inflate_end(in, data, data_len);
}


/* Inflates a case and checks the result; OWS_NOMEM may be one, too. */
static int
ows_deflate_test_case(ows_inflater_t *in, const ows_alloc_t *alloc,
    const ows_deflate_case_t *c, size_t slice)
{
    int       rc, good;
    char      error[128];
    size_t    len;
    uint8_t  *data;

    data = NULL;
    len = 0;

    rc = ows_deflate_test_inflate(in, c->data, c->len, slice,
                                  OWS_DEFLATE_TEST_MAX, &data, &len);

    if (rc == OWS_NOMEM) {
        return in->error == NULL && in->data == NULL;
    }

    if (rc == OWS_ERROR) {
        (void) snprintf(error, sizeof(error), "%u %s", in->error->code,
                        in->error->text);
        good = !c->valid && strcmp(error, c->expect) == 0 && in->data == NULL;

        if (!good) {
            printf("# got: %s\n", error);
        }

        return good;
    }

    good = rc == OWS_OK && c->valid && in->error == NULL && in->data == NULL
           && len == strlen(c->expect) && data != NULL
           && memcmp(data, c->expect, len) == 0;

    if (!good) {
        printf("# got: %d, %zu bytes\n", rc, len);
    }

    ows_free(alloc, data);

    return good;
}


/*
 * One inflater for all cases in all slices, so that each is followed by
 * others; and a new one for each allocation that can fail.
 */
static void
ows_deflate_test_cases(void)
{
    size_t            i, slice;
    unsigned          good, fail_at;
    ows_alloc_t       alloc, shared_alloc;
    ows_inflater_t    in, shared;
    ows_test_heap_t   heap, shared_heap;

    shared_alloc = ows_test_alloc(&shared_heap);
    ows_inflater_init(&shared, &shared_alloc);
    ok(shared_heap.calls == 0, "an idle inflater holds no memory");

    for (i = 0; i < CASES; i++) {
        good = 1;

        for (slice = 1; slice <= ows_deflate_cases[i].len + 1; slice++) {
            good = good
                   && ows_deflate_test_case(&shared, &shared_alloc,
                                            &ows_deflate_cases[i], slice);
        }

        fail_at = 1;

        do {
            alloc = ows_test_alloc(&heap);
            heap.fail_at = fail_at;

            ows_inflater_init(&in, &alloc);

            good = good
                   && ows_deflate_test_case(&in, &alloc,
                                            &ows_deflate_cases[i], SIZE_MAX);

            /* and at once again, when there is memory */

            heap.fail_at = 0;
            good = good
                   && ows_deflate_test_case(&in, &alloc,
                                            &ows_deflate_cases[i], 1);

            ows_inflater_destroy(&in);
            good = good && heap.live == 0;

        } while (fail_at++ < heap.calls);

        ok(good, "%s", ows_deflate_cases[i].name);
    }

    ows_inflater_destroy(&shared);
    ows_inflater_destroy(&shared);
    ok(shared_heap.live == 0, "nothing is leaked, and destroying twice is"
       " harmless");
}


/* Every message is whole, or isn't: how much of it came is never a crash. */
static void
ows_deflate_test_cut(void)
{
    int               rc, good;
    size_t            i, cut, len;
    uint8_t          *data, *guard;
    ows_alloc_t       alloc;
    ows_inflater_t    in;
    ows_test_heap_t   heap;

    alloc = ows_test_alloc(&heap);
    ows_inflater_init(&in, &alloc);
    good = 1;

    for (i = 0; i < CASES; i++) {
        for (cut = 0; cut < ows_deflate_cases[i].len; cut++) {
            guard = ows_test_guard(ows_deflate_cases[i].data, cut);
            data = NULL;

            rc = ows_inflate(&in, guard, cut, 5, &data, &len);

            /* only "He" and final blocks of nothing end before the end */

            if (rc == OWS_OK) {
                good = good && len <= 5 && memcmp(data, "Hello", len) == 0;
                ows_free(&alloc, data);

            } else {
                good = good && rc == OWS_ERROR && data == NULL;
            }

            ows_test_unguard(guard, cut);
        }
    }

    ows_inflater_destroy(&in);
    ok(good && heap.live == 0, "every message cut off anywhere");
}


/* Each bit of messages with every kind of block is turned over. */
static void
ows_deflate_test_bits(void)
{
    int               rc, good;
    char              bytes[64];
    size_t            i, bit, len;
    uint8_t          *data;
    ows_alloc_t       alloc;
    ows_inflater_t    in;
    ows_test_heap_t   heap;

    alloc = ows_test_alloc(&heap);
    ows_inflater_init(&in, &alloc);
    good = 1;

    for (i = 0; i < CASES; i++) {
        for (bit = 0; bit < ows_deflate_cases[i].len * 8; bit++) {
            memcpy(bytes, ows_deflate_cases[i].data,
                   ows_deflate_cases[i].len);
            bytes[bit / 8] ^= (char) (1 << bit % 8);
            data = NULL;

            rc = ows_deflate_test_inflate(&in, bytes,
                                          ows_deflate_cases[i].len, 3, 100,
                                          &data, &len);

            good = good
                   && (rc == OWS_OK ? len <= 100 && data != NULL
                                    : rc == OWS_ERROR && data == NULL);
            ows_free(&alloc, data);
        }
    }

    ows_inflater_destroy(&in);
    ok(good && heap.live == 0 && heap.largest <= 32768,
       "every message with each of its bits wrong");
}


/* Bytes that can be packed, and hardly any that repeat within 300. */
static uint8_t *
ows_deflate_test_text(size_t len, unsigned period)
{
    size_t     i;
    uint8_t   *p;
    uint32_t   x;

    p = malloc(len + 1);
    if (p == NULL) {
        exit(2);
    }

    x = 1;

    for (i = 0; i < len; i++) {
        x = x * 1103515245 + 12345;
        p[i] = period && i >= period ? p[i - period]
                                     : (uint8_t) (x >> 16);
    }

    return p;
}


static void
ows_deflate_test_max(void)
{
    int               good;
    size_t            max, len, out, packed_len;
    uint8_t          *zeros, *packed, *data;
    ows_alloc_t       alloc, heap_alloc;
    ows_deflater_t    d;
    ows_inflater_t    in;
    ows_test_heap_t   heap, other;

    alloc = ows_test_alloc(&other);
    ows_deflater_init(&d, &alloc);

    len = 1 << 20;
    zeros = calloc(1, len);
    if (zeros == NULL
        || ows_deflate(&d, 9, 15, zeros, len, &packed, &packed_len) != OWS_OK)
    {
        exit(2);
    }

    heap_alloc = ows_test_alloc(&heap);
    ows_inflater_init(&in, &heap_alloc);

    ok(packed_len < 2000
       && ows_inflate(&in, packed, packed_len, OWS_DEFLATE_TEST_MAX, &data,
                      &out) == OWS_ERROR
       && in.error->code == 1009 && strstr(too_big, in.error->text) != NULL,
       "a bomb: 1 MB in %zu bytes is refused", packed_len);
    ok(heap.largest == OWS_DEFLATE_TEST_MAX,
       "the largest block it took has max bytes");
    ok(heap.live == 2 && in.data == NULL,
       "and at once only zlib's state is left");

    good = 1;
    heap.largest = 0;

    for (max = 0; max < len; max = max * 2 + 1) {
        good = good
               && ows_deflate_test_inflate(&in, packed, packed_len, 1, max,
                                           &data, &out) == OWS_ERROR
               && in.error->code == 1009
               && heap.largest <= (max > 32768 ? max : 32768)
               && heap.live == 2;
    }

    ok(good, "whatever max is, and byte by byte");

    ok(ows_inflate(&in, packed, packed_len, len - 1, &data, &out)
       == OWS_ERROR && in.error->code == 1009 && heap.largest < len,
       "one byte over max is over it");

    heap.calls = 0;
    ok(ows_inflate(&in, packed, packed_len, len, &data, &out) == OWS_OK
       && out == len && memcmp(data, zeros, len) == 0
       && heap.largest == len && heap.calls == 11,
       "max bytes are not, and the buffer doubles up to them");
    ows_free(&heap_alloc, data);

    heap.largest = 0;
    ok(ows_inflate(&in, packed, packed_len, SIZE_MAX, &data, &out) == OWS_OK
       && out == len && heap.largest <= 2 * len,
       "without a limit it is what came, but for the doubling");
    ows_free(&heap_alloc, data);

    good = ows_inflate(&in, (const uint8_t *) HELLO, 7, 5, &data, &out)
           == OWS_OK && out == 5;
    ok(good && heap.live == 3, "five bytes of five");
    ows_free(&heap_alloc, data);

    ok(ows_inflate(&in, (const uint8_t *) HELLO, 7, 4, &data, &out)
       == OWS_ERROR && in.error->code == 1009, "five bytes of four");

    ok(ows_inflate(&in, (const uint8_t *) HELLO "\x00\x00\xff\xff\xfe", 12, 5,
                   &data, &out) == OWS_ERROR && in.error->code == 1007,
       "bad data behind as many bytes as may come");

    data = zeros;
    ok(ows_inflate(&in, (const uint8_t *) "", 1, 0, &data, &out) == OWS_OK
       && out == 0 && data == NULL && heap.live == 2,
       "an empty message when none else is allowed");

    ows_inflater_destroy(&in);
    ows_deflater_destroy(&d);
    ows_free(&alloc, packed);
    free(zeros);
    ok(heap.live == 0 && other.live == 0, "nothing of them is leaked");
}


static void
ows_deflate_test_begun(void)
{
    size_t            len, i;
    uint8_t           finals[40001], *data;
    ows_alloc_t       alloc;
    ows_inflater_t    in;
    ows_test_heap_t   heap;

    alloc = ows_test_alloc(&heap);
    ows_inflater_init(&in, &alloc);

    ok(ows_inflate_begin(&in, 100) == OWS_OK
       && ows_inflate_feed(&in, (const uint8_t *) HELLO, 4) == OWS_OK
       && in.len == 3 && memcmp(in.data, "Hel", 3) == 0,
       "what came out is there to be seen");

    ok(ows_inflate_feed(&in, NULL, 0) == OWS_OK && in.len == 3,
       "an empty piece changes nothing");

    ok(ows_inflate_feed(&in, NULL, SIZE_MAX) == OWS_ERROR
       && in.error->code == 1009 && in.data == NULL,
       "a piece larger than zlib can count is too big");

    ok(ows_inflate_begin(&in, 100) == OWS_OK
       && ows_inflate_feed(&in, (const uint8_t *) HELLO, 4) == OWS_OK
       && in.len == 3, "a message is begun");

    ok(ows_inflate_begin(&in, 100) == OWS_OK && in.len == 0
       && in.data == NULL,
       "a message begun is forgotten when the next begins");

    ok(ows_inflate_feed(&in, (const uint8_t *) HELLO_AGAIN, 5) == OWS_ERROR
       && in.error->code == 1007,
       "nor can the next one refer to it");

    ok(ows_inflate(&in, (const uint8_t *) HELLO, 7, 100, &data, &len)
       == OWS_OK && in.error == NULL && len == 5,
       "after an error the next message is inflated");
    ows_free(&alloc, data);

    ok(ows_inflate_begin(&in, 100) == OWS_OK
       && ows_inflate_feed(&in, (const uint8_t *) HELLO, 4) == OWS_OK,
       "another is begun");
    ows_inflater_destroy(&in);
    ok(heap.live == 0, "and freed with the inflater");

    /* a message may have as many final blocks as fit, two bytes each */

    ows_inflater_init(&in, &alloc);

    for (i = 0; i < 40000; i += 2) {
        memcpy(finals + i, "\x03\x00", 2);
    }

    finals[40000] = 0;

    ok(ows_inflate(&in, finals, sizeof(finals), 100, &data, &len) == OWS_OK
       && len == 0, "20000 final blocks of nothing are nothing");
    ows_free(&alloc, data);

    ows_inflater_destroy(&in);
    ok(heap.live == 0, "nothing of it is leaked");
}


/*
 * What a client with a window of so many bits makes of it: zlib, which gets
 * room for one byte at a time and so can refer to its window only.
 */
static int
ows_deflate_test_client(const uint8_t *packed, size_t packed_len,
    unsigned bits, const uint8_t *expect, size_t len)
{
    int        rc;
    size_t     i;
    uint8_t    c, *tail;
    z_stream   z;

    memset(&z, 0, sizeof(z));
    tail = malloc(packed_len + 4);

    if (tail == NULL || inflateInit2(&z, -(int) bits) != Z_OK) {
        exit(2);
    }

    memcpy(tail, packed, packed_len);
    memcpy(tail + packed_len, "\x00\x00\xff\xff", 4);

    z.next_in = tail;
    z.avail_in = (unsigned) packed_len + 4;

    for (i = 0; ; i++) {
        z.next_out = &c;
        z.avail_out = 1;

        rc = inflate(&z, Z_SYNC_FLUSH);

        if (z.avail_out) {
            break;
        }

        if (rc != Z_OK || i == len || c != expect[i]) {
            i = SIZE_MAX;
            break;
        }
    }

    rc = i == len && (rc == Z_OK || rc == Z_BUF_ERROR) && z.avail_in == 0;

    (void) inflateEnd(&z);
    free(tail);

    return rc;
}


/* There and back; what is deflated must not depend on what was before. */
static int
ows_deflate_test_round(ows_deflater_t *d, ows_inflater_t *in,
    const ows_alloc_t *alloc, unsigned level, unsigned bits,
    const uint8_t *p, size_t len)
{
    int       good;
    size_t    packed_len, again_len, out;
    uint8_t  *packed, *again, *data, *guard;

    guard = ows_test_guard(p, len);

    if (ows_deflate(d, level, bits, guard, len, &packed, &packed_len)
        != OWS_OK
        || ows_deflate(d, level, bits, p, len, &again, &again_len) != OWS_OK)
    {
        exit(2);
    }

    ows_test_unguard(guard, len);

    good = packed_len == again_len && packed_len <= len + len / 8 + 32
           && memcmp(packed, again, packed_len) == 0
           && ows_deflate_test_client(packed, packed_len, bits, p, len);

    guard = ows_test_guard(packed, packed_len);

    good = good
           && ows_inflate(in, guard, packed_len, len + 1, &data, &out)
              == OWS_OK;

    if (good) {
        good = out == len && (len == 0 || memcmp(data, p, len) == 0);
        ows_free(alloc, data);
    }

    ows_test_unguard(guard, packed_len);
    ows_free(alloc, packed);
    ows_free(alloc, again);

    return good;
}


static void
ows_deflate_test_rounds(void)
{
    int               good;
    size_t            i, n;
    uint8_t          *text[4];
    unsigned          bits, level;
    ows_alloc_t       alloc;
    ows_deflater_t    d;
    ows_inflater_t    in;
    ows_test_heap_t   heap;

    static const size_t    lens[] = { 0, 1, 2, 5, 511, 4096, 70000 };
    static const unsigned  periods[4] = { 0, 1, 400, 20000 };

    alloc = ows_test_alloc(&heap);
    ows_deflater_init(&d, &alloc);
    ows_inflater_init(&in, &alloc);
    ok(heap.calls == 0, "an idle deflater holds no memory");

    for (i = 0; i < 4; i++) {
        text[i] = ows_deflate_test_text(70000, periods[i]);
    }

    for (bits = 9; bits <= 15; bits++) {
        good = 1;

        for (level = 1; level <= 9; level += 4) {
            for (i = 0; i < 4; i++) {
                for (n = 0; n < sizeof(lens) / sizeof(lens[0]); n++) {
                    good = good
                           && ows_deflate_test_round(&d, &in, &alloc, level,
                                                     bits, text[i], lens[n]);
                }
            }
        }

        ok(good, "there and back with a window of %u bits", bits);
    }

    for (i = 0; i < 4; i++) {
        free(text[i]);
    }

    ows_deflater_destroy(&d);
    ows_deflater_destroy(&d);
    ows_inflater_destroy(&in);
    ok(heap.live == 0, "nothing is leaked, and destroying twice is harmless");
}


/* "Hello" deflated, and compared with RFC 7692, section 7.2.3.1. */
static int
ows_deflate_test_hello(ows_deflater_t *d, const ows_alloc_t *alloc,
    unsigned level, unsigned bits)
{
    int       rc;
    size_t    len;
    uint8_t  *data;

    rc = ows_deflate(d, level, bits, (const uint8_t *) "Hello", 5, &data,
                     &len);
    if (rc == OWS_OK) {
        rc = len == 7 && memcmp(data, HELLO, 7) == 0 ? OWS_OK : OWS_ERROR;
        ows_free(alloc, data);
    }

    return rc;
}


static void
ows_deflate_test_deflater(void)
{
    int               rc, good;
    size_t            len, small;
    uint8_t          *text, *data;
    unsigned          fail_at;
    long              live;
    ows_alloc_t       alloc;
    ows_deflater_t    d;
    ows_test_heap_t   heap;

    alloc = ows_test_alloc(&heap);
    ows_deflater_init(&d, &alloc);

    ok(ows_deflate_test_hello(&d, &alloc, 1, 15) == OWS_OK,
       "the RFC's example, deflated");

    heap.calls = 0;
    ok(ows_deflate_test_hello(&d, &alloc, 1, 15) == OWS_OK
       && heap.calls == 1,
       "again: no context is taken over, and only the result allocated");

    ok(ows_deflate(&d, 1, 15, NULL, 0, &data, &len) == OWS_OK && len == 1
       && data[0] == 0, "an empty message is one byte");
    ows_free(&alloc, data);

    live = heap.live;
    ok(ows_deflate_test_hello(&d, &alloc, 9, 9) == OWS_OK
       && heap.live == live,
       "another level and window take the place of those before");

    /* the same text has its repetitions in the larger window only */

    text = ows_deflate_test_text(70000, 20000);

    ok(ows_deflate(&d, 9, 15, text, 70000, &data, &small) == OWS_OK
       && small < 22000, "a window of 32 KB is made use of");
    ows_free(&alloc, data);

    ok(ows_deflate(&d, 9, 14, text, 70000, &data, &len) == OWS_OK
       && len > 60000, "one of 16 KB is not exceeded");
    ows_free(&alloc, data);

    free(text);

    text = ows_deflate_test_text(70000, 0);
    memset(text, 'a', 35000);

    ok(ows_deflate(&d, 1, 15, text, 70000, &data, &small) == OWS_OK,
       "the lowest level");
    ows_free(&alloc, data);
    ok(ows_deflate(&d, 9, 15, text, 70000, &data, &len) == OWS_OK
       && len < small, "the highest makes less of it");
    ows_free(&alloc, data);

    free(text);

    ok(ows_deflate(&d, 1, 15, NULL, (size_t) UINT32_MAX, &data, &len)
       == OWS_NOMEM && heap.largest < 1 << 20,
       "what zlib can't count is refused");

    ows_deflater_destroy(&d);
    good = 1;

    /* zlib's state is five blocks, and there is the result */

    for (fail_at = 1; fail_at <= 7; fail_at++) {
        heap.calls = 0;
        heap.fail_at = fail_at;
        ows_deflater_init(&d, &alloc);

        rc = ows_deflate_test_hello(&d, &alloc, 1, 15);

        good = good && rc == (fail_at == 7 ? OWS_OK : OWS_NOMEM);
        heap.fail_at = 0;

        good = good && ows_deflate_test_hello(&d, &alloc, 1, 15) == OWS_OK;

        /* a change of windows that fails leaves none */

        heap.calls = 0;
        heap.fail_at = fail_at;
        rc = ows_deflate_test_hello(&d, &alloc, 1, 9);

        good = good && rc == (fail_at == 7 ? OWS_OK : OWS_NOMEM);

        heap.fail_at = 0;
        good = good && ows_deflate_test_hello(&d, &alloc, 1, 15) == OWS_OK
               && ows_deflate_test_hello(&d, &alloc, 1, 9) == OWS_OK;

        ows_deflater_destroy(&d);
        good = good && heap.live == 0;
    }

    ok(good, "each allocation fails in turn, and the next"
       " message is deflated");
}


/* A buffer that has to grow, with each growth failing. */
static void
ows_deflate_test_growth(void)
{
    int               rc, good;
    size_t            len, packed_len;
    uint8_t          *text, *packed, *data;
    unsigned          fail_at;
    ows_alloc_t       alloc;
    ows_deflater_t    d;
    ows_inflater_t    in;
    ows_test_heap_t   heap;

    alloc = ows_test_alloc(&heap);
    ows_deflater_init(&d, &alloc);
    text = ows_deflate_test_text(50000, 700);

    if (ows_deflate(&d, 1, 15, text, 50000, &packed, &packed_len) != OWS_OK) {
        exit(2);
    }

    ows_deflater_destroy(&d);
    good = 1;
    fail_at = 1;

    do {
        heap.calls = 0;
        heap.fail_at = fail_at;
        ows_inflater_init(&in, &alloc);

        rc = ows_deflate_test_inflate(&in, packed, packed_len, 7, 60000,
                                      &data, &len);

        good = good
               && (rc == OWS_OK ? len == 50000
                                  && memcmp(data, text, len) == 0
                                : rc == OWS_NOMEM && in.data == NULL);

        if (rc == OWS_OK) {
            ows_free(&alloc, data);
        }

        ows_inflater_destroy(&in);
        good = good && heap.live == 1;

    } while (rc != OWS_OK && fail_at++ < 20);

    ok(good && fail_at == 10, "each growth of a buffer fails in turn");

    ows_free(&alloc, packed);
    free(text);
}


/* All that can be known of a message after each of its bytes is there. */
static void
ows_deflate_test_prompt(size_t len, unsigned period, unsigned level)
{
    int               good;
    size_t            i, packed_len;
    uint8_t          *text, *packed, *data;
    z_stream          z;
    ows_alloc_t       alloc;
    ows_deflater_t    d;
    ows_inflater_t    in;
    ows_test_heap_t   heap;

    alloc = ows_test_alloc(&heap);
    ows_deflater_init(&d, &alloc);
    ows_inflater_init(&in, &alloc);
    memset(&z, 0, sizeof(z));

    text = ows_deflate_test_text(len, period);
    data = malloc(len + 1);

    if (data == NULL || inflateInit2(&z, -15) != Z_OK
        || ows_deflate(&d, level, 15, text, len, &packed, &packed_len)
           != OWS_OK)
    {
        exit(2);
    }

    z.next_out = data;
    z.avail_out = (unsigned) len + 1;

    good = ows_inflate_begin(&in, len) == OWS_OK;

    for (i = 0; i < packed_len && good; i++) {
        z.next_in = packed + i;
        z.avail_in = 1;

        good = inflate(&z, Z_SYNC_FLUSH) == Z_OK
               && ows_inflate_feed(&in, packed + i, 1) == OWS_OK
               && in.len == z.total_out
               && memcmp(in.data, text, in.len) == 0;
    }

    ok(good && in.len == len, "%zu bytes, repeated after %u, come out as"
       " soon as they are known", len, period);

    (void) inflateEnd(&z);
    ows_inflater_destroy(&in);
    ows_deflater_destroy(&d);
    ows_free(&alloc, packed);
    free(data);
    free(text);
    ok(heap.live == 0, "nothing of them is leaked");
}


int
main(void)
{
    ows_deflate_test_cases();
    ows_deflate_test_cut();
    ows_deflate_test_bits();
    ows_deflate_test_max();
    ows_deflate_test_begun();
    ows_deflate_test_rounds();
    ows_deflate_test_deflater();
    ows_deflate_test_growth();
    ows_deflate_test_prompt(300000, 1, 9);
    ows_deflate_test_prompt(30000, 700, 1);
    ows_deflate_test_prompt(30000, 0, 6);

    return ows_test_done();
}
