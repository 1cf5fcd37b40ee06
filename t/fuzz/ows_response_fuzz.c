/*
 * ows_response_fuzz: a server's answer to the key of RFC 6455's example.
 *
 * Must be so: whole, sliced and byte by byte end alike and at the same byte;
 * an answer that is taken for an upgrade ends at its empty line and has the
 * status, the accept value and the headers it must have.
 */

#define _GNU_SOURCE                     /* memmem(), strcasestr() */

#include "ows_fuzz.h"
#include "ows_response.h"


static const uint8_t  ows_response_fuzz_key[] = "dGhlIHNhbXBsZSBub25jZQ==";


/* fixed: the size of slices; 0: as the input says. */
static int
ows_response_fuzz_read(ows_fuzz_t *fuzz, ows_response_t *r, size_t fixed,
    size_t *taken)
{
    int             rc;
    size_t          n, len;
    uint8_t        *copy;
    const uint8_t  *pos;

    ows_fuzz_check(ows_response_init(r, ows_response_fuzz_key) == OWS_OK);

    len = (size_t) (fuzz->last - fuzz->p);
    rc = OWS_AGAIN;
    *taken = 0;

    while (rc == OWS_AGAIN && *taken < len) {
        n = len - *taken;
        n = (fixed == 0) ? ows_fuzz_slice(fuzz, n) : n < fixed ? n : fixed;

        copy = ows_fuzz_copy(fuzz->p + *taken, n);
        pos = copy;

        rc = ows_response_read(r, &pos, copy + n);

        ows_fuzz_check(rc != OWS_AGAIN || pos == copy + n);

        *taken += (size_t) (pos - copy);
        free(copy);
    }

    return rc;
}


static void
ows_response_fuzz_upgraded(const uint8_t *p, size_t len)
{
    char  text[OWS_RESPONSE_MAX + 1];

    ows_fuzz_check(len <= OWS_RESPONSE_MAX);
    ows_fuzz_check(memmem(p, len, "\r\n\r\n", 4) == p + len - 4);

    memcpy(text, p, len);
    text[len] = '\0';

    ows_fuzz_check(strlen(text) == len);
    ows_fuzz_check(strncmp(text, "HTTP/1.", 7) == 0);
    ows_fuzz_check(strncmp(text + 8, " 101", 4) == 0);
    ows_fuzz_check(strstr(text, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") != NULL);
    ows_fuzz_check(strcasestr(text, "\r\nSec-WebSocket-Accept:") != NULL);
    ows_fuzz_check(strcasestr(text, "\r\nUpgrade:") != NULL);
    ows_fuzz_check(strcasestr(text, "\r\nConnection:") != NULL);
    ows_fuzz_check(strcasestr(text, "\r\nSec-WebSocket-Protocol:") == NULL);
    ows_fuzz_check(strcasestr(text, "\r\nSec-WebSocket-Extensions:") == NULL);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int                    rc;
    size_t                 i, taken, other;
    ows_fuzz_t             fuzz;
    static ows_response_t  r, s;

    static const size_t  slices[] = { 0, 1 };

    if (!ows_fuzz_init(&fuzz, data, size)) {
        return 0;
    }

    rc = ows_response_fuzz_read(&fuzz, &r, SIZE_MAX, &taken);

    for (i = 0; i < sizeof(slices) / sizeof(slices[0]); i++) {
        ows_fuzz_check(ows_response_fuzz_read(&fuzz, &s, slices[i], &other)
                       == rc);
        ows_fuzz_check(other == taken && s.status == r.status
                       && s.error == r.error);
    }

    ows_fuzz_check(r.status == 0 || (r.status >= 100 && r.status <= 999));
    ows_fuzz_check((rc == OWS_ERROR) == (r.error != NULL));

    if (rc == OWS_OK) {
        ows_fuzz_check(r.status == 101);
        ows_response_fuzz_upgraded(fuzz.p, taken);
    }

    return ows_fuzz_done(&fuzz);
}
