/*
 * ows_pbx: the events of the PBX, and the entities they name.
 *
 * Promises that what an event names is of a known form before anybody acts on
 * it, and that a path is built from checked parts only.  Doesn't know which
 * entities exist.  Tokens are in ows_pbx_token.c.
 */

#include "ows_pbx.h"
#include "ows_json.h"

#include <string.h>


#define OWS_PBX_DIGITS_MAX  19          /* of a participant's id */


static int ows_pbx_event_fill(ows_pbx_event_t *event, const json_t *message,
    const char **why);
static const uint8_t *ows_pbx_part(uint8_t *dst, uint16_t *len, size_t max,
    const uint8_t *p, const uint8_t *last);
static int ows_pbx_decode(const uint8_t **pos, const uint8_t *last);
static int ows_pbx_hex(uint8_t c);
static unsigned ows_pbx_is_dotted(const uint8_t *s, size_t len);
static unsigned ows_pbx_is_number(const uint8_t *s, size_t len);


static const ows_json_limits_t  ows_pbx_event_limits = {
    1024 * 1024, 32, 16384
};


static const ows_str_t  ows_pbx_prefix = ows_string("/callcontrol/");

/* what stands between the DN and an id */
static const ows_str_t  ows_pbx_infix[] = {
    ows_string(""),
    ows_string("/devices/"),
    ows_string("/participants/")
};


int
ows_pbx_event_read(ows_pbx_event_t *event, const uint8_t *p, size_t len,
    const char **why)
{
    int          rc;
    json_t      *message;
    ows_json_e   reason;

    message = ows_json_parse(p, len, &ows_pbx_event_limits, &reason);
    if (message == NULL) {
        *why = ows_json_reason(reason);
        return (reason == OWS_JSON_NOMEM) ? OWS_NOMEM : OWS_ERROR;
    }

    rc = ows_pbx_event_fill(event, message, why);

    json_decref(message);

    return rc;
}


static int
ows_pbx_event_fill(ows_pbx_event_t *event, const json_t *message,
    const char **why)
{
    json_t     *body, *field;
    ows_str_t   path;

    memset(event, 0, sizeof(ows_pbx_event_t));

    field = ows_json_get_nocase(message, "sequence");
    event->sequence = json_is_integer(field) ? json_integer_value(field) : -1;

    body = ows_json_get_nocase(message, "event");

    field = ows_json_get_nocase(body, "event_type");
    if (field == NULL) {
        field = ows_json_get_nocase(body, "EventType");
    }

    if (!json_is_integer(field)) {
        *why = "has no event_type";
        return OWS_ERROR;
    }

    switch (json_integer_value(field)) {

    case 0:
        event->type = OWS_PBX_UPSERT;
        break;

    case 1:
        event->type = OWS_PBX_REMOVE;
        break;

    default:
        event->type = OWS_PBX_OTHER;
        return OWS_OK;
    }

    field = ows_json_get_nocase(body, "entity");

    path.len = json_string_length(field);
    path.data = (const uint8_t *) json_string_value(field);

    if (ows_pbx_entity_parse(&event->entity, &path) != OWS_OK) {
        *why = "names no entity that is known";
        return OWS_ERROR;
    }

    return OWS_OK;
}


int
ows_pbx_entity_parse(ows_pbx_entity_t *entity, const ows_str_t *path)
{
    const uint8_t    *p, *last;
    const ows_str_t  *infix;

    memset(entity, 0, sizeof(ows_pbx_entity_t));

    if (path->len < ows_pbx_prefix.len
        || memcmp(path->data, ows_pbx_prefix.data, ows_pbx_prefix.len) != 0)
    {
        return OWS_ERROR;
    }

    p = path->data + ows_pbx_prefix.len;
    last = path->data + path->len;

    p = ows_pbx_part(entity->dn, &entity->dn_len, OWS_PBX_DN_MAX, p, last);
    if (p == NULL) {
        return OWS_ERROR;
    }

    if (p == last) {
        entity->kind = OWS_PBX_DN;
        return OWS_OK;
    }

    for (entity->kind = OWS_PBX_DEVICE; /* void */ ; entity->kind++) {

        if (entity->kind > OWS_PBX_PARTICIPANT) {
            return OWS_ERROR;
        }

        infix = &ows_pbx_infix[entity->kind];

        if ((size_t) (last - p) >= infix->len
            && memcmp(p, infix->data, infix->len) == 0)
        {
            break;
        }
    }

    p = ows_pbx_part(entity->id, &entity->id_len, OWS_PBX_ID_MAX,
                     p + infix->len, last);

    if (p != last
        || (entity->kind == OWS_PBX_PARTICIPANT
            && !ows_pbx_is_number(entity->id, entity->id_len)))
    {
        return OWS_ERROR;
    }

    return OWS_OK;
}


/* One part of a path, up to the next "/"; returns its end, or NULL. */
static const uint8_t *
ows_pbx_part(uint8_t *dst, uint16_t *len, size_t max, const uint8_t *p,
    const uint8_t *last)
{
    int     c;
    size_t  n;

    for (n = 0; p < last && *p != '/'; n++) {

        c = ows_pbx_decode(&p, last);

        /* this refuses what failed to decode, too */
        if (c < 0x20 || c == 0x7f || c == '/' || n == max) {
            return NULL;
        }

        dst[n] = (uint8_t) c;
    }

    if (n == 0 || ows_pbx_is_dotted(dst, n)) {
        return NULL;
    }

    *len = (uint16_t) n;

    return p;
}


/* The byte at *pos, which moves past it; -1 for a broken encoding. */
static int
ows_pbx_decode(const uint8_t **pos, const uint8_t *last)
{
    int             high, low;
    const uint8_t  *p;

    p = *pos;

    if (*p != '%') {
        *pos = p + 1;
        return *p;
    }

    if (last - p < 3) {
        return -1;
    }

    high = ows_pbx_hex(p[1]);
    low = ows_pbx_hex(p[2]);

    if (high < 0 || low < 0) {
        return -1;
    }

    *pos = p + 3;

    return high << 4 | low;
}


static int
ows_pbx_hex(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }

    c |= 0x20;

    return (c >= 'a' && c <= 'f') ? c - 'a' + 10 : -1;
}


/*
 * Dots are not encoded in a path, so a "." or ".." in one could make it
 * another (RFC 3986, section 5.2.4).
 */
static unsigned
ows_pbx_is_dotted(const uint8_t *s, size_t len)
{
    size_t  i;

    for (i = 1; i < len; i++) {
        if (s[i - 1] == '.' && s[i] == '.') {
            return 1;
        }
    }

    return len == 1 && s[0] == '.';
}


static unsigned
ows_pbx_is_number(const uint8_t *s, size_t len)
{
    size_t  i;

    for (i = 0; i < len; i++) {
        if (s[i] < '0' || s[i] > '9') {
            return 0;
        }
    }

    return len > 0 && len <= OWS_PBX_DIGITS_MAX;
}


size_t
ows_pbx_entity_path(uint8_t *p, const ows_pbx_entity_t *entity)
{
    uint8_t          *start;
    const ows_str_t  *infix;

    start = p;

    memcpy(p, ows_pbx_prefix.data, ows_pbx_prefix.len);
    p += ows_pbx_prefix.len;
    p = ows_pbx_encode(p, entity->dn, entity->dn_len);

    infix = &ows_pbx_infix[entity->kind];

    memcpy(p, infix->data, infix->len);
    p += infix->len;
    p = ows_pbx_encode(p, entity->id, entity->id_len);

    return (size_t) (p - start);
}


int
ows_pbx_entity_equal(const ows_pbx_entity_t *a, const ows_pbx_entity_t *b)
{
    return a->kind == b->kind
           && a->dn_len == b->dn_len
           && a->id_len == b->id_len
           && memcmp(a->dn, b->dn, a->dn_len) == 0
           && memcmp(a->id, b->id, a->id_len) == 0;
}


uint8_t *
ows_pbx_encode(uint8_t *p, const uint8_t *s, size_t len)
{
    size_t  i;

    static const char  hex[] = "0123456789ABCDEF";
    static const char  unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "abcdefghijklmnopqrstuvwxyz"
                                      "0123456789-._~";

    for (i = 0; i < len; i++) {

        if (s[i] != '\0' && strchr(unreserved, s[i]) != NULL) {
            *p++ = s[i];
            continue;
        }

        *p++ = '%';
        *p++ = (uint8_t) hex[s[i] >> 4];
        *p++ = (uint8_t) hex[s[i] & 0xf];
    }

    return p;
}


/* FNV-1a */
uint32_t
ows_pbx_hash(const uint8_t *s, size_t len)
{
    size_t    i;
    uint32_t  hash;

    hash = 2166136261u;

    for (i = 0; i < len; i++) {
        hash = (hash ^ s[i]) * 16777619u;
    }

    return hash;
}
