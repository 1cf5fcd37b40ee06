/*
 * ows_pbx_fuzz: what the PBX says: a token, an event, an entity's path.
 *
 * The same text is read as each of the three, and its two halves are a
 * client's id and secret.  Must be so: a token is visible ASCII and lives 60 s
 * to 24 h, and is renewed within that; a request decodes to what it was made
 * of; an entity's path leads below /callcontrol/ and names the same entity
 * again.  Allocations fail where Jansson survives it, see
 * ows_fuzz_json_survives(), and there only without a JWT, whose claims are a
 * text of their own.
 */

#include "ows_fuzz.h"
#include "ows_pbx.h"


static void
ows_pbx_fuzz_granted(const ows_pbx_token_t *token, uint32_t random)
{
    size_t   i;
    int64_t  life, renewal, due;

    life = token->lifetime;

    ows_fuzz_check(token->len >= 1 && token->len <= OWS_PBX_TOKEN_MAX);
    ows_fuzz_check(life >= 60 * 1000 && life <= 24 * 3600 * 1000);

    for (i = 0; i < token->len; i++) {
        ows_fuzz_check(token->data[i] > 0x20 && token->data[i] < 0x7f);
    }

    due = life - 5 * 60 * 1000;
    due = (due > life / 2) ? due : life / 2;
    renewal = ows_pbx_token_renewal(life, random);

    ows_fuzz_check(renewal <= due && renewal >= due - (life - due) / 10);
    ows_fuzz_check(renewal > 0);
}


static int
ows_pbx_fuzz_token(ows_fuzz_t *fuzz, const uint8_t *p, size_t len)
{
    int              rc;
    const char      *why;
    ows_pbx_token_t  token;

    why = NULL;
    rc = ows_pbx_token_read(&token, p, len, &fuzz->alloc, &why);

    if (rc == OWS_OK) {
        ows_pbx_fuzz_granted(&token, fuzz->control[1] * 0x1010101u);
        ows_pbx_token_free(&token);

    } else {
        ows_fuzz_check(rc == OWS_NOMEM || (rc == OWS_ERROR && why != NULL));
    }

    return rc;
}


/* Nothing that makes two parts of one, or another path of it. */
static void
ows_pbx_fuzz_part(const uint8_t *p, size_t len)
{
    size_t  i;

    ows_fuzz_check(len != 1 || p[0] != '.');

    for (i = 0; i < len; i++) {
        ows_fuzz_check(p[i] >= 0x20 && p[i] != 0x7f && p[i] != '/');
    }
}


static void
ows_pbx_fuzz_entity(const ows_pbx_entity_t *entity)
{
    size_t            i, n;
    uint8_t           path[OWS_PBX_PATH_MAX];
    ows_str_t         s;
    ows_pbx_entity_t  again;

    ows_fuzz_check(entity->kind <= OWS_PBX_PARTICIPANT);
    ows_fuzz_check(entity->dn_len >= 1 && entity->dn_len <= OWS_PBX_DN_MAX);
    ows_fuzz_check(entity->id_len <= OWS_PBX_ID_MAX);
    ows_fuzz_check((entity->id_len == 0) == (entity->kind == OWS_PBX_DN));

    ows_pbx_fuzz_part(entity->dn, entity->dn_len);
    ows_pbx_fuzz_part(entity->id, entity->id_len);

    n = ows_pbx_entity_path(path, entity);

    ows_fuzz_check(n <= sizeof(path));
    ows_fuzz_check(memcmp(path, "/callcontrol/", 13) == 0);

    for (i = 1; i < n; i++) {
        ows_fuzz_check(isalnum(path[i])
                       || (path[i] != '\0' && strchr("/%-._~", path[i])));
        ows_fuzz_check(path[i] != '.' || path[i - 1] != '.');
        ows_fuzz_check(path[i] != '/' || path[i - 1] != '/');
    }

    s.data = path;
    s.len = n;

    ows_fuzz_check(ows_pbx_entity_parse(&again, &s) == OWS_OK);
    ows_fuzz_check(ows_pbx_entity_equal(entity, &again));
}


static int
ows_pbx_fuzz_event(const uint8_t *p, size_t len)
{
    int              rc;
    const char      *why;
    ows_pbx_event_t  event;

    why = NULL;
    rc = ows_pbx_event_read(&event, p, len, &why);

    if (rc == OWS_OK) {
        ows_fuzz_check(event.type <= OWS_PBX_OTHER);

        if (event.type != OWS_PBX_OTHER) {
            ows_pbx_fuzz_entity(&event.entity);
        }

    } else {
        ows_fuzz_check(rc == OWS_NOMEM || (rc == OWS_ERROR && why != NULL));
    }

    return rc;
}


static void
ows_pbx_fuzz_path(const uint8_t *p, size_t len)
{
    ows_str_t         path = { len, p };
    ows_pbx_entity_t  entity;

    if (ows_pbx_entity_parse(&entity, &path) == OWS_OK) {
        ows_pbx_fuzz_entity(&entity);
    }
}


/* A field's value decodes to s; returns its end. */
static const uint8_t *
ows_pbx_fuzz_decoded(const uint8_t *p, const uint8_t *last, const char *name,
    const ows_str_t *s)
{
    char    hex[4];
    size_t  i;

    ows_fuzz_check((size_t) (last - p) >= strlen(name));
    ows_fuzz_check(memcmp(p, name, strlen(name)) == 0);

    p += strlen(name);

    for (i = 0; i < s->len; i++) {
        ows_fuzz_check(p != last);

        if (isalnum(s->data[i])
            || (s->data[i] != '\0' && strchr("-._~", s->data[i])))
        {
            ows_fuzz_check(*p++ == s->data[i]);
            continue;
        }

        snprintf(hex, sizeof(hex), "%%%02X", s->data[i]);

        ows_fuzz_check(last - p >= 3 && memcmp(p, hex, 3) == 0);
        p += 3;
    }

    return p;
}


static void
ows_pbx_fuzz_request(ows_fuzz_t *fuzz, const uint8_t *p, size_t len)
{
    size_t          n;
    uint8_t        *body;
    ows_str_t       id, secret;
    const uint8_t  *end;

    static const char       grant[] = "&grant_type=client_credentials";
    static const ows_str_t  nothing = ows_string("");

    id.data = p;
    id.len = len / 2;
    secret.data = p + id.len;
    secret.len = len - id.len;

    body = ows_pbx_token_request(&id, &secret, &n, &fuzz->alloc);

    if (body == NULL) {
        ows_fuzz_check(ows_fuzz_failed(fuzz));
        return;
    }

    end = ows_pbx_fuzz_decoded(body, body + n, "client_id=", &id);
    end = ows_pbx_fuzz_decoded(end, body + n, "&client_secret=", &secret);
    end = ows_pbx_fuzz_decoded(end, body + n, grant, &nothing);

    ows_fuzz_check(end == body + n);

    ows_free(&fuzz->alloc, body);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int         token, event, rc;
    size_t      len;
    uint8_t    *text, how;
    ows_fuzz_t  fuzz;

    if (!ows_fuzz_init(&fuzz, data, size)) {
        return 0;
    }

    len = (size_t) (fuzz.last - fuzz.p);
    text = ows_fuzz_copy(fuzz.p, len);
    how = fuzz.control[0];

    token = ows_pbx_fuzz_token(&fuzz, text, len);
    event = ows_pbx_fuzz_event(text, len);

    ows_fuzz_check(token != OWS_NOMEM && event != OWS_NOMEM);
    ows_fuzz_check(fuzz.heap.live == 0);

    ows_pbx_fuzz_path(text, len);
    ows_pbx_fuzz_request(&fuzz, text, len);

    ows_fuzz_fail(&fuzz, how);
    ows_pbx_fuzz_request(&fuzz, text, len);

    ows_fuzz_fail_json(&fuzz, how, text, len);
    rc = ows_pbx_fuzz_event(text, len);
    ows_fuzz_check(rc == (ows_fuzz_failed(&fuzz) ? OWS_NOMEM : event));

    ows_fuzz_fail_json(&fuzz, memchr(text, '.', len) ? 0 : how, text, len);
    rc = ows_pbx_fuzz_token(&fuzz, text, len);
    ows_fuzz_check(rc == (ows_fuzz_failed(&fuzz) ? OWS_NOMEM : token));

    free(text);

    return ows_fuzz_done(&fuzz);
}
