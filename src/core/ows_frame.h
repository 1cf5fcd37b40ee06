/*
 * ows_frame: RFC 6455 frame headers, both directions.
 *
 * Takes bytes in any slices and keeps what is unfinished.  Payload never
 * passes through; no allocation, no I/O.  Who may send what (masking, sizes,
 * order of fragments) is for ows_message, above.
 */

#ifndef _OWS_FRAME_H_INCLUDED_
#define _OWS_FRAME_H_INCLUDED_


#include "ows.h"


/* opcodes, RFC 6455, section 11.8; 8 and above are control frames */
#define OWS_OP_CONTINUATION  0x0
#define OWS_OP_TEXT          0x1
#define OWS_OP_BINARY        0x2
#define OWS_OP_CLOSE         0x8
#define OWS_OP_PING          0x9
#define OWS_OP_PONG          0xa

#define OWS_FIN              0x80
#define OWS_RSV1             0x40
#define OWS_RSV              0x70

/* of a frame's first byte (section 5.5) */
#define ows_frame_is_control(p)  (((p)[0] & 0x08) != 0)

#define OWS_FRAME_HEADER_MAX   14       /* 2 + 8 length + 4 masking key */
#define OWS_CONTROL_MAX        125      /* payload of a control frame */
#define OWS_CONTROL_FRAME_MAX  (OWS_FRAME_HEADER_MAX + OWS_CONTROL_MAX)


/* A header being read, then the header read. */
typedef struct {
    uint8_t                 have;       /* bytes of the header read */
    uint8_t                 flags;      /* OWS_FIN and RSV bits; these and
                                           the opcode: from byte 1 on */
    uint8_t                 opcode;
    uint8_t                 masked;     /* boolean, from byte 2 on */
    uint8_t                 key[4];     /* when masked */
    uint64_t                length;     /* of the payload, bytes; 126 or 127
                                           while a longer one comes in */
    const ows_violation_t  *error;      /* after OWS_ERROR */

    uint8_t                 _buf[OWS_FRAME_HEADER_MAX];
} ows_frame_t;


/* Ready for the first byte of a header. */
void ows_frame_init(ows_frame_t *f);

/*
 * Reads on from *pos, and moves it past what it took.  OWS_OK: the header is
 * complete and *pos is at the payload; call ows_frame_init() before the next
 * header.  OWS_AGAIN: all was taken.  OWS_ERROR: a length not in its shortest
 * form, or over 2^63 - 1 (section 5.2).
 */
int ows_frame_read(ows_frame_t *f, const uint8_t **pos, const uint8_t *last);

/*
 * Writes a header into p, which has room for OWS_FRAME_HEADER_MAX bytes.
 * flags: OWS_FIN and OWS_RSV1 as wanted.  key: 4 bytes, or NULL for a frame
 * that isn't masked (a server's).  Returns the header's length.
 */
size_t ows_frame_write(uint8_t *p, unsigned flags, unsigned opcode,
    uint64_t length, const uint8_t *key);

/*
 * Masks or unmasks in place (section 5.3).  offset: how many bytes of the
 * same payload were done before.
 */
void ows_frame_mask(uint8_t *p, size_t len, const uint8_t *key,
    uint64_t offset);

/*
 * Writes a whole control frame into p, which has room for
 * OWS_CONTROL_FRAME_MAX bytes.  len is at most OWS_CONTROL_MAX; key as above.
 * Returns the frame's length.
 */
size_t ows_frame_control(uint8_t *p, unsigned opcode, const uint8_t *payload,
    size_t len, const uint8_t *key);

/*
 * A Close frame with a code (0: an empty one, section 5.5.1) and no reason;
 * p and key as for ows_frame_control().
 */
size_t ows_frame_close(uint8_t *p, unsigned code, const uint8_t *key);


#endif /* _OWS_FRAME_H_INCLUDED_ */
