/* Unit test of ows_origin. */

#include "ows_test.h"
#include "ows_origin.h"


/* The text, ending at a guard page; free with ows_test_unguard(). */
static ows_str_t
ows_origin_test_str(const char *text)
{
    ows_str_t  str;

    str.len = strlen(text);
    str.data = ows_test_guard(text, str.len);

    return str;
}


static void
ows_origin_test_free(ows_str_t *str)
{
    ows_test_unguard((uint8_t *) str->data, str->len);
}


static void
ows_origin_test_parse(void)
{
    size_t         i;
    ows_str_t      text;
    const char    *error;
    ows_origin_t   rule;

    static const struct {
        const char    *text;
        int            good;
        ows_origin_e   type;
        const char    *value;
    } rules[] = {
        { "same", 1, OWS_ORIGIN_SAME, "same" },
        { "any", 1, OWS_ORIGIN_ANY, "any" },
        { "https://example.com", 1, OWS_ORIGIN_EXACT, "https://example.com" },
        { "HTTP://Example.COM:8080", 1, OWS_ORIGIN_EXACT,
          "HTTP://Example.COM:8080" },
        { "https://a", 1, OWS_ORIGIN_EXACT, "https://a" },
        { "https://xn--fiq228c.example", 1, OWS_ORIGIN_EXACT,
          "https://xn--fiq228c.example" },
        { "http://127.0.0.1:80", 1, OWS_ORIGIN_EXACT, "http://127.0.0.1:80" },
        { "http://[::1]", 1, OWS_ORIGIN_EXACT, "http://[::1]" },
        { "http://[2001:db8::192.0.2.1]:65535", 1, OWS_ORIGIN_EXACT,
          "http://[2001:db8::192.0.2.1]:65535" },
        { "chrome-extension://abcdef", 1, OWS_ORIGIN_EXACT,
          "chrome-extension://abcdef" },
        { "*.example.com", 1, OWS_ORIGIN_SUFFIX, ".example.com" },
        { "*.com", 1, OWS_ORIGIN_SUFFIX, ".com" },

        { "", 0, 0, NULL },
        { "null", 0, 0, NULL },
        { "Same", 0, 0, NULL },
        { "anyone", 0, 0, NULL },
        { "example.com", 0, 0, NULL },
        { "//example.com", 0, 0, NULL },
        { "://example.com", 0, 0, NULL },
        { "https:example.com", 0, 0, NULL },
        { "https:/example.com", 0, 0, NULL },
        { "https://", 0, 0, NULL },
        { "1http://example.com", 0, 0, NULL },
        { "ht_tp://example.com", 0, 0, NULL },
        { "https://example.com/", 0, 0, NULL },
        { "https://example.com/path", 0, 0, NULL },
        { "https://example.com/80", 0, 0, NULL },
        { "https://example.com?q", 0, 0, NULL },
        { "https://example.com#f", 0, 0, NULL },
        { "https://user@example.com", 0, 0, NULL },
        { "https://user:pass@example.com", 0, 0, NULL },
        { "https://a:80@example.com", 0, 0, NULL },
        { "https://example.com:", 0, 0, NULL },
        { "https://example.com:65536", 0, 0, NULL },
        { "https://example.com:000080", 0, 0, NULL },
        { "https://example.com:80x", 0, 0, NULL },
        { "https://example.com:-1", 0, 0, NULL },
        { "https://example.com:80:80", 0, 0, NULL },
        { "https://example.com ", 0, 0, NULL },
        { " https://example.com", 0, 0, NULL },
        { "https://a.com https://b.com", 0, 0, NULL },
        { "https://.example.com", 0, 0, NULL },
        { "https://a..example.com", 0, 0, NULL },
        { "https://ex\xc3\xa4mple.com", 0, 0, NULL },
        { "https://*.example.com", 0, 0, NULL },
        { "http://[::1", 0, 0, NULL },
        { "http://[::1x", 0, 0, NULL },
        { "http://[]", 0, 0, NULL },
        { "http://[::g]", 0, 0, NULL },
        { "http://[::1]x", 0, 0, NULL },
        { "http://::1", 0, 0, NULL },
        { "*", 0, 0, NULL },
        { "*.", 0, 0, NULL },
        { "*..com", 0, 0, NULL },
        { "*.*.com", 0, 0, NULL },
        { "*example.com", 0, 0, NULL },
        { "*.example.com:80", 0, 0, NULL },
        { "*.example.com/x", 0, 0, NULL }
    };

    for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        text = ows_origin_test_str(rules[i].text);
        error = ows_origin_parse(&rule, &text);

        if (rules[i].good) {
            ok(error == NULL && rule.type == rules[i].type
               && rule.value.len == strlen(rules[i].value)
               && memcmp(rule.value.data, rules[i].value, rule.value.len)
                  == 0,
               "\"%s\" is a rule", rules[i].text);

        } else {
            ok(error != NULL && strlen(error) > 10,
               "\"%s\" is no rule", rules[i].text);
        }

        ows_origin_test_free(&text);
    }
}


static int
ows_origin_test_allowed(const char *rule_text, const char *origin_text,
    const char *host_text)
{
    int           allowed;
    ows_str_t     text, origin, host;
    ows_origin_t  rule;

    text = ows_origin_test_str(rule_text);
    origin = ows_origin_test_str(origin_text);
    host = ows_origin_test_str(host_text);

    allowed = ows_origin_parse(&rule, &text) == NULL
              && ows_origin_allowed(&rule, 1, &origin, &host);

    ows_origin_test_free(&text);
    ows_origin_test_free(&origin);
    ows_origin_test_free(&host);

    return allowed;
}


static void
ows_origin_test_match(void)
{
    size_t  i;

    static const struct {
        const char  *rule;
        const char  *origin;
        const char  *host;
        int          allowed;
    } cases[] = {
        { "same", "https://example.com", "example.com", 1 },
        { "same", "http://example.com", "example.com", 1 },
        { "same", "https://EXAMPLE.com", "Example.COM", 1 },
        { "same", "https://example.com:443", "example.com", 1 },
        { "same", "https://example.com", "example.com:443", 1 },
        { "same", "HTTPS://example.com", "example.com:443", 1 },
        { "same", "http://example.com", "example.com:80", 1 },
        { "same", "http://example.com:8080", "example.com:8080", 1 },
        { "same", "http://[::1]:8080", "[::1]:8080", 1 },
        { "same", "http://[2001:DB8::1]", "[2001:db8::1]", 1 },
        { "same", "http://example.com:08080", "example.com:8080", 1 },

        { "same", "https://example.com", "example.com:80", 0 },
        { "same", "http://example.com", "example.com:443", 0 },
        { "same", "http://example.com:8080", "example.com", 0 },
        { "same", "http://example.com:8080", "example.com:8081", 0 },
        { "same", "https://example.com", "www.example.com", 0 },
        { "same", "https://www.example.com", "example.com", 0 },
        { "same", "https://example.com.evil.net", "example.com", 0 },
        { "same", "https://example.co", "example.com", 0 },
        { "same", "http://[::1]", "[::2]", 0 },
        { "same", "null", "null", 0 },
        { "same", "", "", 0 },
        { "same", "https://example.com", "", 0 },
        { "same", "https://example.com/", "example.com", 0 },
        { "same", "https://example.com@evil.net", "evil.net", 0 },
        { "same", "https://example.com", "user@example.com", 0 },
        { "same", "https://example.com", "example.com:", 0 },
        { "same", "https://example.com:x", "example.com", 0 },

        { "any", "https://evil.net", "example.com", 1 },
        { "any", "null", "example.com", 1 },
        { "any", "", "", 1 },
        { "any", "\xff\x01", "example.com", 1 },

        { "https://example.com", "https://example.com", "x", 1 },
        { "https://example.com", "https://Example.com:443", "x", 1 },
        { "https://example.com:443", "https://example.com", "x", 1 },
        { "https://example.com:8443", "https://example.com:8443", "x", 1 },
        { "HTTPS://EXAMPLE.COM", "https://example.com", "x", 1 },
        { "http://[::1]:80", "http://[::1]", "x", 1 },
        { "app://local", "app://local", "x", 1 },

        { "https://example.com", "http://example.com", "x", 0 },
        { "https://example.com", "http://example.com:443", "x", 0 },
        { "https://example.com", "https://example.com:8443", "x", 0 },
        { "https://example.com", "https://www.example.com", "x", 0 },
        { "https://example.com", "https://example.com.evil.net", "x", 0 },
        { "https://example.com", "https://example.comm", "x", 0 },
        { "https://example.com", "https://example.com/x", "x", 0 },
        { "https://example.com", "https://example.com:x", "x", 0 },
        { "https://example.com", "null", "x", 0 },
        { "app://local", "app://local:80", "x", 0 },
        { "https://example.com", "https://evil.net", "example.com", 0 },

        { "*.example.com", "https://a.example.com", "x", 1 },
        { "*.example.com", "http://a.b.example.com:8080", "x", 1 },
        { "*.example.com", "app://A.EXAMPLE.com", "x", 1 },

        { "*.example.com", "https://example.com", "x", 0 },
        { "*.example.com", "https://.example.com", "x", 0 },
        { "*.example.com", "https://evilexample.com", "x", 0 },
        { "*.example.com", "https://a.example.com.evil.net", "x", 0 },
        { "*.example.com", "https://evil.net/.example.com", "x", 0 },
        { "*.example.com", "https://evil.net:80.example.com", "x", 0 },
        { "*.example.com", "https://evil.net#.example.com", "x", 0 },
        { "*.example.com", "https://evil.net\\.example.com", "x", 0 },
        { "*.example.com", "https://a@b.example.com", "x", 0 },
        { "*.example.com", "https://[::1].example.com", "x", 0 },
        { "*.example.com", "null", "x", 0 }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ok(ows_origin_test_allowed(cases[i].rule, cases[i].origin,
                                   cases[i].host)
           == cases[i].allowed,
           "%s %s \"%s\" at \"%s\"", cases[i].rule,
           cases[i].allowed ? "admits" : "refuses", cases[i].origin,
           cases[i].host);
    }
}


static void
ows_origin_test_several(void)
{
    ows_origin_t      rules[3];
    static ows_str_t  texts[] = {
        ows_string("same"), ows_string("*.a.com"), ows_string("https://b.com")
    };
    static ows_str_t  host = ows_string("here.com");
    static ows_str_t  a = ows_string("http://x.a.com");
    static ows_str_t  b = ows_string("https://b.com");
    static ows_str_t  c = ows_string("https://c.com");
    static ows_str_t  same = ows_string("http://here.com");

    (void) ows_origin_parse(&rules[0], &texts[0]);
    (void) ows_origin_parse(&rules[1], &texts[1]);
    (void) ows_origin_parse(&rules[2], &texts[2]);

    ok(ows_origin_allowed(rules, 3, &same, &host)
       && ows_origin_allowed(rules, 3, &a, &host)
       && ows_origin_allowed(rules, 3, &b, &host),
       "one of several rules is enough");

    ok(!ows_origin_allowed(rules, 3, &c, &host),
       "what none admits is refused");

    ok(!ows_origin_allowed(NULL, 0, &same, &host),
       "no rules admit nothing");
}


int
main(void)
{
    ows_origin_test_parse();
    ows_origin_test_match();
    ows_origin_test_several();

    return ows_test_done();
}
