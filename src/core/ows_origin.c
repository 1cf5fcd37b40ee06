/*
 * ows_origin: the rules that say which Origin may open a WebSocket.
 *
 * Promises to compare scheme, host and port each on its own, never a text
 * with a text, so that nothing in front of a host or behind it can pass for
 * a part of it.  Knows nothing of the request but its Origin and Host; that
 * a request without an Origin isn't a browser's is its caller's knowledge.
 */

#include "ows_origin.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>


#define OWS_ORIGIN_NO_PORT  -1


/* scheme://host[:port], and for a Host header host[:port]. */
typedef struct {
    ows_str_t       scheme;
    ows_str_t       host;        /* an IPv6 address: with its brackets */
    int             port;        /* OWS_ORIGIN_NO_PORT: none was written */
} ows_origin_parts_t;


static const char *ows_origin_read(ows_origin_parts_t *parts,
    const ows_str_t *text);
static const char *ows_origin_authority(ows_origin_parts_t *parts,
    const uint8_t *p, const uint8_t *last);
static const uint8_t *ows_origin_host(const uint8_t *p, const uint8_t *last);
static const uint8_t *ows_origin_address(const uint8_t *p,
    const uint8_t *last);
static const uint8_t *ows_origin_name(const uint8_t *p, const uint8_t *last);
static int ows_origin_matches(const ows_origin_t *rule,
    const ows_origin_parts_t *origin, const ows_str_t *host);
static int ows_origin_same(const ows_origin_parts_t *origin,
    const ows_str_t *host);
static int ows_origin_exact(const ows_origin_parts_t *origin,
    const ows_str_t *value);
static int ows_origin_below(const ows_str_t *host, const ows_str_t *suffix);
static int ows_origin_port(int port, const ows_str_t *scheme);
static int ows_origin_equal(const ows_str_t *a, const ows_str_t *b);


static const struct {
    ows_str_t       scheme;
    int             port;
} ows_origin_defaults[] = {
    { ows_string("http"), 80 },
    { ows_string("https"), 443 }
};

#define OWS_ORIGIN_DEFAULTS                                                  \
    (sizeof(ows_origin_defaults) / sizeof(ows_origin_defaults[0]))


const char *
ows_origin_parse(ows_origin_t *rule, const ows_str_t *text)
{
    const uint8_t       *p, *last;
    ows_origin_parts_t   parts;

    p = text->data;
    last = p + text->len;

    rule->value = *text;

    if (text->len == 4 && memcmp(p, "same", 4) == 0) {
        rule->type = OWS_ORIGIN_SAME;
        return NULL;
    }

    if (text->len == 3 && memcmp(p, "any", 3) == 0) {
        rule->type = OWS_ORIGIN_ANY;
        return NULL;
    }

    if (text->len > 2 && p[0] == '*' && p[1] == '.') {
        if (ows_origin_name(p + 2, last) != last) {
            return "after \"*.\" comes a host name and nothing else";
        }

        rule->type = OWS_ORIGIN_SUFFIX;
        rule->value.data = p + 1;
        rule->value.len = text->len - 1;
        return NULL;
    }

    rule->type = OWS_ORIGIN_EXACT;

    return ows_origin_read(&parts, text);
}


/* What is wrong with it, or NULL. */
static const char *
ows_origin_read(ows_origin_parts_t *parts, const ows_str_t *text)
{
    const uint8_t  *p, *last;

    p = text->data;
    last = p + text->len;

    while (p != last && (isalnum(*p) || *p == '+' || *p == '-' || *p == '.')) {
        p++;
    }

    if (last - p < 3 || memcmp(p, "://", 3) != 0) {
        return "it is neither \"same\" nor \"any\" nor scheme://host[:port] "
               "nor *.host";
    }

    if (p == text->data || !isalpha(*text->data)) {
        return "its scheme is not valid";
    }

    parts->scheme.data = text->data;
    parts->scheme.len = (size_t) (p - text->data);

    return ows_origin_authority(parts, p + 3, last);
}


static const char *
ows_origin_authority(ows_origin_parts_t *parts, const uint8_t *p,
    const uint8_t *last)
{
    int             port;
    const uint8_t  *end;

    end = ows_origin_host(p, last);

    /* what else an URL may hold (user, path, query) is no part of an origin */

    if (end == p || (end != last && *end != ':')) {
        return "its host is not valid, or more follows than a port";
    }

    parts->host.data = p;
    parts->host.len = (size_t) (end - p);
    parts->port = OWS_ORIGIN_NO_PORT;

    if (end == last) {
        return NULL;
    }

    p = end + 1;

    if (p == last || last - p > 5) {
        return "its port is not valid";
    }

    for (port = 0; p != last; p++) {
        if (!isdigit(*p)) {
            return "its port is not valid";
        }

        port = port * 10 + (*p - '0');
    }

    if (port > 65535) {
        return "its port is not valid";
    }

    parts->port = port;

    return NULL;
}


/* The end of the host that begins at p; p itself when there is none. */
static const uint8_t *
ows_origin_host(const uint8_t *p, const uint8_t *last)
{
    if (p != last && *p == '[') {
        return ows_origin_address(p, last);
    }

    return ows_origin_name(p, last);
}


static const uint8_t *
ows_origin_address(const uint8_t *p, const uint8_t *last)
{
    const uint8_t  *end;

    end = p + 1;

    while (end != last && (isxdigit(*end) || *end == ':' || *end == '.')) {
        end++;
    }

    if (end == p + 1 || end == last || *end != ']') {
        return p;
    }

    return end + 1;
}


/* A label is never empty; a dot may end the whole. */
static const uint8_t *
ows_origin_name(const uint8_t *p, const uint8_t *last)
{
    const uint8_t  *end;

    for (end = p; end != last; end++) {

        if (*end == '.') {
            if (end == p || end[-1] == '.') {
                return p;
            }

        } else if (!isalnum(*end) && *end != '-' && *end != '_') {
            break;
        }
    }

    return end;
}


int
ows_origin_allowed(const ows_origin_t *rules, size_t n,
    const ows_str_t *origin, const ows_str_t *host)
{
    int                 good;
    size_t              i;
    ows_origin_parts_t  parts;

    good = ows_origin_read(&parts, origin) == NULL;

    for (i = 0; i < n; i++) {

        if (rules[i].type == OWS_ORIGIN_ANY) {
            return 1;
        }

        if (good && ows_origin_matches(&rules[i], &parts, host)) {
            return 1;
        }
    }

    return 0;
}


static int
ows_origin_matches(const ows_origin_t *rule, const ows_origin_parts_t *origin,
    const ows_str_t *host)
{
    if (rule->type == OWS_ORIGIN_SAME) {
        return ows_origin_same(origin, host);
    }

    if (rule->type == OWS_ORIGIN_SUFFIX) {
        return ows_origin_below(&origin->host, &rule->value);
    }

    return ows_origin_exact(origin, &rule->value);
}


/*
 * A Host without a port has the default one of the scheme that the page came
 * by: a page of the same origin came by the scheme this request came by.
 */
static int
ows_origin_same(const ows_origin_parts_t *origin, const ows_str_t *host)
{
    ows_origin_parts_t  mine;

    if (ows_origin_authority(&mine, host->data, host->data + host->len)
        != NULL)
    {
        return 0;
    }

    return ows_origin_equal(&origin->host, &mine.host)
           && ows_origin_port(origin->port, &origin->scheme)
              == ows_origin_port(mine.port, &origin->scheme);
}


static int
ows_origin_exact(const ows_origin_parts_t *origin, const ows_str_t *value)
{
    ows_origin_parts_t  allowed;

    if (ows_origin_read(&allowed, value) != NULL) {
        return 0;
    }

    return ows_origin_equal(&origin->scheme, &allowed.scheme)
           && ows_origin_equal(&origin->host, &allowed.host)
           && ows_origin_port(origin->port, &origin->scheme)
              == ows_origin_port(allowed.port, &allowed.scheme);
}


static int
ows_origin_below(const ows_str_t *host, const ows_str_t *suffix)
{
    ows_str_t  end;

    if (host->len <= suffix->len) {
        return 0;
    }

    end.len = suffix->len;
    end.data = host->data + host->len - suffix->len;

    return ows_origin_equal(&end, suffix);
}


static int
ows_origin_port(int port, const ows_str_t *scheme)
{
    size_t  i;

    if (port != OWS_ORIGIN_NO_PORT) {
        return port;
    }

    for (i = 0; i < OWS_ORIGIN_DEFAULTS; i++) {
        if (ows_origin_equal(scheme, &ows_origin_defaults[i].scheme)) {
            return ows_origin_defaults[i].port;
        }
    }

    return OWS_ORIGIN_NO_PORT;
}


/* Without regard to case; none of what is compared here holds a NUL. */
static int
ows_origin_equal(const ows_str_t *a, const ows_str_t *b)
{
    return a->len == b->len
           && strncasecmp((const char *) a->data, (const char *) b->data,
                          a->len)
              == 0;
}
