/*
 * ows_json_test: unit tests of ows_json and ows_json_text.
 */

#include "ows_test_json.h"
#include "ows_mem.h"

#include <inttypes.h>
#include <time.h>


static const ows_json_limits_t  ows_json_test_limits = { 4096, 8, 64 };


static ows_json_e
ows_json_test_why(const void *text, size_t len,
    const ows_json_limits_t *limits)
{
    json_t      *root;
    uint8_t     *p;
    ows_json_e   why;

    p = ows_test_guard(text, len);
    why = OWS_JSON_NOMEM;
    root = ows_json_parse(p, len, limits, &why);

    if ((root != NULL) != (why == OWS_JSON_OK)) {
        why = OWS_JSON_NOMEM;
    }

    json_decref(root);
    ows_test_unguard(p, len);

    return why;
}


static ows_json_e
ows_json_test_limit(const char *text, const ows_json_limits_t *limits)
{
    return ows_json_test_why(text, strlen(text), limits);
}


static ows_json_e
ows_json_test_text(const char *text)
{
    return ows_json_test_limit(text, &ows_json_test_limits);
}


static void
ows_json_test_accepted(void)
{
    size_t  i, n, taken;

    static const char *const  texts[] = {
        "{}", "[]", "\"\"", "[1,-0,0.5,1e3,-12.5E-2]", "[true,false,null]",
        " {\"a\" : [ {\"b\":\"\\u4e2d\\ud83d\\ude00\"} ] }\r\n\t",
        "{\"\":0}", "\"\\u0000\"", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
        "[\"\xe4\xb8\xad\xf0\x9f\x98\x80\xef\xbf\xbf\"]",
        "[123456789012345,9223372036854775807,-9223372036854775808]",
        "[1e-999]", "{\"a\":1,\"a\":2}"
    };

    static const char *const  scalars[] = {
        "0", "-1", " 12 ", "1.5e+7", "true", "false", "null"
    };

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        ok(ows_json_test_text(texts[i]) == OWS_JSON_OK,
           "a text that is JSON is taken: %zu", i);

        taken = 0;

        for (n = 0; n < strlen(texts[i]); n++) {
            taken += ows_json_test_why(texts[i], n, &ows_json_test_limits)
                     != OWS_JSON_SYNTAX;
        }

        /* what follows the last bracket in one of them is white space */
        ok(taken == (i == 5 ? 3 : 0), "no part of it is taken for JSON: %zu",
           i);
    }

    for (i = 0; i < sizeof(scalars) / sizeof(scalars[0]); i++) {
        ok(ows_json_test_text(scalars[i]) == OWS_JSON_OK,
           "a value alone is JSON: %s", scalars[i]);
    }
}


static void
ows_json_test_refused(void)
{
    size_t  i;

    static const ows_str_t  texts[] = {
        ows_string(""), ows_string(" "), ows_string("{"), ows_string("}"),
        ows_string("[}"), ows_string("]["), ows_string("[1,]"),
        ows_string("{\"a\":1,}"), ows_string("{a:1}"), ows_string("{'a':1}"),
        ows_string("{\"a\" 1}"), ows_string("{1:1}"), ows_string("[1 2]"),
        ows_string("[1]]"), ows_string("{} {}"), ows_string("[01]"),
        ows_string("[+1]"), ows_string("[.5]"), ows_string("[1.]"),
        ows_string("[1e]"), ows_string("[-]"), ows_string("[NaN]"),
        ows_string("[Infinity]"), ows_string("[TRUE]"), ows_string("[nul]"),
        ows_string("[\"\\x\"]"), ows_string("[\"\\u12g4\"]"),
        ows_string("[\"\n\"]"), ows_string("[\"\x1f\"]"),
        ows_string("[\"\xff\"]"), ows_string("[\"\xc0\x80\"]"),
        ows_string("[\"\xed\xa0\x80\"]"), ows_string("[\"\xe4\xb8\"]"),
        ows_string("\xef\xbb\xbf{}"), ows_string("// x\n{}"),
        ows_string("{}\f"), ows_string("\"a"), ows_string("\"a\\"),
        ows_string("\"a\\\""), ows_string("\\\"a\""),

        /* NUL bytes: Jansson alone takes the first three */
        ows_string("1\0"), ows_string("true\0"), ows_string("[1\0]"),
        ows_string("{}\0"), ows_string("\0{}"), ows_string("[\"\0\"]"),
    };

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        ok(ows_json_test_why(texts[i].data, texts[i].len,
                             &ows_json_test_limits)
           == OWS_JSON_SYNTAX,
           "a text that is not JSON is refused: %zu", i);
    }
}


/* Jansson has an assertion that fails when memory runs out just there. */
static void
ows_json_test_control_byte(void)
{
    unsigned         n;
    ows_json_e       why;
    ows_test_heap_t  heap;

    static const char  text[] = "[\"0123456789abcde\x01\"]";

    why = OWS_JSON_SYNTAX;

    for (n = 1; n <= 16 && why == OWS_JSON_SYNTAX; n++) {
        (void) ows_test_alloc(&heap);
        heap.fail_at = n;

        ows_test_json_use(&heap);
        why = ows_json_test_limit(text, &ows_json_test_limits);
        ows_test_json_release();
    }

    ok(why == OWS_JSON_SYNTAX,
       "a control byte in a string is refused whatever memory there is");
}


static void
ows_json_test_range(void)
{
    size_t  i;

    static const char *const  texts[] = {
        "[1e999]", "[-1e999]", "[9223372036854775808]",
        "[-9223372036854775809]", "{\"a\\u0000b\":1}", "[\"\\ud800\"]",
        "[\"\\udc00\"]", "[\"\\ud800x\"]", "[\"\\ud800\\u0041\"]",
        "{\"\\ud800\":1}"
    };

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        ok(ows_json_test_text(texts[i]) == OWS_JSON_RANGE,
           "JSON that can't be held is told from what is no JSON: %s",
           texts[i]);
    }
}


static void
ows_json_test_over_limit(void)
{
    char               big[4097];
    ows_json_limits_t  limits;

    limits = ows_json_test_limits;

    limits.depth = 3;
    ok(ows_json_test_limit("[[{}]]", &limits) == OWS_JSON_OK,
       "as deep as allowed is taken");
    ok(ows_json_test_limit("[[{}],[[]]]", &limits) == OWS_JSON_OK,
       "what was closed does not count as depth");
    ok(ows_json_test_limit("[[[[]]]]", &limits) == OWS_JSON_LIMIT,
       "one level deeper is over the limit");
    ok(ows_json_test_limit("[[[[", &limits) == OWS_JSON_LIMIT,
       "depth counts before syntax");
    ok(ows_json_test_limit("]]]][[[]]]", &limits) == OWS_JSON_SYNTAX,
       "closing what is not open gains no depth");
    ok(ows_json_test_limit("[\"[[[[{{{{\"]", &limits) == OWS_JSON_OK,
       "brackets in a string are no depth");
    ok(ows_json_test_limit("[\"\\\"[[[[\",\"\\\\\"]", &limits)
       == OWS_JSON_OK,
       "an escaped quote does not end a string");
    ok(ows_json_test_limit("[\"\\\",[[[\"]", &limits) == OWS_JSON_OK,
       "not even near the text's end");
    ok(ows_json_test_limit("[\"\\\\\",[[[]]]]", &limits) == OWS_JSON_LIMIT,
       "an escaped backslash does not escape the quote");

    limits.values = 4;
    ok(ows_json_test_limit("[1,2,3]", &limits) == OWS_JSON_OK,
       "as many values as allowed are taken");
    ok(ows_json_test_limit("[1,2,3,4]", &limits) == OWS_JSON_LIMIT,
       "one comma more is over the limit");
    ok(ows_json_test_limit("[[],[],[]]", &limits) == OWS_JSON_LIMIT,
       "brackets count as values");
    ok(ows_json_test_limit("[\",,,,,,\"]", &limits) == OWS_JSON_OK,
       "commas in a string are no values");

    memset(big, ' ', sizeof(big));
    memcpy(big, "[]", 2);
    ok(ows_json_test_why(big, 4096, &ows_json_test_limits) == OWS_JSON_OK,
       "as long as allowed is taken");
    ok(ows_json_test_why(big, 4097, &ows_json_test_limits) == OWS_JSON_LIMIT,
       "one byte longer is over the limit");
}


static void
ows_json_test_tree(void)
{
    json_t      *root;
    ows_str_t    s;
    ows_json_e   why;

    static const char  text[] = "{\"a\":\"first\",\"a\":\"x\\u0000y\",\"n\":5,"
                                "\"Name\":1,\"NAME\":2,\"name\":3,\"b\":null}";

    root = ows_json_parse((const uint8_t *) text, sizeof(text) - 1,
                          &ows_json_test_limits, &why);

    s = ows_json_string(root, "a");
    ok(s.len == 3 && memcmp(s.data, "x\0y", 3) == 0,
       "of a key that comes twice the last counts, and NUL is in the length");

    s = ows_json_string(root, "n");
    ok(s.len == 0 && s.data == NULL, "a number is no string");
    s = ows_json_string(root, "zz");
    ok(s.len == 0 && s.data == NULL, "what is missing is no string");
    s = ows_json_string(NULL, "a");
    ok(s.len == 0 && s.data == NULL, "nothing holds no string");

    ok(json_integer_value(ows_json_get_nocase(root, "name")) == 3,
       "without regard to case the exact key wins");
    ok(json_integer_value(ows_json_get_nocase(root, "nAmE")) == 3,
       "without it the last one that is alike");
    ok(json_is_null(ows_json_get_nocase(root, "B")),
       "the value is of any type");
    ok(ows_json_get_nocase(root, "") == NULL
       && ows_json_get_nocase(root, "names") == NULL,
       "a key that is longer or shorter is another");
    ok(ows_json_get_nocase(NULL, "a") == NULL, "nothing holds nothing");

    json_decref(root);
}


static void
ows_json_test_no_memory(void)
{
    json_t           *root;
    unsigned          n, sticky, wrong, calls;
    ows_json_e        why;
    ows_test_heap_t   heap;

    static const char  text[] =
        "{\"a key of some length, more than sixteen\":[\"a string that is "
        "longer than thirty-two bytes, and longer than sixty-four\",12,1.5,"
        "true,null,{\"x\":{\"y\":[[],[1,2,3,4,5,6,7,8,9]]}}],\"b\":\"\\ud83d"
        "\\ude00 another that makes the buffer grow once more, for it has "
        "more than a hundred and twenty-eight bytes, which is the fourth "
        "size\",\"c\":1,\"d\":2,\"e\":3,\"f\":4,\"g\":5,\"h\":6,\"i\":7}";

    (void) ows_test_alloc(&heap);
    ows_test_json_use(&heap);

    root = ows_json_parse((const uint8_t *) text, sizeof(text) - 1,
                          &ows_json_test_limits, &why);
    ok(root != NULL, "a text is read from the test's heap");
    json_decref(root);

    calls = heap.calls;
    ok(calls > 40 && heap.live == 0, "it takes %u allocations, all freed",
       calls);

    for (sticky = 0; sticky < 2; sticky++) {
        wrong = 0;

        for (n = 1; n <= calls; n++) {
            heap.calls = 0;
            heap.fail_at = n;
            heap.sticky = sticky;

            root = ows_json_parse((const uint8_t *) text, sizeof(text) - 1,
                                  &ows_json_test_limits, &why);

            wrong += root != NULL || why != OWS_JSON_NOMEM || heap.live != 0;
        }

        ok(wrong == 0, "each allocation that fails is found, nothing leaks%s",
           sticky ? ", nor when all after it fail" : "");
    }

    heap.fail_at = 0;
    root = ows_json_parse((const uint8_t *) text, sizeof(text) - 1,
                          &ows_json_test_limits, &why);
    ok(root != NULL, "and after it the next text is read");
    json_decref(root);

    ows_test_json_release();
}


/*
 * Memory for no more than what Jansson first puts a token into, and that
 * block ends at a guard page.
 */
static void *
ows_json_test_alloc_token(size_t size)
{
    static const uint8_t  zeros[16];

    return (size == sizeof(zeros)) ? ows_test_guard(zeros, sizeof(zeros))
                                   : NULL;
}


static void
ows_json_test_free_token(void *p)
{
    if (p != NULL) {
        ows_test_unguard(p, 16);
    }
}


static void
ows_json_test_long_token(void)
{
    json_t      *root;
    ows_json_e   why;

    static const char  text[] = "\"a string of more than sixteen bytes\"";

    json_set_alloc_funcs(ows_json_test_alloc_token, ows_json_test_free_token);

    root = ows_json_parse((const uint8_t *) text, sizeof(text) - 1,
                          &ows_json_test_limits, &why);
    ok(root == NULL && why == OWS_JSON_NOMEM,
       "a string that finds no memory to grow is not read past its end");

    ows_json_init();
}


static void
ows_json_test_init(void)
{
    json_free_t    free_fn;
    json_malloc_t  malloc_fn;

    json_get_alloc_funcs(&malloc_fn, &free_fn);

    ok(malloc_fn == ows_mem_alloc && free_fn == ows_mem_free,
       "Jansson wipes what it frees");

    (void) ows_json_test_text("[1]");
    json_get_alloc_funcs(&malloc_fn, &free_fn);

    ok(malloc_fn == ows_mem_alloc && free_fn == ows_mem_free,
       "and does so after a text was read");

    ok(strcmp(ows_json_reason(OWS_JSON_SYNTAX), "is not JSON") == 0
       && ows_json_reason(OWS_JSON_NOMEM) != NULL,
       "each reason has a sentence's tail");
}


static void
ows_json_test_escape(void)
{
    size_t       len;
    unsigned     c, wrong;
    json_t      *root;
    uint8_t      in[64], out[512], *p;
    ows_str_t    s;
    ows_json_e   why;

    wrong = 0;

    for (c = 0; c < 0x100; c++) {
        in[0] = (uint8_t) c;
        memset(out, '#', sizeof(out));
        p = ows_json_escape(out, in, 1);
        wrong += (size_t) (p - out) != ows_json_escaped_len(in, 1)
                 || *p != '#';
    }

    ok(wrong == 0, "each byte's escaped length is what is written");

    for (c = 0; c < 0x20; c++) {
        in[c] = (uint8_t) c;
    }

    memcpy(in + 0x20, "\"\\/\x7f\xe4\xb8\xad\xf0\x9f\x98\x80", 11);
    len = 0x20 + 11;

    out[0] = '"';
    p = ows_json_escape(out + 1, in, len);
    *p++ = '"';

    root = ows_json_parse(out, (size_t) (p - out), &ows_json_test_limits,
                          &why);

    s.data = (const uint8_t *) json_string_value(root);
    s.len = json_string_length(root);
    ok(s.len == len && memcmp(s.data, in, len) == 0,
       "what is escaped reads back the same");
    json_decref(root);

    p = ows_json_escape(out, (const uint8_t *) "a\"b\\\x01\x1f\xc3\xa9", 8);
    ok((size_t) (p - out) == 20
       && memcmp(out, "a\\\"b\\\\\\u0001\\u001f\xc3\xa9", 20) == 0,
       "only quotes, backslashes and control bytes are escaped");

    ok(ows_json_cut((const uint8_t *) "abc", 3, 3) == 3
       && ows_json_cut((const uint8_t *) "abcd", 4, 3) == 3,
       "a text is cut to its limit");
    ok(ows_json_cut((const uint8_t *) "a\xf0\x9f\x98\x80", 5, 5) == 5
       && ows_json_cut((const uint8_t *) "a\xf0\x9f\x98\x80", 5, 4) == 1
       && ows_json_cut((const uint8_t *) "a\xf0\x9f\x98\x80z", 6, 5) == 5
       && ows_json_cut((const uint8_t *) "\xe4\xb8\xad", 3, 2) == 0,
       "and never in the middle of a character");
}


static unsigned
ows_json_test_time_wrong(int64_t ms)
{
    char       expected[64];
    time_t     t;
    uint8_t    buf[OWS_JSON_TIME_LEN + 1], *p;
    struct tm  tm;

    t = (time_t) (ms / 1000);
    gmtime_r(&t, &tm);

    snprintf(expected, sizeof(expected),
             "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900,
             tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
             (int) (ms % 1000));

    buf[OWS_JSON_TIME_LEN] = '#';
    p = ows_json_time(buf, ms);

    return p != buf + OWS_JSON_TIME_LEN || *p != '#'
           || memcmp(buf, expected, OWS_JSON_TIME_LEN) != 0;
}


static void
ows_json_test_time(void)
{
    int64_t   ms;
    uint8_t   buf[OWS_JSON_TIME_LEN];
    unsigned  wrong;

    ows_json_time(buf, 1756352744716);
    ok(memcmp(buf, "2025-08-28T03:45:44.716Z", OWS_JSON_TIME_LEN) == 0,
       "a time is written as the specification writes it");

    wrong = 0;

    /* 11 days and a bit: each day of a month, leap years, ends of years */
    for (ms = 0; ms < 253402300800000; ms += 950400000 + 3661001) {
        wrong += ows_json_test_time_wrong(ms);
    }

    ok(wrong == 0, "times are as gmtime_r() has them, 1970 to 9999");

    ok(!ows_json_test_time_wrong(0)
       && !ows_json_test_time_wrong(951782399999)       /* 2000-02-28 */
       && !ows_json_test_time_wrong(951782400000)       /* 2000-02-29 */
       && !ows_json_test_time_wrong(951868800000)       /* 2000-03-01 */
       && !ows_json_test_time_wrong(4107542399999)      /* 2100-02-28 */
       && !ows_json_test_time_wrong(4107542400000)      /* 2100-03-01 */
       && !ows_json_test_time_wrong(253402300799999),   /* the last */
       "so are the ends of February and of the range");
}


static void
ows_json_test_number(void)
{
    char      expected[32];
    size_t    i, len;
    int64_t   n;
    uint8_t   buf[21], *p;
    unsigned  k, wrong;

    static const int64_t  numbers[] = { 0, 1, -1, INT64_MAX, INT64_MIN };

    wrong = 0;

    for (i = 0, n = 1; i < 5 + 3 * 18; i++) {

        if (i < 5) {
            n = numbers[i];

        } else {
            for (k = 0, n = 1; k < (i - 5) / 3 + 1; k++) {
                n *= 10;
            }

            n += (int64_t) (i % 3) - 1;
        }

        len = (size_t) snprintf(expected, sizeof(expected), "%" PRId64, n);
        buf[len] = '#';
        p = ows_json_number(buf, n);
        wrong += p != buf + len || *p != '#' || memcmp(buf, expected, len);
    }

    ok(wrong == 0, "numbers of every length are written in decimal");
}


static void
ows_json_test_growing_text(void)
{
    size_t           i;
    unsigned         n, wrong, calls;
    ows_alloc_t      alloc;
    ows_json_text_t  t;
    ows_test_heap_t  heap;

    alloc = ows_test_alloc(&heap);

    ows_json_text_init(&t, 1000, &alloc);
    ok(heap.calls == 0, "an empty text has no memory");

    ows_json_text_add(&t, NULL, 0);
    ok(!t.failed && t.len == 0, "adding nothing is no failure");

    ows_json_text_add_literal(&t, "{");
    ows_json_text_add_string(&t, (const uint8_t *) "a\"\n", 3);
    ows_json_text_add_literal(&t, ":");
    ows_json_text_add_number(&t, -12);
    ows_json_text_add(&t, "}", 1);
    ok(!t.failed && t.len == 17
       && memcmp(t.data, "{\"a\\\"\\u000a\":-12}", 17) == 0,
       "a text is what was added");

    for (i = t.len; i < 1000; i++) {
        ows_json_text_add(&t, "x", 1);
    }

    ok(!t.failed && t.len == 1000 && t.size <= 1000 && t.data[999] == 'x'
       && t.data[16] == '}',
       "it grows up to its limit");

    ows_json_text_add(&t, NULL, 0);
    ok(!t.failed, "and nothing more still fits");

    ows_json_text_add(&t, "x", 1);
    ok(t.failed && t.len == 1000, "a byte over the limit is a failure");

    ows_json_text_free(&t);
    ok(heap.live == 0 && t.data == NULL && t.len == 0 && !t.failed,
       "freed, it is empty again");

    ows_json_text_add_string(&t, (const uint8_t *) "abc", 3);
    ok(t.len == 5 && memcmp(t.data, "\"abc\"", 5) == 0,
       "and can be used again");
    ows_json_text_free(&t);

    ows_json_text_init(&t, 6, &alloc);
    ows_json_text_add_string(&t, (const uint8_t *) "\x01", 1);
    ok(t.failed && t.len == 0, "a string counts with its quotes and escapes");
    ows_json_text_add(&t, "x", 1);
    ok(t.failed && t.len == 0, "what follows a failure is dropped");
    ows_json_text_free(&t);

    wrong = 0;
    calls = 1;

    for (n = 1; n <= calls; n++) {
        heap.calls = 0;
        heap.fail_at = (n == 1) ? 0 : n - 1;

        ows_json_text_init(&t, 5000, &alloc);

        for (i = 0; i < 500; i++) {
            ows_json_text_add_string(&t, (const uint8_t *) "12345678", 8);
        }

        if (n == 1) {
            calls = heap.calls + 1;
            wrong += t.failed || t.len != 5000;

        } else {
            wrong += !t.failed || t.len % 10 != 0;
        }

        ows_json_text_free(&t);
        wrong += heap.live != 0;
    }

    ok(calls > 4 && wrong == 0, "each failed allocation is seen in the end");
}


int
main(void)
{
    ows_json_init();

    ows_json_test_init();
    ows_json_test_accepted();
    ows_json_test_refused();
    ows_json_test_control_byte();
    ows_json_test_range();
    ows_json_test_over_limit();
    ows_json_test_tree();
    ows_json_test_no_memory();
    ows_json_test_long_token();
    ows_json_test_escape();
    ows_json_test_time();
    ows_json_test_number();
    ows_json_test_growing_text();

    return ows_test_done();
}
