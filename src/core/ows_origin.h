/*
 * ows_origin: the rules that say which Origin (RFC 6454) may open a WebSocket.
 *
 * A rule is read once, from the configuration; the Origin and Host of each
 * request are matched against all of them.  No allocation.
 */

#ifndef _OWS_ORIGIN_H_INCLUDED_
#define _OWS_ORIGIN_H_INCLUDED_


#include "ows.h"


typedef enum {
    OWS_ORIGIN_SAME = 0,         /* Origin's host and port equal Host's */
    OWS_ORIGIN_ANY,
    OWS_ORIGIN_EXACT,            /* scheme://host[:port] */
    OWS_ORIGIN_SUFFIX            /* *.example.com: any host below it, with
                                    any scheme and port */
} ows_origin_e;


typedef struct {
    ows_origin_e    type;
    ows_str_t       value;       /* EXACT: as written; SUFFIX: ".example.com";
                                    borrowed from the text parsed */
} ows_origin_t;


/*
 * Reads one parameter of a rule: "same", "any", an origin or a host pattern.
 * NULL when it is good, else what is wrong with it, for a sentence such as
 * "invalid origin "x": <reason>".
 */
const char *ows_origin_parse(ows_origin_t *rule, const ows_str_t *text);

/*
 * 1 when one of the n rules admits the request's Origin; hosts and schemes
 * compare without regard to case, a scheme's default port equals none.  An
 * Origin that can't be parsed ("null" among them) is admitted by ANY only.
 */
int ows_origin_allowed(const ows_origin_t *rules, size_t n,
    const ows_str_t *origin, const ows_str_t *host);


#endif /* _OWS_ORIGIN_H_INCLUDED_ */
