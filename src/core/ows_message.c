/*
 * ows_message: bytes from a WebSocket peer to whole messages.
 *
 * Promises the same events and the same error however the bytes are sliced,
 * no message longer than max, and no memory that wasn't filled by bytes that
 * came, but for the doubling.  Knows no sockets, doesn't answer the peer, and
 * has no opinion on what a message says or whether it may be binary.
 *
 *     header --> data -----> header            a fragment, or OWS_OK
 *            `-> control --> header            OWS_OK
 *                        `-> swallow           OWS_OK, of a Close
 */

#include "ows_message.h"

#include <string.h>


/* A rule for frames that their headers alone can break. */
typedef struct {
    unsigned          shown;            /* by this many bytes of a header */
    int             (*broken)(const ows_message_t *m);
    ows_violation_t   violation;
} ows_message_rule_t;


/* Close codes that may be sent. */
typedef struct {
    unsigned          first;
    unsigned          last;
} ows_message_codes_t;


static int ows_message_header(ows_message_t *m, uint8_t **pos, uint8_t *last);
static const ows_violation_t *ows_message_broken_rule(const ows_message_t *m);
static int ows_message_data(ows_message_t *m, uint8_t **pos, uint8_t *last);
static int ows_message_append(ows_message_t *m, const uint8_t *p, size_t len);
static int ows_message_control(ows_message_t *m, uint8_t **pos, uint8_t *last);
static const ows_violation_t *ows_message_close(const ows_message_t *m);
static int ows_message_code_valid(unsigned code);
static int ows_message_swallow(ows_message_t *m, uint8_t **pos, uint8_t *last);
static uint8_t *ows_message_take(ows_message_t *m, uint8_t **pos,
    uint8_t *last, size_t *len);
static void ows_message_next_frame(ows_message_t *m);
static int ows_message_fail(ows_message_t *m, const ows_violation_t *error);
static void ows_message_release(ows_message_t *m);

static int ows_message_reserved(const ows_message_t *m);
static int ows_message_unknown(const ows_message_t *m);
static int ows_message_control_split(const ows_message_t *m);
static int ows_message_not_begun(const ows_message_t *m);
static int ows_message_not_ended(const ows_message_t *m);
static int ows_message_unmasked(const ows_message_t *m);
static int ows_message_masked(const ows_message_t *m);
static int ows_message_control_long(const ows_message_t *m);
static int ows_message_close_short(const ows_message_t *m);


/* Sections 5.1, 5.2, 5.4, 5.5; the first that is broken counts. */
static const ows_message_rule_t  ows_message_rules[] = {

    { 1, ows_message_reserved,
      { 1002, "a reserved bit is set, but no extension was agreed on" } },

    { 1, ows_message_unknown,
      { 1002, "a frame has an unknown opcode" } },

    { 1, ows_message_control_split,
      { 1002, "a control frame is fragmented" } },

    { 1, ows_message_not_begun,
      { 1002, "a continuation frame continues nothing" } },

    { 1, ows_message_not_ended,
      { 1002, "a message begins inside of a fragmented one" } },

    { 2, ows_message_unmasked,
      { 1002, "a client's frame is not masked" } },

    { 2, ows_message_masked,
      { 1002, "a server's frame is masked" } },

    { 2, ows_message_control_long,
      { 1002, "a control frame's payload is over 125 bytes" } },

    { 2, ows_message_close_short,
      { 1002, "a Close frame holds half a code" } }
};

#define OWS_MESSAGE_RULES                                                    \
    (sizeof(ows_message_rules) / sizeof(ows_message_rules[0]))


static const ows_violation_t  ows_message_too_big = {
    1009, "a message is too big"
};

static const ows_violation_t  ows_message_not_utf8 = {
    1007, "a text message is not UTF-8"
};

static const ows_violation_t  ows_message_half_character = {
    1007, "a text message ends inside of a character"
};

static const ows_violation_t  ows_message_bad_code = {
    1002, "a Close frame's code may not be sent"
};

static const ows_violation_t  ows_message_bad_reason = {
    1007, "a Close frame's reason is not UTF-8"
};


/* Section 7.4, with what was registered since. */
static const ows_message_codes_t  ows_message_codes[] = {
    { 1000, 1003 },
    { 1007, 1014 },
    { 3000, 4999 }
};

#define OWS_MESSAGE_CODES                                                    \
    (sizeof(ows_message_codes) / sizeof(ows_message_codes[0]))


void
ows_message_init(ows_message_t *m, ows_role_e role, size_t max,
    const ows_alloc_t *alloc)
{
    memset(m, 0, sizeof(*m));

    m->_alloc = alloc;
    m->_role = role;
    m->_max = max;

    ows_message_next_frame(m);
}


int
ows_message_read(ows_message_t *m, uint8_t **pos, uint8_t *last)
{
    int  rc;

    if (m->_opcode == 0) {
        ows_message_release(m);
    }

    while (*pos != last) {
        rc = m->_state(m, pos, last);
        if (rc != OWS_AGAIN) {
            return rc;
        }
    }

    return OWS_AGAIN;
}


static int
ows_message_header(ows_message_t *m, uint8_t **pos, uint8_t *last)
{
    int                     rc;
    const uint8_t          *p;
    const ows_violation_t  *error;

    p = *pos;
    rc = ows_frame_read(&m->_frame, &p, last);
    *pos = (uint8_t *) p;

    /* what the first bytes show comes first, however many came at once */

    error = ows_message_broken_rule(m);
    if (error != NULL) {
        return ows_message_fail(m, error);
    }

    if (rc == OWS_ERROR) {
        return ows_message_fail(m, m->_frame.error);
    }

    if (rc == OWS_AGAIN) {
        return OWS_AGAIN;
    }

    m->_left = m->_frame.length;

    if (m->_frame.opcode >= OWS_OP_CLOSE) {
        m->_control_len = 0;
        m->_state = ows_message_control;

    } else {
        if (m->_left > m->_max - m->_len) {
            return ows_message_fail(m, &ows_message_too_big);
        }

        if (m->_frame.opcode != OWS_OP_CONTINUATION) {
            m->_opcode = m->_frame.opcode;
            ows_utf8_init(&m->_utf8);
        }

        m->_state = ows_message_data;
    }

    /* at once, since an empty payload brings no bytes to come back for */

    return m->_state(m, pos, last);
}


static const ows_violation_t *
ows_message_broken_rule(const ows_message_t *m)
{
    size_t                     i;
    const ows_message_rule_t  *rule;

    for (i = 0; i < OWS_MESSAGE_RULES; i++) {
        rule = &ows_message_rules[i];

        if (m->_frame.have >= rule->shown && rule->broken(m)) {
            return &rule->violation;
        }
    }

    return NULL;
}


static int
ows_message_data(ows_message_t *m, uint8_t **pos, uint8_t *last)
{
    size_t    len;
    uint8_t  *p;

    p = ows_message_take(m, pos, last, &len);

    if (m->_opcode == OWS_OP_TEXT
        && ows_utf8_check(&m->_utf8, p, len) != OWS_OK)
    {
        return ows_message_fail(m, &ows_message_not_utf8);
    }

    if (ows_message_append(m, p, len) != OWS_OK) {
        return OWS_NOMEM;
    }

    if (m->_left) {
        return OWS_AGAIN;
    }

    if (!(m->_frame.flags & OWS_FIN)) {
        ows_message_next_frame(m);
        return OWS_AGAIN;
    }

    if (m->_opcode == OWS_OP_TEXT && !ows_utf8_complete(&m->_utf8)) {
        return ows_message_fail(m, &ows_message_half_character);
    }

    m->event.opcode = m->_opcode;
    m->event.data = m->_data != NULL ? m->_data : m->_control;
    m->event.len = m->_len;
    m->event.code = 0;

    m->_opcode = 0;
    ows_message_next_frame(m);

    return OWS_OK;
}


/* The header was checked: _len + len is at most _max. */
static int
ows_message_append(ows_message_t *m, const uint8_t *p, size_t len)
{
    size_t    size;
    uint8_t  *data;

    if (len == 0) {
        return OWS_OK;
    }

    if (len > m->_size - m->_len) {
        size = m->_size > m->_max / 2 ? m->_max : m->_size * 2;

        if (size < m->_len + len) {
            size = m->_len + len;
        }

        data = ows_alloc(m->_alloc, size);
        if (data == NULL) {
            return OWS_NOMEM;
        }

        if (m->_data != NULL) {
            memcpy(data, m->_data, m->_len);
            ows_free(m->_alloc, m->_data);
        }

        m->_data = data;
        m->_size = size;
    }

    memcpy(m->_data + m->_len, p, len);
    m->_len += len;

    return OWS_OK;
}


static int
ows_message_control(ows_message_t *m, uint8_t **pos, uint8_t *last)
{
    size_t                  len, head;
    uint8_t                *p;
    const ows_violation_t  *error;

    p = ows_message_take(m, pos, last, &len);

    if (len) {
        memcpy(m->_control + m->_control_len, p, len);
        m->_control_len += len;
    }

    m->event.opcode = m->_frame.opcode;
    m->event.code = 0;
    head = 0;

    if (m->_frame.opcode == OWS_OP_CLOSE && m->_control_len >= 2) {
        head = 2;
        m->event.code = (unsigned) (m->_control[0] << 8 | m->_control[1]);

        error = ows_message_close(m);
        if (error != NULL) {
            return ows_message_fail(m, error);
        }
    }

    if (m->_left) {
        return OWS_AGAIN;
    }

    m->event.data = m->_control + head;
    m->event.len = m->_control_len - head;

    ows_message_next_frame(m);

    if (m->event.opcode == OWS_OP_CLOSE) {
        m->_state = ows_message_swallow;
        m->_opcode = 0;                 /* a message begun never ends */
    }

    return OWS_OK;
}


/* What is wrong with as much of a Close's payload as came in. */
static const ows_violation_t *
ows_message_close(const ows_message_t *m)
{
    ows_utf8_t  utf8;

    if (!ows_message_code_valid(m->event.code)) {
        return &ows_message_bad_code;
    }

    /* from its start each time: it is 123 bytes at most */

    ows_utf8_init(&utf8);

    if (ows_utf8_check(&utf8, m->_control + 2, m->_control_len - 2) != OWS_OK
        || (m->_left == 0 && !ows_utf8_complete(&utf8)))
    {
        return &ows_message_bad_reason;
    }

    return NULL;
}


static int
ows_message_code_valid(unsigned code)
{
    size_t  i;

    for (i = 0; i < OWS_MESSAGE_CODES; i++) {
        if (code >= ows_message_codes[i].first
            && code <= ows_message_codes[i].last)
        {
            return 1;
        }
    }

    return 0;
}


static int
ows_message_swallow(ows_message_t *m, uint8_t **pos, uint8_t *last)
{
    (void) m;

    *pos = last;

    return OWS_AGAIN;
}


/* Unmasks as much of the frame's payload as there is, and moves past it. */
static uint8_t *
ows_message_take(ows_message_t *m, uint8_t **pos, uint8_t *last, size_t *len)
{
    uint8_t  *p;

    p = *pos;
    *len = (size_t) (last - p);

    if (*len > m->_left) {
        *len = (size_t) m->_left;
    }

    if (m->_frame.masked) {
        ows_frame_mask(p, *len, m->_frame.key,
                       m->_frame.length - m->_left);
    }

    m->_left -= *len;
    *pos = p + *len;

    return p;
}


static void
ows_message_next_frame(ows_message_t *m)
{
    ows_frame_init(&m->_frame);
    m->_state = ows_message_header;
}


static int
ows_message_fail(ows_message_t *m, const ows_violation_t *error)
{
    m->error = error;

    return OWS_ERROR;
}


unsigned
ows_message_close_reply(const ows_message_event_t *event)
{
    return event->code;
}


void
ows_message_destroy(ows_message_t *m)
{
    ows_message_release(m);
}


static void
ows_message_release(ows_message_t *m)
{
    if (m->_data != NULL) {
        ows_free(m->_alloc, m->_data);
        m->_data = NULL;
    }

    m->_len = 0;
    m->_size = 0;
}


static int
ows_message_reserved(const ows_message_t *m)
{
    return (m->_frame.flags & OWS_RSV) != 0;
}


static int
ows_message_unknown(const ows_message_t *m)
{
    /* 0 to 2 for data, 8 to 10 for control */

    return (m->_frame.opcode & 0x7) > OWS_OP_BINARY;
}


static int
ows_message_control_split(const ows_message_t *m)
{
    return m->_frame.opcode >= OWS_OP_CLOSE && !(m->_frame.flags & OWS_FIN);
}


static int
ows_message_not_begun(const ows_message_t *m)
{
    return m->_frame.opcode == OWS_OP_CONTINUATION && m->_opcode == 0;
}


static int
ows_message_not_ended(const ows_message_t *m)
{
    return (m->_frame.opcode == OWS_OP_TEXT
            || m->_frame.opcode == OWS_OP_BINARY)
           && m->_opcode != 0;
}


static int
ows_message_unmasked(const ows_message_t *m)
{
    return m->_role == OWS_ROLE_SERVER && !m->_frame.masked;
}


static int
ows_message_masked(const ows_message_t *m)
{
    return m->_role == OWS_ROLE_CLIENT && m->_frame.masked;
}


static int
ows_message_control_long(const ows_message_t *m)
{
    return m->_frame.opcode >= OWS_OP_CLOSE
           && m->_frame.length > OWS_CONTROL_MAX;
}


static int
ows_message_close_short(const ows_message_t *m)
{
    return m->_frame.opcode == OWS_OP_CLOSE && m->_frame.length == 1;
}
