/*
 * Unit test of ows_message.
 *
 * Most cases are a script of frames and the transcript of what must be read
 * from them; each is played in both roles, in slices of all sizes, and with
 * every allocation failing in turn.  The file is long for its two tables,
 * which want one reader and one transcript.
 */

#include "ows_test.h"
#include "ows_message.h"


#define FIN_TEXT    (OWS_FIN|OWS_OP_TEXT)
#define FIN_BINARY  (OWS_FIN|OWS_OP_BINARY)
#define FIN_CONT    (OWS_FIN|OWS_OP_CONTINUATION)
#define PING        (OWS_FIN|OWS_OP_PING)
#define PONG        (OWS_FIN|OWS_OP_PONG)
#define CLOSE       (OWS_FIN|OWS_OP_CLOSE)

#define TEXT(text)  text, sizeof(text) - 1

#define A123                                                                 \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"          \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

#define OWS_MESSAGE_TEST_MAX  1000


typedef struct {
    unsigned        first;       /* byte of its header */
    const char     *payload;
    size_t          len;
    unsigned        more;        /* boolean: there is a frame after this one */
} ows_message_frame_t;


typedef struct {
    const char            *name;
    const char            *expect;
    ows_message_frame_t    frames[7];
} ows_message_case_t;

/* A frame of a script, and its last one. */
#define FRAME(first, text)  { first, TEXT(text), 1 }
#define LAST(first, text)   { first, TEXT(text), 0 }


static const ows_message_case_t  ows_message_cases[] = {

    /* messages; RFC 6455, section 5.7 */

    { "a text message in one frame", "text(Hello)",
      { LAST(FIN_TEXT, "Hello") } },

    { "a text message in two fragments", "text(Hello)",
      { FRAME(OWS_OP_TEXT, "Hel"), LAST(FIN_CONT, "lo") } },

    { "a ping, and a pong with its payload", "ping(Hello) pong(Hello)",
      { FRAME(PING, "Hello"), LAST(PONG, "Hello") } },

    { "a binary message is read", "binary(\x01\xff)",
      { LAST(FIN_BINARY, "\x01\xff") } },

    { "a binary message isn't UTF-8 and need not be", "binary(\xff\xc0)",
      { FRAME(OWS_OP_BINARY, "\xff"), LAST(FIN_CONT, "\xc0") } },

    { "an empty message", "text() binary()",
      { FRAME(FIN_TEXT, ""), LAST(FIN_BINARY, "") } },

    { "an empty message in empty fragments", "text()",
      { FRAME(OWS_OP_TEXT, ""), FRAME(0, ""), LAST(FIN_CONT, "") } },

    { "empty fragments among others", "text(abc) text(d)",
      { FRAME(OWS_OP_TEXT, ""), FRAME(0, "ab"), FRAME(0, ""), FRAME(0, "c"),
        FRAME(FIN_CONT, ""), LAST(FIN_TEXT, "d") } },

    { "one message after another", "text(one) text(two) binary(three)",
      { FRAME(FIN_TEXT, "one"), FRAME(FIN_TEXT, "two"),
        LAST(FIN_BINARY, "three") } },

    { "control frames inside of a message",
      "ping(a) pong() ping(b) text(Hello) ping(c)",
      { FRAME(OWS_OP_TEXT, "Hel"), FRAME(PING, "a"), FRAME(PONG, ""),
        FRAME(0, "l"), FRAME(PING, "b"), FRAME(FIN_CONT, "o"),
        LAST(PING, "c") } },

    { "a ping of 125 bytes", "ping(a" A123 "z)",
      { LAST(PING, "a" A123 "z") } },

    { "a message of 126 bytes", "text(" A123 "xyz)",
      { LAST(FIN_TEXT, A123 "xyz") } },

    { "fragments that each make the memory grow",
      "text(1" A123 A123 A123 A123 "9)",
      { FRAME(OWS_OP_TEXT, "1"), FRAME(0, A123), FRAME(0, A123),
        FRAME(0, A123), FRAME(0, A123), LAST(FIN_CONT, "9") } },

    /* the order of frames */

    { "a continuation of nothing",
      "error 1002 a continuation frame continues nothing",
      { LAST(FIN_CONT, "x") } },

    { "an unfinished continuation of nothing",
      "error 1002 a continuation frame continues nothing",
      { LAST(0, "x") } },

    { "a continuation after a message that was complete",
      "text(a) error 1002 a continuation frame continues nothing",
      { FRAME(FIN_TEXT, "a"), LAST(FIN_CONT, "x") } },

    { "a continuation after a ping",
      "ping(a) error 1002 a continuation frame continues nothing",
      { FRAME(PING, "a"), LAST(FIN_CONT, "x") } },

    { "a text message inside of a fragmented one",
      "error 1002 a message begins inside of a fragmented one",
      { FRAME(OWS_OP_TEXT, "a"), LAST(FIN_TEXT, "b") } },

    { "a fragmented message inside of another",
      "ping() error 1002 a message begins inside of a fragmented one",
      { FRAME(OWS_OP_BINARY, "a"), FRAME(PING, ""),
        LAST(OWS_OP_BINARY, "b") } },

    { "a message inside of one that has only empty fragments",
      "error 1002 a message begins inside of a fragmented one",
      { FRAME(OWS_OP_TEXT, ""), FRAME(0, ""), LAST(FIN_TEXT, "b") } },

    /* single headers */

    { "RSV1", "error 1002 a reserved bit is set, but no extension was agreed"
      " on", { LAST(FIN_TEXT|0x40, "x") } },

    { "RSV2", "error 1002 a reserved bit is set, but no extension was agreed"
      " on", { LAST(FIN_TEXT|0x20, "x") } },

    { "RSV3", "error 1002 a reserved bit is set, but no extension was agreed"
      " on", { LAST(FIN_TEXT|0x10, "x") } },

    { "RSV1 in a ping", "error 1002 a reserved bit is set, but no extension"
      " was agreed on", { LAST(PING|0x40, "x") } },

    { "RSV1 in a continuation", "error 1002 a reserved bit is set, but no"
      " extension was agreed on",
      { FRAME(OWS_OP_TEXT, "a"), LAST(FIN_CONT|0x40, "x") } },

    { "a fragmented ping", "error 1002 a control frame is fragmented",
      { LAST(OWS_OP_PING, "x") } },

    { "a fragmented Close", "error 1002 a control frame is fragmented",
      { LAST(OWS_OP_CLOSE, "\x03\xe8") } },

    { "a ping of 126 bytes",
      "error 1002 a control frame's payload is over 125 bytes",
      { LAST(PING, A123 "xyz") } },

    { "a Close of 126 bytes",
      "error 1002 a control frame's payload is over 125 bytes",
      { LAST(CLOSE, "\x03\xe8" A123 "x") } },

    /* UTF-8, section 8.1 */

    { "a character across fragments", "text(\xe5\xa4\x96)",
      { FRAME(OWS_OP_TEXT, "\xe5"), FRAME(0, "\xa4"),
        LAST(FIN_CONT, "\x96") } },

    { "a character across fragments, a ping and an empty one",
      "ping(\xe5) text(\xe5\xa4\x96)",
      { FRAME(OWS_OP_TEXT, "\xe5"), FRAME(PING, "\xe5"), FRAME(0, ""),
        FRAME(0, "\xa4"), LAST(FIN_CONT, "\x96") } },

    { "a text that isn't UTF-8", "error 1007 a text message is not UTF-8",
      { LAST(FIN_TEXT, "ab\xff") } },

    { "a fragment that isn't UTF-8",
      "error 1007 a text message is not UTF-8",
      { FRAME(OWS_OP_TEXT, "ab"), LAST(0, "\xed\xa0\x80") } },

    { "a character broken by a fragment",
      "error 1007 a text message is not UTF-8",
      { FRAME(OWS_OP_TEXT, "\xe5\xa4"), LAST(FIN_CONT, "a") } },

    { "a text that ends inside of a character",
      "error 1007 a text message ends inside of a character",
      { LAST(FIN_TEXT, "ab\xe5\xa4") } },

    { "fragments that end inside of a character",
      "error 1007 a text message ends inside of a character",
      { FRAME(OWS_OP_TEXT, "\xf0\x9f"), FRAME(0, "\x98"),
        LAST(FIN_CONT, "") } },

    { "the character one message lacks isn't in the next",
      "binary(\xe5) error 1007 a text message is not UTF-8",
      { FRAME(FIN_BINARY, "\xe5"), LAST(FIN_TEXT, "\xa4\x96") } },

    /* Close, sections 5.5.1 and 7.4 */

    { "an empty Close", "close 0()", { LAST(CLOSE, "") } },

    { "a Close with a code", "close 1000()", { LAST(CLOSE, "\x03\xe8") } },

    { "a Close with a reason", "close 1001(bye)",
      { LAST(CLOSE, "\x03\xe9" "bye") } },

    { "a Close of 125 bytes", "close 4999(" A123 ")",
      { LAST(CLOSE, "\x13\x87" A123) } },

    { "nothing is read after a Close", "close 1000()",
      { FRAME(CLOSE, "\x03\xe8"), FRAME(FIN_TEXT, "late"),
        FRAME(0x7f, "wrong"), LAST(CLOSE, "") } },

    { "a Close inside of a message", "close 1000()",
      { FRAME(OWS_OP_TEXT, "a"), FRAME(CLOSE, "\x03\xe8"),
        LAST(FIN_CONT, "b") } },

    { "a Close of one byte", "error 1002 a Close frame holds half a code",
      { LAST(CLOSE, "\x03") } },

    { "a Close with a code that may not be sent",
      "error 1002 a Close frame's code may not be sent",
      { LAST(CLOSE, "\x03\xed" "bye") } },

    { "a Close whose reason isn't UTF-8",
      "error 1007 a Close frame's reason is not UTF-8",
      { LAST(CLOSE, "\x03\xe8" "by\xff" "e") } },

    { "a Close whose reason ends inside of a character",
      "error 1007 a Close frame's reason is not UTF-8",
      { LAST(CLOSE, "\x03\xe8" "by\xe5\xa4") } },

    { "a Close whose reason isn't ASCII", "close 1000(\xe5\xa4\x96)",
      { LAST(CLOSE, "\x03\xe8" "\xe5\xa4\x96") } },

    /* sizes; the limit is 1000 bytes here, see also further down */

    { "a message of the greatest size",
      "text(" A123 A123 A123 A123 A123 A123 A123 A123 "0123456789abcdef)",
      { LAST(FIN_TEXT, A123 A123 A123 A123 A123 A123 A123 A123
             "0123456789abcdef") } },

    { "a message of one byte more", "error 1009 a message is too big",
      { LAST(FIN_TEXT, A123 A123 A123 A123 A123 A123 A123 A123
             "0123456789abcdefg") } },

    { "fragments of the greatest size",
      "binary(" A123 A123 A123 A123 A123 A123 A123 A123 "0123456789abcdef)"
      " text(next)",
      { FRAME(OWS_OP_BINARY, A123 A123 A123), FRAME(0, A123 A123 A123 A123),
        FRAME(0, A123 "0123456789abcdef"), FRAME(FIN_CONT, ""),
        LAST(FIN_TEXT, "next") } },

    { "fragments of one byte more", "error 1009 a message is too big",
      { FRAME(OWS_OP_BINARY, A123 A123 A123), FRAME(0, A123 A123 A123 A123),
        FRAME(0, A123 "0123456789abcdef"), LAST(FIN_CONT, "g") } }
};

#define CASES  (sizeof(ows_message_cases) / sizeof(ows_message_cases[0]))


/* A reader under test, and the transcript of what it read. */
typedef struct {
    ows_message_t     m;
    ows_alloc_t       alloc;
    ows_test_heap_t   heap;
    char              text[2048];
    size_t            len;
} ows_message_test_t;


static void
ows_message_test_init(ows_message_test_t *t, ows_role_e role, size_t max)
{
    t->alloc = ows_test_alloc(&t->heap);
    t->text[0] = '\0';
    t->len = 0;

    ows_message_init(&t->m, role, max, &t->alloc);
}


/* Writes into the transcript, one space between entries. */
__attribute__((format(printf, 2, 3)))
static void
ows_message_test_note(ows_message_test_t *t, const char *fmt, ...)
{
    int      n;
    va_list  args;

    if (t->len && t->len < sizeof(t->text) - 1) {
        t->text[t->len++] = ' ';
    }

    va_start(args, fmt);
    n = vsnprintf(t->text + t->len, sizeof(t->text) - t->len, fmt, args);
    va_end(args);

    t->len += (size_t) n;

    if (t->len >= sizeof(t->text)) {
        t->len = sizeof(t->text) - 1;
    }
}


static void
ows_message_test_event(ows_message_test_t *t)
{
    const ows_message_event_t  *e = &t->m.event;

    if (e->data == NULL) {
        ows_message_test_note(t, "NULL");
        return;
    }

    if (e->opcode == OWS_OP_CLOSE) {
        ows_message_test_note(t, "close %u(%.*s)", e->code, (int) e->len,
                              (char *) e->data);
        return;
    }

    ows_message_test_note(t, "%s(%.*s)%s",
                          e->opcode == OWS_OP_TEXT ? "text"
                          : e->opcode == OWS_OP_BINARY ? "binary"
                          : e->opcode == OWS_OP_PING ? "ping"
                          : e->opcode == OWS_OP_PONG ? "pong" : "?",
                          (int) e->len, (char *) e->data,
                          e->code ? " with a code" : "");
}


/* All that one slice holds. */
static int
ows_message_test_read(void *ctx, uint8_t *p, uint8_t *last)
{
    int                  rc;
    uint8_t             *pos;
    ows_message_test_t  *t = ctx;

    pos = p;

    while ((rc = ows_message_read(&t->m, &pos, last)) == OWS_OK) {
        ows_message_test_event(t);
    }

    if (rc == OWS_AGAIN && pos != last) {
        ows_message_test_note(t, "left something");
    }

    if (rc == OWS_ERROR) {
        ows_message_test_note(t, "error %u %s", t->m.error->code,
                              t->m.error->text);
    }

    if (rc == OWS_NOMEM) {
        ows_message_test_note(t, "no memory");
    }

    return rc;
}


/* One frame as the RFC draws it; key: 4 bytes, or NULL.  Returns its end. */
static uint8_t *
ows_message_test_frame(uint8_t *p, const ows_message_frame_t *frame,
    const uint8_t *key)
{
    size_t  i;

    *p++ = (uint8_t) frame->first;

    if (frame->len < 126) {
        *p++ = (uint8_t) (frame->len | (key ? 0x80 : 0));

    } else {
        *p++ = key ? 0xfe : 0x7e;
        *p++ = (uint8_t) (frame->len >> 8);
        *p++ = (uint8_t) frame->len;
    }

    if (key) {
        memcpy(p, key, 4);
        p += 4;
    }

    for (i = 0; i < frame->len; i++) {
        *p++ = (uint8_t) frame->payload[i] ^ (key ? key[i % 4] : 0);
    }

    return p;
}


/* The bytes of a script; returns how many they are. */
static size_t
ows_message_test_script(uint8_t *buf, const ows_message_case_t *c,
    ows_role_e role)
{
    uint8_t                    *p;
    const ows_message_frame_t  *frame;

    p = buf;
    frame = c->frames;

    for ( ;; ) {
        p = ows_message_test_frame(p, frame,
                                   role == OWS_ROLE_SERVER
                                   ? (const uint8_t *) "\x37\xfa\x21\x3d"
                                   : NULL);
        if (!frame->more) {
            return (size_t) (p - buf);
        }

        frame++;
    }
}


/*
 * Plays a script with the fail_at-th allocation failing, and compares the
 * transcript; one that ran out of memory may end early.  *calls: allocations.
 */
static int
ows_message_test_play(const ows_message_case_t *c, ows_role_e role,
    size_t slice, unsigned fail_at, unsigned *calls)
{
    int                  rc, good;
    size_t               len, fed;
    uint8_t              buf[4096];
    const char          *end;
    ows_message_test_t   t;

    len = ows_message_test_script(buf, c, role);

    ows_message_test_init(&t, role, OWS_MESSAGE_TEST_MAX);
    t.heap.fail_at = fail_at;

    rc = ows_test_feed(buf, len, slice, ows_message_test_read, &t, &fed);

    ows_message_destroy(&t.m);
    *calls = t.heap.calls;

    if (rc == OWS_NOMEM) {
        end = strstr(t.text, "no memory");
        good = end != NULL && t.heap.calls == fail_at
               && strncmp(t.text, c->expect, (size_t) (end - t.text)) == 0;

    } else {
        good = strcmp(t.text, c->expect) == 0;
    }

    if (!good) {
        printf("# got: %s\n", t.text);
    }

    return good && t.heap.live == 0;
}


static void
ows_message_test_cases(void)
{
    size_t                     i;
    unsigned                   n, good, role, fail_at, calls;
    const ows_message_case_t  *c;

    for (i = 0; i < CASES; i++) {
        c = &ows_message_cases[i];

        for (role = OWS_ROLE_SERVER; role <= OWS_ROLE_CLIENT; role++) {
            good = 1;

            for (n = 0; n < OWS_TEST_SLICES; n++) {
                calls = 0;
                fail_at = 0;

                do {
                    good = good
                           && ows_message_test_play(c, role,
                                                    ows_test_slice(n),
                                                    fail_at, &calls);
                } while (fail_at++ < calls);
            }

            ok(good, "%s, from a %s", c->name,
               role == OWS_ROLE_SERVER ? "client" : "server");
        }
    }
}


/* Bytes that are wrong, and how many of them show it. */
typedef struct {
    const char     *name;
    ows_role_e      role;
    const char     *bytes;
    size_t          len;
    size_t          at;
    const char     *expect;
} ows_message_wrong_t;


static void
ows_message_test_wrong(void)
{
    size_t               i, fed;
    unsigned             n, good;
    ows_message_test_t   t;

    static const ows_message_wrong_t  wrong[] = {

        { "an unmasked frame shows in its second byte", OWS_ROLE_SERVER,
          TEXT("\x81\x05Hello"), 2,
          "error 1002 a client's frame is not masked" },

        { "even when it is empty", OWS_ROLE_SERVER,
          TEXT("\x89\x00"), 2,
          "error 1002 a client's frame is not masked" },

        { "a masked frame shows in its second byte", OWS_ROLE_CLIENT,
          TEXT("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), 2,
          "error 1002 a server's frame is masked" },

        { "a reserved bit shows in the first byte", OWS_ROLE_SERVER,
          TEXT("\xc1\x85"), 1,
          "error 1002 a reserved bit is set, but no extension was agreed on"
        },

        { "what the first byte shows goes before all else", OWS_ROLE_SERVER,
          TEXT("\xc3\x7e\x00\x01"), 1,
          "error 1002 a reserved bit is set, but no extension was agreed on"
        },

        { "a fragmented ping shows in the first byte", OWS_ROLE_SERVER,
          TEXT("\x09\x80"), 1,
          "error 1002 a control frame is fragmented" },

        { "a continuation of nothing shows in the first byte",
          OWS_ROLE_CLIENT, TEXT("\x80\x01x"), 1,
          "error 1002 a continuation frame continues nothing" },

        { "a message inside of another shows in the first byte",
          OWS_ROLE_CLIENT, TEXT("\x01\x01x\x81\x01y"), 4,
          "error 1002 a message begins inside of a fragmented one" },

        { "a ping over 125 bytes shows in the second byte", OWS_ROLE_CLIENT,
          TEXT("\x89\x7e\x00\x7e..."), 2,
          "error 1002 a control frame's payload is over 125 bytes" },

        { "a Close of 64 bits of length does too", OWS_ROLE_CLIENT,
          TEXT("\x88\x7f\x00\x00\x00\x00\x00\x00\x00\x01."), 2,
          "error 1002 a control frame's payload is over 125 bytes" },

        { "a Close of one byte shows in the second", OWS_ROLE_CLIENT,
          TEXT("\x88\x01\x03"), 2,
          "error 1002 a Close frame holds half a code" },

        { "a Close's code shows before its reason", OWS_ROLE_CLIENT,
          TEXT("\x88\x05\x03\xec" "bye"), 4,
          "error 1002 a Close frame's code may not be sent" },

        { "a Close's reason shows at its first bad byte", OWS_ROLE_CLIENT,
          TEXT("\x88\x07\x03\xe8" "b\xff" "yes"), 6,
          "error 1007 a Close frame's reason is not UTF-8" },

        { "a long form of a short length", OWS_ROLE_CLIENT,
          TEXT("\x81\x7e\x00\x05Hello"), 4,
          "error 1002 a frame's length is not in its shortest form" },

        { "a longer form of a longer length", OWS_ROLE_SERVER,
          TEXT("\x81\xff\x00\x00\x00\x00\x00\x00\x01\x00..."), 10,
          "error 1002 a frame's length is not in its shortest form" },

        { "a length over 63 bits", OWS_ROLE_CLIENT,
          TEXT("\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff"), 10,
          "error 1002 a frame's length is over 2^63 - 1" },

        { "a message over max shows in its header", OWS_ROLE_CLIENT,
          TEXT("\x82\x7e\x03\xe9" "abc"), 4,
          "error 1009 a message is too big" },

        { "one of 2^63 - 1 bytes too", OWS_ROLE_CLIENT,
          TEXT("\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff" "abc"), 10,
          "error 1009 a message is too big" },

        { "a fragment that adds up to over max shows in its header",
          OWS_ROLE_CLIENT, TEXT("\x01\x01" "a\x80\x7e\x03\xe8" "abc"), 7,
          "error 1009 a message is too big" },

        { "a fragment of 2^63 - 1 bytes doesn't overflow the sum",
          OWS_ROLE_CLIENT,
          TEXT("\x01\x01" "a\x80\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"), 13,
          "error 1009 a message is too big" },

        { "bad UTF-8 shows at its first byte, long before the frame's end",
          OWS_ROLE_CLIENT, TEXT("\x81\x7e\x03\xe8" "abc\xc0..."), 8,
          "error 1007 a text message is not UTF-8" },

        { "a surrogate shows at its second byte", OWS_ROLE_CLIENT,
          TEXT("\x01\x7e\x03\xe8\xed\xa0\x80..."), 6,
          "error 1007 a text message is not UTF-8" },

        { "bad UTF-8 in the second fragment", OWS_ROLE_CLIENT,
          TEXT("\x01\x02\xf0\x9f\x80\x7e\x01\x00\x98 ..."), 10,
          "error 1007 a text message is not UTF-8" },

        { "bad UTF-8 shows when it is masked, too", OWS_ROLE_SERVER,
          TEXT("\x81\x85\x37\xfa\x21\x3d\x7f\x3a\x4d\x51\x58"), 8,
          "error 1007 a text message is not UTF-8" }
    };

    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        good = 1;

        for (n = 0; n < OWS_TEST_SLICES; n++) {
            ows_message_test_init(&t, wrong[i].role, OWS_MESSAGE_TEST_MAX);

            good = good
                   && ows_test_feed(wrong[i].bytes, wrong[i].len,
                                    ows_test_slice(n), ows_message_test_read,
                                    &t, &fed)
                      == OWS_ERROR
                   && (ows_test_slice(n) > 1 || fed == wrong[i].at)
                   && strcmp(t.text, wrong[i].expect) == 0;

            ows_message_destroy(&t.m);
            good = good && t.heap.live == 0;
        }

        if (!good) {
            printf("# got at %zu: %s\n", fed, t.text);
        }

        ok(good, "%s", wrong[i].name);
    }
}


/* Feeds bytes that must not fail; returns what was read, as text. */
static const char *
ows_message_test_feed(ows_message_test_t *t, const char *p, size_t len)
{
    size_t  fed;

    t->text[0] = '\0';
    t->len = 0;

    (void) ows_test_feed(p, len, SIZE_MAX, ows_message_test_read, t, &fed);

    return t->text;
}


static void
ows_message_test_opcodes(void)
{
    char                 frame[7];
    unsigned             opcode, good;
    ows_message_test_t   t;

    good = 1;

    for (opcode = 0; opcode < 16; opcode++) {
        memcpy(frame, "\x80\x80" "abcd", 6);
        frame[0] = (char) (0x80 | opcode);

        ows_message_test_init(&t, OWS_ROLE_SERVER, OWS_MESSAGE_TEST_MAX);
        (void) ows_message_test_feed(&t, frame, 6);

        good = good
               && (strcmp(t.text, "error 1002 a frame has an unknown opcode")
                   == 0)
                  == ((opcode > 2 && opcode < 8) || opcode > 10);

        ows_message_destroy(&t.m);
    }

    ok(good, "each of the ten reserved opcodes is refused, and no other");
}


static void
ows_message_test_close_codes(void)
{
    char                 expect[64];
    uint8_t              frame[4];
    unsigned             code, good, allowed;
    ows_message_test_t   t;

    good = 1;

    for (code = 0; code < 65536; code++) {
        memcpy(frame, "\x88\x02", 2);
        frame[2] = (uint8_t) (code >> 8);
        frame[3] = (uint8_t) code;

        ows_message_test_init(&t, OWS_ROLE_CLIENT, OWS_MESSAGE_TEST_MAX);
        (void) ows_message_test_read(&t, frame, frame + 4);

        allowed = (code >= 1000 && code < 1015 && code != 1004
                   && code != 1005 && code != 1006)
                  || (code >= 3000 && code < 5000);

        (void) snprintf(expect, sizeof(expect), "close %u()", code);

        good = good
               && strcmp(t.text,
                         allowed ? expect
                         : "error 1002 a Close frame's code may not be sent")
                  == 0
               && (!allowed
                   || ows_message_close_reply(&t.m.event) == code);

        ows_message_destroy(&t.m);
    }

    ok(good, "of all 65536 close codes those that may be sent are accepted,"
       " and answered with themselves");

    ows_message_test_init(&t, OWS_ROLE_CLIENT, OWS_MESSAGE_TEST_MAX);
    (void) ows_message_test_feed(&t, "\x88\x00", 2);
    ok(ows_message_close_reply(&t.m.event) == 0,
       "an empty Close is answered with an empty one");
    ows_message_destroy(&t.m);
}


static void
ows_message_test_memory(void)
{
    char                *big;
    ows_message_test_t   t;

    ows_message_test_init(&t, OWS_ROLE_CLIENT, 1 << 20);
    ok(t.heap.calls == 0, "an idle reader holds no memory");

    (void) ows_message_test_feed(&t, "\x82\x7f\x00\x00\x00\x00\x00\x10\x00"
                                     "\x00", 10);
    ok(t.heap.calls == 0, "a message that was only announced takes none");

    (void) ows_message_test_feed(&t, "0123456789", 10);
    ok(t.heap.live == 1 && t.heap.largest <= 20,
       "memory grows with the bytes that came");

    big = calloc(1, 1 << 20);
    if (big == NULL) {
        exit(2);
    }

    (void) ows_message_test_feed(&t, big, (1 << 20) - 11);
    ok(t.text[0] == '\0' && t.heap.live == 1, "without the last one there"
       " is no message");

    (void) ows_message_test_feed(&t, big, 1);
    ok(t.m.event.opcode == OWS_OP_BINARY && t.m.event.len == 1 << 20,
       "the message comes with its last byte");
    ok(t.heap.live == 0, "its memory is given back as the next call begins");

    (void) ows_message_test_feed(&t, "\x02\x7f\x00\x00\x00\x00\x00\x0f\x00"
                                     "\x00", 10);
    (void) ows_message_test_feed(&t, big, 0xf0000);
    (void) ows_message_test_feed(&t, "\x80\x01.", 3);
    ok(t.heap.largest == 1 << 20, "it doubles up to max and not over it");

    (void) ows_message_test_feed(&t, "\x01\x01" "a", 3);
    ok(t.heap.live == 1, "a message begun keeps its memory");

    (void) ows_message_test_feed(&t, "\x89\x00", 2);
    ok(t.heap.live == 1, "over a ping, too");

    (void) ows_message_test_feed(&t, "\x88\x00", 2);
    ok(t.heap.live == 0, "a Close gives it back");

    (void) ows_message_test_feed(&t, big, 1000);
    ok(t.text[0] == '\0' && t.heap.live == 0,
       "what comes after a Close takes none");

    ows_message_destroy(&t.m);
    ows_message_destroy(&t.m);
    ok(t.heap.live == 0, "destroying twice is harmless");

    free(big);
}


static void
ows_message_test_borrowed(void)
{
    uint8_t              bytes[] = "\x81\x05Hello", *pos, *last;
    ows_message_test_t   t;

    ows_message_test_init(&t, OWS_ROLE_CLIENT, OWS_MESSAGE_TEST_MAX);

    pos = bytes;
    last = bytes + 7;

    ok(ows_message_read(&t.m, &pos, last) == OWS_OK && pos == last
       && t.heap.live == 1 && memcmp(t.m.event.data, "Hello", 5) == 0,
       "an event's bytes are there until the next call");

    ok(ows_message_read(&t.m, &pos, last) == OWS_AGAIN && t.heap.live == 0,
       "which frees them even when it brings no bytes");

    ows_message_destroy(&t.m);

    ows_message_test_init(&t, OWS_ROLE_CLIENT, OWS_MESSAGE_TEST_MAX);
    t.heap.fail_at = 1;
    t.heap.sticky = 1;

    ok(strcmp(ows_message_test_feed(&t, "\x89\x02hi\x81\x00\x88\x00", 8),
              "ping(hi) text() close 0()") == 0 && t.heap.calls == 0,
       "neither control frames nor an empty message need memory");

    ows_message_destroy(&t.m);
}


/* What each of `count` fragments holds is one byte, or none. */
static void
ows_message_test_many(unsigned count, unsigned bytes, size_t slice,
    const char *name)
{
    size_t                i, fed;
    uint8_t              *buf, *p;
    unsigned              good;
    ows_message_frame_t   frame;
    ows_message_test_t    t;

    buf = malloc(count * 7);
    if (buf == NULL) {
        exit(2);
    }

    p = buf;

    for (i = 0; i < count; i++) {
        frame.first = (i == 0 ? OWS_OP_BINARY : OWS_OP_CONTINUATION)
                      | (i == count - 1 ? OWS_FIN : 0);
        frame.payload = &"0123456789"[i % 10];
        frame.len = bytes;

        p = ows_message_test_frame(p, &frame, (const uint8_t *) "key!");
    }

    ows_message_test_init(&t, OWS_ROLE_SERVER, count);

    /* to the last byte but one, so that the message is there to be seen */

    good = ows_test_feed(buf, (size_t) (p - buf) - 1, slice,
                         ows_message_test_read, &t, &fed)
           == OWS_AGAIN
           && t.len == 0;

    buf = p - 1;
    good = good && ows_message_read(&t.m, &buf, p) == OWS_OK
           && t.m.event.len == count * bytes && t.heap.calls <= 18;

    for (i = 0; i < t.m.event.len; i++) {
        good = good && t.m.event.data[i] == '0' + i % 10;
    }

    ok(good, "%s", name);

    ows_message_destroy(&t.m);
    ok(t.heap.live == 0, "nothing of them is leaked");

    free(p - count * (6 + bytes));
}


int
main(void)
{
    ows_message_test_cases();
    ows_message_test_wrong();
    ows_message_test_opcodes();
    ows_message_test_close_codes();
    ows_message_test_memory();
    ows_message_test_borrowed();

    ows_message_test_many(65536, 1, SIZE_MAX, "65536 fragments at once");
    ows_message_test_many(65536, 1, 1, "65536 fragments, byte by byte");
    ows_message_test_many(65536, 1, 7, "65536 fragments, one by one");
    ows_message_test_many(65536, 0, 7, "65536 empty fragments");

    return ows_test_done();
}
