/* Unit test of ows_offer. */

#include "ows_test.h"
#include "ows_offer.h"


#define ANSWER                                                               \
    "permessage-deflate; server_no_context_takeover; "                       \
    "client_no_context_takeover"

#define PMD         "permessage-deflate"
#define SERVER      "server_max_window_bits"
#define CLIENT      "client_max_window_bits"
#define SERVER_NO   "server_no_context_takeover"
#define CLIENT_NO   "client_no_context_takeover"

#define TEXT(text)  text, sizeof(text) - 1

#define DECLINED    0
#define MALFORMED   1


/* bits: of the window to use, or one of the two above; 16: 15, not said. */
typedef struct {
    const char  *name;
    unsigned     bits;
    const char  *value;
} ows_offer_case_t;

#define PLAIN  16


static const ows_offer_case_t  ows_offer_cases[] = {

    { "the plainest offer", PLAIN, PMD },
    { "what Chromium and Firefox offer", PLAIN, PMD "; " CLIENT },
    { "what Safari offered", DECLINED, "x-webkit-deflate-frame" },
    { "all that may be offered", 10,
      PMD "; " SERVER_NO "; " CLIENT_NO "; " SERVER "=10; " CLIENT "=10" },
    { "in another order", 12,
      PMD "; " CLIENT "; " SERVER "=12; " CLIENT_NO "; " SERVER_NO },
    { "takeover by the server refused by the client", PLAIN,
      PMD "; " SERVER_NO },
    { "takeover by the client given up", PLAIN, PMD "; " CLIENT_NO },

    /* windows, RFC 7692, section 7.1.2 */

    { "a server's window of 9", 9, PMD "; " SERVER "=9" },
    { "of 11", 11, PMD "; " SERVER "=11" },
    { "of 13", 13, PMD "; " SERVER "=13" },
    { "of 14", 14, PMD "; " SERVER "=14" },
    { "of 15, which must be answered, too", 15, PMD "; " SERVER "=15" },
    { "of 8, which zlib can't keep to", DECLINED, PMD "; " SERVER "=8" },
    { "of 7", DECLINED, PMD "; " SERVER "=7" },
    { "of 16", DECLINED, PMD "; " SERVER "=16" },
    { "of 0", DECLINED, PMD "; " SERVER "=0" },
    { "of 1", DECLINED, PMD "; " SERVER "=1" },
    { "of 010", DECLINED, PMD "; " SERVER "=010" },
    { "of 09", DECLINED, PMD "; " SERVER "=09" },
    { "of 100", DECLINED, PMD "; " SERVER "=100" },
    { "of 4294967306, which is 10 in 32 bits", DECLINED,
      PMD "; " SERVER "=4294967306" },
    { "of -10", DECLINED, PMD "; " SERVER "=-10" },
    { "of +10", DECLINED, PMD "; " SERVER "=+10" },
    { "of 10x", DECLINED, PMD "; " SERVER "=10x" },
    { "of 0xa", DECLINED, PMD "; " SERVER "=0xa" },
    { "without a value", DECLINED, PMD "; " SERVER },
    { "a client's window of 8", PLAIN, PMD "; " CLIENT "=8" },
    { "of 15 ", PLAIN, PMD "; " CLIENT "=15" },
    { "of 7 ", DECLINED, PMD "; " CLIENT "=7" },
    { "of 16 ", DECLINED, PMD "; " CLIENT "=16" },
    { "of 08 ", DECLINED, PMD "; " CLIENT "=08" },
    { "of a word", DECLINED, PMD "; " CLIENT "=max" },
    { "both windows", 9, PMD "; " CLIENT "=9; " SERVER "=9" },

    /* what else is to be declined, section 7.1 */

    { "an unknown parameter", DECLINED, PMD "; x" },
    { "one with a value", DECLINED, PMD "; x=10" },
    { "one behind good ones", DECLINED, PMD "; " CLIENT "; " SERVER "=9; x" },
    { "one before good ones", DECLINED, PMD "; x; " SERVER "=9" },
    { "one that only begins well", DECLINED, PMD "; " SERVER_NO "s" },
    { "one that stops too early", DECLINED, PMD "; server_no_context" },
    { "one in capitals", DECLINED, PMD "; SERVER_NO_CONTEXT_TAKEOVER" },
    { "server_no_context_takeover with a value", DECLINED,
      PMD "; " SERVER_NO "=1" },
    { "with a value that is a window's", DECLINED, PMD "; " SERVER_NO "=10" },
    { "client_no_context_takeover with a value", DECLINED,
      PMD "; " CLIENT_NO "=true" },
    { "a server's window twice", DECLINED,
      PMD "; " SERVER "=10; " SERVER "=10" },
    { "a client's window twice", DECLINED, PMD "; " CLIENT "; " CLIENT "=9" },
    { "server_no_context_takeover twice", DECLINED,
      PMD "; " SERVER_NO "; " SERVER_NO },
    { "client_no_context_takeover twice", DECLINED,
      PMD "; " CLIENT_NO "; " SERVER "=9; " CLIENT_NO },

    /* several offers, and other extensions */

    { "the first of two is agreed to", 10,
      PMD "; " SERVER "=10, " PMD "; " SERVER "=12" },
    { "the second when the first is declined", 12,
      PMD "; " SERVER "=8, " PMD "; " SERVER "=12" },
    { "the third when the second is", PLAIN,
      PMD "; x, " PMD "; " SERVER "; " SERVER ", " PMD },
    { "what a declined one said is forgotten", PLAIN,
      PMD "; " SERVER "=10; x, " PMD },
    { "a parameter in each is not twice", PLAIN,
      PMD "; " CLIENT "; y, " PMD "; " CLIENT },
    { "none of two", DECLINED, PMD "; " SERVER "=8," PMD "; x" },
    { "an extension that is not known", DECLINED, "permessage-bzip2" },
    { "behind it one that is", PLAIN, "permessage-bzip2; level=9, " PMD },
    { "before it", 9, PMD ";" SERVER "=9, foo;bar;bar=\"x\"" },
    { "its parameters are its own", DECLINED, "foo; " SERVER "=9" },
    { "a name that only begins like ours", DECLINED, PMD "d" },
    { "one that ours begins with", DECLINED, "permessage" },
    { "one in capitals ", DECLINED, "Permessage-Deflate" },

    /* blanks, empty members, quotes: RFC 6455, section 9.1 */

    { "no blanks", 10, PMD ";" CLIENT ";" SERVER "=10,x" },
    { "blanks wherever they may be", 10,
      " \t" PMD " ;\t" SERVER " = 10 ; " CLIENT "\t , x \t" },
    { "empty members", 9, ",, \t," PMD ";" SERVER "=9, ,," },
    { "a quoted window", 10, PMD "; " SERVER "=\"10\"" },
    { "quoted with escapes", 10, PMD "; " SERVER "=\"\\1\\0\"" },
    { "an escape in a window that is too large", DECLINED,
      PMD "; " SERVER "=\"1\\6\"" },
    { "a quoted word", DECLINED, PMD "; " SERVER "=\"x\\y\"" },
    { "a zero behind an escape", DECLINED, PMD "; " SERVER "=\"\\010\"" },

    { "nothing", MALFORMED, "" },
    { "blanks only", MALFORMED, " \t" },
    { "empty members only", MALFORMED, ", ," },
    { "no name", MALFORMED, "; " SERVER "=9" },
    { "no parameter", MALFORMED, PMD ";" },
    { "no parameter before the next", MALFORMED, PMD "; ," PMD },
    { "no parameter between two", MALFORMED, PMD ";;" CLIENT },
    { "no value", MALFORMED, PMD "; " SERVER "=" },
    { "no value before the next", MALFORMED, PMD "; " SERVER "= ;" CLIENT },
    { "no name of a value", MALFORMED, PMD "; =9" },
    { "two names", MALFORMED, PMD " " PMD },
    { "two values", MALFORMED, PMD "; " SERVER "=9 9" },
    { "two signs", MALFORMED, PMD "; " SERVER "==9" },
    { "a value of the name", MALFORMED, PMD "=9" },
    { "a name in quotes", MALFORMED, "\"" PMD "\"" },
    { "a parameter in quotes", MALFORMED, PMD "; \"" CLIENT "\"" },
    { "a quote that isn't closed", MALFORMED, PMD "; " SERVER "=\"10" },
    { "nor even begun", MALFORMED, PMD "; " SERVER "=\"" },
    { "one whose end is escaped", MALFORMED, PMD "; " SERVER "=\"10\\\"" },
    { "an escape of nothing", MALFORMED, PMD "; " SERVER "=\"10\\" },
    { "empty quotes", MALFORMED, PMD "; " SERVER "=\"\"" },
    { "quotes around what is no token", MALFORMED, "foo; x=\"a b\"" },
    { "an escaped backslash", MALFORMED, "foo; x=\"a\\\\\"" },
    { "an escaped quote", MALFORMED, "foo; x=\"\\\"\"" },
    { "an escape outside of quotes", MALFORMED, "foo; x=\\a" },
    { "more behind the quotes", MALFORMED, PMD "; " SERVER "=\"1\"0" },
    { "quotes behind the value", MALFORMED, PMD "; " SERVER "=1\"0\"" },
    { "a slash", MALFORMED, "foo/bar" },
    { "a colon", MALFORMED, PMD ": x" },
    { "a control byte", MALFORMED, PMD "\x01" },
    { "a line feed for a blank", MALFORMED, PMD ";\n" CLIENT },
    { "DEL", MALFORMED, "foo\x7f" },
    { "a byte that isn't ASCII", MALFORMED, "foo; x=\xe9" },
    { "a fault behind a good offer", MALFORMED, PMD ", foo;" },
    { "a fault before a good offer", MALFORMED, "foo bar, " PMD }
};

#define CASES  (sizeof(ows_offer_cases) / sizeof(ows_offer_cases[0]))


/* Reads a copy that ends at a guard page. */
static int
ows_offer_test_read(ows_offer_t *offer, const void *text, size_t len)
{
    int         rc;
    uint8_t    *guard;
    ows_str_t   value;

    guard = ows_test_guard(text, len);

    value.data = guard;
    value.len = len;

    rc = ows_offer_read(offer, &value);

    ows_test_unguard(guard, len);

    return rc;
}


static int
ows_offer_test_is(const ows_offer_t *offer, unsigned bits)
{
    char    expect[256];
    size_t  len;

    if (bits == DECLINED) {
        return offer->bits == 0 && offer->answer.len == 0;
    }

    (void) snprintf(expect, sizeof(expect),
                    bits == PLAIN ? ANSWER
                                  : ANSWER "; server_max_window_bits=%u",
                    bits);
    len = strlen(expect);

    return offer->bits == (bits == PLAIN ? 15 : bits)
           && offer->answer.len == len
           && memcmp(offer->answer.data, expect, len) == 0;
}


static void
ows_offer_test_cases(void)
{
    int                      rc, good;
    size_t                   i;
    ows_offer_t              offer;
    const ows_offer_case_t  *c;

    for (i = 0; i < CASES; i++) {
        c = &ows_offer_cases[i];

        memset(&offer, 0, sizeof(offer));

        rc = ows_offer_test_read(&offer, c->value, strlen(c->value));

        good = c->bits == MALFORMED
               ? rc == OWS_ERROR
               : rc == OWS_OK && ows_offer_test_is(&offer, c->bits);

        if (!good) {
            printf("# got: %d, %u, %.*s\n", rc, offer.bits,
                   (int) offer.answer.len, (const char *) offer.answer.data);
        }

        ok(good, "%s%s", c->name,
           c->bits == MALFORMED ? ": malformed"
           : c->bits == DECLINED ? ": nothing is agreed" : "");
    }
}


static void
ows_offer_test_headers(void)
{
    ows_offer_t  offer;

    memset(&offer, 0, sizeof(offer));
    ok(ows_offer_test_is(&offer, DECLINED), "without a header nothing is"
       " agreed");

    ok(ows_offer_test_read(&offer, TEXT("foo, " PMD "; x")) == OWS_OK
       && ows_offer_test_read(&offer, TEXT(PMD ";" SERVER "=9")) == OWS_OK
       && ows_offer_test_is(&offer, 9),
       "the offer may be in the second header");

    ok(ows_offer_test_read(&offer, TEXT(PMD)) == OWS_OK
       && ows_offer_test_is(&offer, 9),
       "what a third one offers comes too late");

    ok(ows_offer_test_read(&offer, TEXT("foo;")) == OWS_ERROR,
       "but it must be well-formed");
}


/* One byte anywhere is made any other: nothing may be read too far. */
static void
ows_offer_test_bytes(void)
{
    int          rc, good;
    char         text[] = PMD ";" SERVER "=\"\\12\" , " PMD "\t;" CLIENT;
    char         was;
    size_t       i, len;
    unsigned     byte;
    ows_offer_t  offer;

    len = sizeof(text) - 1;
    good = 1;

    for (i = 0; i < len; i++) {
        was = text[i];

        for (byte = 0; byte < 256; byte++) {
            text[i] = (char) byte;
            memset(&offer, 0, sizeof(offer));

            rc = ows_offer_test_read(&offer, text, len);

            good = good && (rc == OWS_OK || rc == OWS_ERROR)
                   && offer.bits <= OWS_OFFER_BITS_MAX
                   && (offer.bits != 0) == (offer.answer.len != 0);

            /* neither is in a token nor a separator that is used */

            if (byte < 0x20 ? byte != '\t' : byte >= 0x7f) {
                good = good && rc == OWS_ERROR;
            }
        }

        text[i] = was;

        memset(&offer, 0, sizeof(offer));
        (void) ows_offer_test_read(&offer, text, i);
    }

    ok(good, "each byte of an offer made any other");
}


int
main(void)
{
    ows_offer_test_cases();
    ows_offer_test_headers();
    ows_offer_test_bytes();

    return ows_test_done();
}
