/*
 * ows_response: a server's answer to a client's opening handshake.
 *
 * Promises that an answer is taken for an upgrade only when each header that
 * RFC 6455, section 4.1 asks for was there and said what it must.  Refuses to
 * know redirects, challenges and bodies: any status but 101 is the end.
 */

#include "ows_response.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>


#define OWS_RESPONSE_SWITCHING  101


/* What is wrong with a header's value, or NULL. */
typedef const char *(*ows_response_pt)(ows_response_t *r,
    const ows_str_t *value);

/* A header of an answer that has a meaning here. */
typedef struct {
    ows_str_t         name;
    ows_response_pt   read;
} ows_response_header_t;


static int ows_response_line(ows_response_t *r);
static int ows_response_status(ows_response_t *r, const ows_str_t *line);
static int ows_response_field(ows_response_t *r, const ows_str_t *line);
static int ows_response_end(ows_response_t *r);
static int ows_response_fail(ows_response_t *r, const char *error);
static const char *ows_response_upgrade(ows_response_t *r,
    const ows_str_t *value);
static const char *ows_response_connection(ows_response_t *r,
    const ows_str_t *value);
static const char *ows_response_accept(ows_response_t *r,
    const ows_str_t *value);
static const char *ows_response_extensions(ows_response_t *r,
    const ows_str_t *value);
static const char *ows_response_protocol(ows_response_t *r,
    const ows_str_t *value);

static size_t ows_http_token(const uint8_t *p, size_t len);
static int ows_http_printable(const ows_str_t *line);
static void ows_http_trim(ows_str_t *value);
static int ows_http_equal(const ows_str_t *a, const ows_str_t *b);


static const ows_response_header_t  ows_response_headers[] = {
    { ows_string("Upgrade"), ows_response_upgrade },
    { ows_string("Connection"), ows_response_connection },
    { ows_string("Sec-WebSocket-Accept"), ows_response_accept },
    { ows_string("Sec-WebSocket-Extensions"), ows_response_extensions },
    { ows_string("Sec-WebSocket-Protocol"), ows_response_protocol }
};

#define OWS_RESPONSE_HEADERS                                                 \
    (sizeof(ows_response_headers) / sizeof(ows_response_headers[0]))


int
ows_response_init(ows_response_t *r, const uint8_t *key)
{
    ows_str_t  key_value;

    r->status = 0;
    r->error = NULL;
    r->_upgrade = 0;
    r->_connection = 0;
    r->_accepted = 0;
    r->_line = 0;
    r->_have = 0;

    /* NULs are equal to no header's value */

    memset(r->_accept, 0, OWS_ACCEPT_LEN);

    key_value.data = key;
    key_value.len = OWS_KEY_LEN;

    return ows_handshake_accept(r->_accept, &key_value);
}


int
ows_response_read(ows_response_t *r, const uint8_t **pos, const uint8_t *last)
{
    int      rc;
    uint8_t  c;

    while (*pos != last) {

        if (r->_have == OWS_RESPONSE_MAX) {
            return ows_response_fail(r, "the answer's header is too long");
        }

        c = *(*pos)++;
        r->_buf[r->_have++] = c;

        if (c != '\n') {
            continue;
        }

        rc = ows_response_line(r);
        if (rc != OWS_AGAIN) {
            return rc;
        }

        r->_line = r->_have;
    }

    return OWS_AGAIN;
}


/* A line came to its end.  OWS_AGAIN: there are more to come. */
static int
ows_response_line(ows_response_t *r)
{
    ows_str_t  line;

    line.data = r->_buf + r->_line;
    line.len = r->_have - r->_line;

    if (line.len < 2 || line.data[line.len - 2] != '\r') {
        return ows_response_fail(r, "the answer isn't proper HTTP");
    }

    line.len -= 2;

    if (!ows_http_printable(&line)) {
        return ows_response_fail(r, "the answer isn't proper HTTP");
    }

    if (r->_line == 0) {
        return ows_response_status(r, &line);
    }

    if (line.len == 0) {
        return ows_response_end(r);
    }

    return ows_response_field(r, &line);
}


/* HTTP/1.x, a space, three digits; and a reason, which may be missing. */
static int
ows_response_status(ows_response_t *r, const ows_str_t *line)
{
    const uint8_t  *p;

    p = line->data;

    if (line->len < 12
        || memcmp(p, "HTTP/1.", 7) != 0 || !isdigit(p[7]) || p[8] != ' '
        || p[9] == '0' || !isdigit(p[9]) || !isdigit(p[10])
        || !isdigit(p[11])
        || (line->len > 12 && p[12] != ' '))
    {
        return ows_response_fail(r, "the answer isn't proper HTTP");
    }

    r->status = (unsigned) ((p[9] - '0') * 100 + (p[10] - '0') * 10
                            + (p[11] - '0'));

    if (r->status != OWS_RESPONSE_SWITCHING) {
        return ows_response_fail(r, "the upgrade was refused");
    }

    if (p[7] == '0') {
        return ows_response_fail(r, "HTTP/1.0 can't upgrade");
    }

    return OWS_AGAIN;
}


static int
ows_response_field(ows_response_t *r, const ows_str_t *line)
{
    size_t       i;
    ows_str_t    name, value;
    const char  *error;

    /* what begins with a space is a folded line (RFC 9112, section 5.2) */

    name.data = line->data;
    name.len = ows_http_token(line->data, line->len);

    if (name.len == 0 || name.len == line->len || name.data[name.len] != ':') {
        return ows_response_fail(r, "the answer isn't proper HTTP");
    }

    value.data = name.data + name.len + 1;
    value.len = line->len - name.len - 1;

    ows_http_trim(&value);

    for (i = 0; i < OWS_RESPONSE_HEADERS; i++) {

        if (!ows_http_equal(&name, &ows_response_headers[i].name)) {
            continue;
        }

        error = ows_response_headers[i].read(r, &value);
        if (error != NULL) {
            return ows_response_fail(r, error);
        }
    }

    return OWS_AGAIN;
}


static int
ows_response_end(ows_response_t *r)
{
    if (!r->_upgrade) {
        return ows_response_fail(r, "the answer has no Upgrade header");
    }

    if (!r->_connection) {
        return ows_response_fail(r, "the answer's Connection isn't upgraded");
    }

    if (!r->_accepted) {
        return ows_response_fail(r, "the answer has no Sec-WebSocket-Accept");
    }

    return OWS_OK;
}


static int
ows_response_fail(ows_response_t *r, const char *error)
{
    r->error = error;

    return OWS_ERROR;
}


static const char *
ows_response_upgrade(ows_response_t *r, const ows_str_t *value)
{
    static const ows_str_t  websocket = ows_string("websocket");

    if (!ows_http_equal(value, &websocket)) {
        return "the answer upgrades to something else";
    }

    r->_upgrade = 1;

    return NULL;
}


/* A list of tokens, which may go on in another header of this name. */
static const char *
ows_response_connection(ows_response_t *r, const ows_str_t *value)
{
    ows_str_t               item;
    const uint8_t          *p, *last;
    static const ows_str_t  upgrade = ows_string("upgrade");

    p = value->data;
    last = p + value->len;

    while (p < last) {
        item.data = p;

        while (p < last && *p != ',') {
            p++;
        }

        item.len = (size_t) (p - item.data);
        p++;

        ows_http_trim(&item);

        if (ows_http_equal(&item, &upgrade)) {
            r->_connection = 1;
        }
    }

    return NULL;
}


static const char *
ows_response_accept(ows_response_t *r, const ows_str_t *value)
{
    if (r->_accepted) {
        return "the answer has Sec-WebSocket-Accept twice";
    }

    if (value->len != OWS_ACCEPT_LEN
        || memcmp(value->data, r->_accept, OWS_ACCEPT_LEN) != 0)
    {
        return "the answer's Sec-WebSocket-Accept doesn't fit the key";
    }

    r->_accepted = 1;

    return NULL;
}


static const char *
ows_response_extensions(ows_response_t *r, const ows_str_t *value)
{
    (void) r;
    (void) value;

    return "the answer has an extension that wasn't asked for";
}


static const char *
ows_response_protocol(ows_response_t *r, const ows_str_t *value)
{
    (void) r;
    (void) value;

    return "the answer has a subprotocol that wasn't asked for";
}


/* How many bytes at p make a token (RFC 9110, section 5.6.2). */
static size_t
ows_http_token(const uint8_t *p, size_t len)
{
    size_t  n;

    for (n = 0; n < len; n++) {
        if (!isalnum(p[n])
            && (p[n] == '\0' || strchr("!#$%&'*+-.^_`|~", p[n]) == NULL))
        {
            break;
        }
    }

    return n;
}


/* No control bytes but tabs. */
static int
ows_http_printable(const ows_str_t *line)
{
    size_t  i;

    for (i = 0; i < line->len; i++) {
        if ((line->data[i] < 0x20 && line->data[i] != '\t')
            || line->data[i] == 0x7f)
        {
            return 0;
        }
    }

    return 1;
}


static void
ows_http_trim(ows_str_t *value)
{
    while (value->len && (value->data[0] == ' ' || value->data[0] == '\t')) {
        value->data++;
        value->len--;
    }

    while (value->len
           && (value->data[value->len - 1] == ' '
               || value->data[value->len - 1] == '\t'))
    {
        value->len--;
    }
}


/* Without regard to case; neither holds a NUL. */
static int
ows_http_equal(const ows_str_t *a, const ows_str_t *b)
{
    return a->len == b->len
           && strncasecmp((const char *) a->data, (const char *) b->data,
                          a->len)
              == 0;
}
