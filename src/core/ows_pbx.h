/*
 * ows_pbx: what the PBX's Call Control API says, as typed results, and what
 * is asked of it, as bytes.
 *
 * All of it is remote input: texts come through ows_json with limits, and
 * nothing the PBX names gets into a URL before it was taken apart, checked
 * and put together again.  No I/O.
 */

#ifndef _OWS_PBX_H_INCLUDED_
#define _OWS_PBX_H_INCLUDED_


#include "ows.h"


#define OWS_PBX_TOKEN_MAX   8192          /* bytes of an access token */
#define OWS_PBX_DN_MAX      64
#define OWS_PBX_ID_MAX      256           /* of a device or participant */
#define OWS_PBX_PATH_MAX    (sizeof("/callcontrol//participants/") \
                             + 3 * (OWS_PBX_DN_MAX + OWS_PBX_ID_MAX))

#define OWS_PBX_CALLERS_PATH  "/callcontrol"
#define OWS_PBX_TOKEN_PATH    "/connect/token"
#define OWS_PBX_WS_PATH       "/callcontrol/ws"


/* An access token as the PBX granted it. */
typedef struct {
    uint8_t        *data;        /* owned; wiped by ows_pbx_token_free() */
    size_t          len;
    int64_t         lifetime;    /* milliseconds from its receipt */
    const ows_alloc_t  *alloc;
} ows_pbx_token_t;


/*
 * Reads the token endpoint's answer to a granted request.  The lifetime is
 * the JWT's exp - iat, else expires_in (in minutes when under 300), else one
 * hour; 60 s at least and 24 h at most.  A token holds visible ASCII only,
 * for it goes into a header.
 *
 * OWS_OK: free *token.  OWS_ERROR: not an answer that makes sense, *why is a
 * sentence's tail.  OWS_NOMEM.
 */
int ows_pbx_token_read(ows_pbx_token_t *token, const uint8_t *p, size_t len,
    const ows_alloc_t *alloc, const char **why);

void ows_pbx_token_free(ows_pbx_token_t *token);

/*
 * Milliseconds from its receipt after which a token is to be renewed:
 * the later of half its lifetime and five minutes before its end, less up to
 * a tenth of the rest as jitter.  random: 32 random bits.
 */
int64_t ows_pbx_token_renewal(int64_t lifetime, uint32_t random);

/*
 * The body of a token request (RFC 6749, section 4.4.2), urlencoded;
 * allocated, to be wiped by the allocator's free.  NULL: no memory.
 */
uint8_t *ows_pbx_token_request(const ows_str_t *client_id,
    const ows_str_t *client_secret, size_t *len, const ows_alloc_t *alloc);


/* What an event names. */
typedef enum {
    OWS_PBX_DN = 0,              /* /callcontrol/{dn} */
    OWS_PBX_DEVICE,              /* /callcontrol/{dn}/devices/{id} */
    OWS_PBX_PARTICIPANT          /* /callcontrol/{dn}/participants/{id} */
} ows_pbx_kind_e;


typedef struct {
    ows_pbx_kind_e  kind;
    uint16_t        dn_len;
    uint16_t        id_len;      /* 0 for a DN */
    uint8_t         dn[OWS_PBX_DN_MAX];       /* decoded */
    uint8_t         id[OWS_PBX_ID_MAX];       /* decoded; a participant's is
                                                 decimal digits */
} ows_pbx_entity_t;


typedef enum {
    OWS_PBX_UPSERT = 0,
    OWS_PBX_REMOVE,
    OWS_PBX_OTHER                /* nothing for us: DTMF, responses, ... */
} ows_pbx_event_e;


typedef struct {
    ows_pbx_event_e   type;
    int64_t           sequence;  /* -1: none given */
    ows_pbx_entity_t  entity;    /* of an upsert or a remove */
} ows_pbx_event_t;


/*
 * Reads one text message of the PBX WebSocket.  Keys in PascalCase are read
 * too.  OWS_ERROR: it can't be understood, *why is a sentence's tail; the
 * connection may go on.  OWS_NOMEM.
 */
int ows_pbx_event_read(ows_pbx_event_t *event, const uint8_t *p, size_t len,
    const char **why);

/*
 * Takes an entity's path apart, percent-decoding each part once.
 * OWS_ERROR: no such path, a part that is empty, over-long or ".", or one
 * with "/", "..", control bytes or broken encoding in it.
 */
int ows_pbx_entity_parse(ows_pbx_entity_t *entity, const ows_str_t *path);

/*
 * Writes the path to GET for an entity, percent-encoded, into p, which has
 * room for OWS_PBX_PATH_MAX bytes; returns its length, without a NUL.
 */
size_t ows_pbx_entity_path(uint8_t *p, const ows_pbx_entity_t *entity);

/* 1 when both name the same. */
int ows_pbx_entity_equal(const ows_pbx_entity_t *a, const ows_pbx_entity_t *b);


/* Percent-encodes all but RFC 3986's unreserved characters; returns the end.
 * A byte becomes three at most. */
uint8_t *ows_pbx_encode(uint8_t *p, const uint8_t *s, size_t len);

/* For tables of what the PBX names, by its name. */
uint32_t ows_pbx_hash(const uint8_t *s, size_t len);


#endif /* _OWS_PBX_H_INCLUDED_ */
