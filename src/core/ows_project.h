/*
 * ows_project: the life of a project and of its link to the PBX, as tables.
 *
 * A link is one PBX client's token, WebSocket and callers; projects with the
 * same credentials share it.  The tables say what follows on what; doing it
 * is for the glue, which feeds the outcome back as the next event.
 */

#ifndef _OWS_PROJECT_H_INCLUDED_
#define _OWS_PROJECT_H_INCLUDED_


#include "ows.h"
#include "ows_envelope.h"


/*
 *            START              GRANTED             OPENED
 *   IDLE ------------> TOKEN -------------> OPENING --------> CALLERS
 *    ^  \                ^     REUSE          ^                  | LISTED
 *    |   `---------------|--------------------'                  v
 *    | TIMER             |  STALE, RENEW                       READY
 *   WAITING <--- FAILED (from any), LOST (from READY)            |
 *                        `---------------------------------------'
 *   REFUSED <--- DENIED (from any); TIMER and RENEW lead back to TOKEN
 *
 * Until READY is reached again the WebSocket opened before stays the current
 * one (make before break).
 */
typedef enum {
    OWS_LINK_IDLE = 0,           /* nothing is under way */
    OWS_LINK_TOKEN,              /* a token was asked for */
    OWS_LINK_OPENING,            /* a WebSocket is being opened */
    OWS_LINK_CALLERS,            /* it is open; the callers were asked for */
    OWS_LINK_READY,
    OWS_LINK_WAITING,            /* backing off */
    OWS_LINK_REFUSED,            /* backing off as long as can be */
    OWS_LINK_CLOSED,             /* nothing leads out of here */
    OWS_LINK_STATES
} ows_link_state_e;


typedef enum {
    OWS_LINK_START = 0,          /* begin; there is no usable token */
    OWS_LINK_REUSE,              /* begin; there is one */
    OWS_LINK_GRANTED,            /* a token came */
    OWS_LINK_OPENED,             /* the new WebSocket is open */
    OWS_LINK_LISTED,             /* the callers came */
    OWS_LINK_STALE,              /* 401 or 403, on a token used before */
    OWS_LINK_DENIED,             /* the credentials, or a fresh token */
    OWS_LINK_FAILED,             /* unreachable, or not understood */
    OWS_LINK_LOST,               /* the current WebSocket is gone */
    OWS_LINK_RENEW,              /* the token is due, or a check is wanted */
    OWS_LINK_TIMER,              /* the back-off is over */
    OWS_LINK_STOP,               /* the last project is gone */
    OWS_LINK_EVENTS
} ows_link_event_e;


typedef enum {
    OWS_LINK_NOTHING = 0,
    OWS_LINK_GET_TOKEN,          /* drop what is under way, ask for a token */
    OWS_LINK_OPEN,               /* open a WebSocket with the token there is */
    OWS_LINK_GET_CALLERS,
    OWS_LINK_SETTLE,             /* the new WebSocket becomes the current one,
                                    the one before is closed */
    OWS_LINK_RESUME,             /* feed START or REUSE */
    OWS_LINK_BACK_OFF,           /* drop what is under way, wait */
    OWS_LINK_REFUSE,             /* drop token and WebSockets, wait longest */
    OWS_LINK_CLOSE               /* drop everything, wipe the secrets */
} ows_link_action_e;


typedef struct {
    ows_link_action_e  action;
    ows_link_state_e   next;
} ows_link_step_t;


/* What follows; an event without meaning in a state changes nothing. */
const ows_link_step_t *ows_link_step(ows_link_state_e state,
    ows_link_event_e event);

/* For debug lines. */
const char *ows_link_state_name(ows_link_state_e state);
const char *ows_link_event_name(ows_link_event_e event);


/* What a link's news mean for one of its projects. */
typedef enum {
    OWS_NEWS_READY = 0,          /* token, WebSocket and callers are there */
    OWS_NEWS_EMPTY,              /* as READY, but nobody can call */
    OWS_NEWS_DENIED,             /* the PBX refused the credentials */
    OWS_NEWS_FAILED              /* unreachable, or not understood */
} ows_project_news_e;


typedef enum {
    OWS_PROJECT_KEEP = 0,
    OWS_PROJECT_ACTIVATE,
    OWS_PROJECT_REMOVE
} ows_project_fate_e;


ows_project_fate_e ows_project_fate(ows_action_e action,
    ows_project_news_e news);


#endif /* _OWS_PROJECT_H_INCLUDED_ */
