/*
 * ows_message: bytes from a WebSocket peer to whole messages (RFC 6455).
 *
 * Fragments, control frames between them, masking, UTF-8, size limits, the
 * Close frame's code: everything a peer can get wrong is found here, at the
 * first byte that shows it.  Sizes are checked before memory is asked for,
 * and memory grows with the bytes that came, not with what was announced.
 * Both roles: a server reading clients, a client reading the PBX.
 *
 * Above: one connection's reader.  Below: ows_frame, ows_utf8.
 */

#ifndef _OWS_MESSAGE_H_INCLUDED_
#define _OWS_MESSAGE_H_INCLUDED_


#include "ows.h"
#include "ows_frame.h"
#include "ows_utf8.h"


typedef enum {
    OWS_ROLE_SERVER = 0,         /* the peer's frames must be masked */
    OWS_ROLE_CLIENT              /* the peer's frames must not be */
} ows_role_e;


/* What was read last. */
typedef struct {
    unsigned                opcode;     /* OWS_OP_TEXT, _BINARY, _PING, ... */
    uint8_t                *data;       /* payload, or a Close's reason;
                                           never NULL */
    size_t                  len;
    unsigned                code;       /* of a Close; 0: it carried none */
} ows_message_event_t;


typedef struct ows_message_s  ows_message_t;

/* What the next bytes are; one function for each state. */
typedef int (*ows_message_state_pt)(ows_message_t *m, uint8_t **pos,
    uint8_t *last);


struct ows_message_s {
    ows_message_event_t     event;      /* after OWS_OK; borrowed, until the
                                           next call */
    const ows_violation_t  *error;      /* after OWS_ERROR */

    /* private */
    const ows_alloc_t      *_alloc;
    ows_message_state_pt    _state;
    ows_role_e              _role;
    size_t                  _max;       /* of a message, bytes */
    ows_frame_t             _frame;
    uint64_t                _left;      /* bytes of this frame to come */
    uint8_t                *_data;      /* the message so far; owned */
    size_t                  _len;
    size_t                  _size;      /* allocated */
    unsigned                _opcode;    /* of the message begun, 0: none */
    ows_utf8_t              _utf8;
    uint8_t                 _control[OWS_CONTROL_MAX];
    size_t                  _control_len;
};


/*
 * max: the longest message accepted, bytes.  alloc is borrowed for m's life.
 * Allocates nothing: an idle connection holds no message memory.
 */
void ows_message_init(ows_message_t *m, ows_role_e role, size_t max,
    const ows_alloc_t *alloc);

/*
 * Reads on from *pos, and moves it past what it took; the bytes read are
 * unmasked in place or copied, so the caller must not use them again.
 *
 * OWS_OK     m->event is a message or a control frame; call again, there may
 *            be more in the same bytes
 * OWS_AGAIN  all was taken
 * OWS_ERROR  m->error says what the peer did wrong; close with its code
 * OWS_NOMEM  no memory for the message; close with 1011
 *
 * After a Close was read the rest is swallowed: OWS_AGAIN for ever
 * (section 5.5.1).
 */
int ows_message_read(ows_message_t *m, uint8_t **pos, uint8_t *last);

/*
 * The code to answer a Close event with: its own, or 0 for an empty Close.
 */
unsigned ows_message_close_reply(const ows_message_event_t *event);

/* Frees what m owns; m may be initialised again. */
void ows_message_destroy(ows_message_t *m);


#endif /* _OWS_MESSAGE_H_INCLUDED_ */
