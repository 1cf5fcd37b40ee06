/*
 * ows_project: what follows on what in the life of a link and its projects.
 *
 * Promises that every event in every state has an answer.  Knows no timers,
 * no transfers and no zone: it says what to do and does nothing.
 */

#include "ows_project.h"


/* What an event without meaning leads to. */
static const ows_link_step_t  ows_link_stay[OWS_LINK_STATES] = {
    [OWS_LINK_IDLE]    = { OWS_LINK_NOTHING, OWS_LINK_IDLE },
    [OWS_LINK_TOKEN]   = { OWS_LINK_NOTHING, OWS_LINK_TOKEN },
    [OWS_LINK_OPENING] = { OWS_LINK_NOTHING, OWS_LINK_OPENING },
    [OWS_LINK_CALLERS] = { OWS_LINK_NOTHING, OWS_LINK_CALLERS },
    [OWS_LINK_READY]   = { OWS_LINK_NOTHING, OWS_LINK_READY },
    [OWS_LINK_WAITING] = { OWS_LINK_NOTHING, OWS_LINK_WAITING },
    [OWS_LINK_REFUSED] = { OWS_LINK_NOTHING, OWS_LINK_REFUSED },
    [OWS_LINK_CLOSED]  = { OWS_LINK_NOTHING, OWS_LINK_CLOSED }
};


/* What is left out has the action 0: OWS_LINK_NOTHING. */
static const ows_link_step_t  ows_link_steps[OWS_LINK_STATES]
                                            [OWS_LINK_EVENTS] =
{
    [OWS_LINK_IDLE] = {
        [OWS_LINK_START]   = { OWS_LINK_GET_TOKEN,   OWS_LINK_TOKEN },
        [OWS_LINK_REUSE]   = { OWS_LINK_OPEN,        OWS_LINK_OPENING },
        [OWS_LINK_STOP]    = { OWS_LINK_CLOSE,       OWS_LINK_CLOSED }
    },

    [OWS_LINK_TOKEN] = {
        [OWS_LINK_GRANTED] = { OWS_LINK_OPEN,        OWS_LINK_OPENING },
        [OWS_LINK_DENIED]  = { OWS_LINK_REFUSE,      OWS_LINK_REFUSED },
        [OWS_LINK_FAILED]  = { OWS_LINK_BACK_OFF,    OWS_LINK_WAITING },
        [OWS_LINK_STOP]    = { OWS_LINK_CLOSE,       OWS_LINK_CLOSED }
    },

    [OWS_LINK_OPENING] = {
        [OWS_LINK_OPENED]  = { OWS_LINK_GET_CALLERS, OWS_LINK_CALLERS },
        [OWS_LINK_STALE]   = { OWS_LINK_GET_TOKEN,   OWS_LINK_TOKEN },
        [OWS_LINK_DENIED]  = { OWS_LINK_REFUSE,      OWS_LINK_REFUSED },
        [OWS_LINK_FAILED]  = { OWS_LINK_BACK_OFF,    OWS_LINK_WAITING },
        [OWS_LINK_RENEW]   = { OWS_LINK_GET_TOKEN,   OWS_LINK_TOKEN },
        [OWS_LINK_STOP]    = { OWS_LINK_CLOSE,       OWS_LINK_CLOSED }
    },

    [OWS_LINK_CALLERS] = {
        [OWS_LINK_LISTED]  = { OWS_LINK_SETTLE,      OWS_LINK_READY },
        [OWS_LINK_STALE]   = { OWS_LINK_GET_TOKEN,   OWS_LINK_TOKEN },
        [OWS_LINK_DENIED]  = { OWS_LINK_REFUSE,      OWS_LINK_REFUSED },
        [OWS_LINK_FAILED]  = { OWS_LINK_BACK_OFF,    OWS_LINK_WAITING },
        [OWS_LINK_RENEW]   = { OWS_LINK_GET_TOKEN,   OWS_LINK_TOKEN },
        [OWS_LINK_STOP]    = { OWS_LINK_CLOSE,       OWS_LINK_CLOSED }
    },

    [OWS_LINK_READY] = {
        [OWS_LINK_STALE]   = { OWS_LINK_GET_TOKEN,   OWS_LINK_TOKEN },
        /* it was good until now: the credentials get one more chance */
        [OWS_LINK_DENIED]  = { OWS_LINK_GET_TOKEN,   OWS_LINK_TOKEN },
        [OWS_LINK_LOST]    = { OWS_LINK_BACK_OFF,    OWS_LINK_WAITING },
        [OWS_LINK_RENEW]   = { OWS_LINK_GET_TOKEN,   OWS_LINK_TOKEN },
        [OWS_LINK_STOP]    = { OWS_LINK_CLOSE,       OWS_LINK_CLOSED }
    },

    [OWS_LINK_WAITING] = {
        [OWS_LINK_RENEW]   = { OWS_LINK_GET_TOKEN,   OWS_LINK_TOKEN },
        [OWS_LINK_TIMER]   = { OWS_LINK_RESUME,      OWS_LINK_IDLE },
        [OWS_LINK_STOP]    = { OWS_LINK_CLOSE,       OWS_LINK_CLOSED }
    },

    [OWS_LINK_REFUSED] = {
        [OWS_LINK_RENEW]   = { OWS_LINK_GET_TOKEN,   OWS_LINK_TOKEN },
        [OWS_LINK_TIMER]   = { OWS_LINK_RESUME,      OWS_LINK_IDLE },
        [OWS_LINK_STOP]    = { OWS_LINK_CLOSE,       OWS_LINK_CLOSED }
    }
};


static const char *const  ows_link_state_names[OWS_LINK_STATES] = {
    [OWS_LINK_IDLE]    = "idle",
    [OWS_LINK_TOKEN]   = "token",
    [OWS_LINK_OPENING] = "opening",
    [OWS_LINK_CALLERS] = "callers",
    [OWS_LINK_READY]   = "ready",
    [OWS_LINK_WAITING] = "waiting",
    [OWS_LINK_REFUSED] = "refused",
    [OWS_LINK_CLOSED]  = "closed"
};


static const char *const  ows_link_event_names[OWS_LINK_EVENTS] = {
    [OWS_LINK_START]   = "start",
    [OWS_LINK_REUSE]   = "reuse",
    [OWS_LINK_GRANTED] = "granted",
    [OWS_LINK_OPENED]  = "opened",
    [OWS_LINK_LISTED]  = "listed",
    [OWS_LINK_STALE]   = "stale",
    [OWS_LINK_DENIED]  = "denied",
    [OWS_LINK_FAILED]  = "failed",
    [OWS_LINK_LOST]    = "lost",
    [OWS_LINK_RENEW]   = "renew",
    [OWS_LINK_TIMER]   = "timer",
    [OWS_LINK_STOP]    = "stop"
};


const ows_link_step_t *
ows_link_step(ows_link_state_e state, ows_link_event_e event)
{
    const ows_link_step_t  *step;

    step = &ows_link_steps[state][event];

    return (step->action != OWS_LINK_NOTHING) ? step : &ows_link_stay[state];
}


const char *
ows_link_state_name(ows_link_state_e state)
{
    return ows_link_state_names[state];
}


const char *
ows_link_event_name(ows_link_event_e event)
{
    return ows_link_event_names[event];
}


/*
 * A project that was active once stays so, whatever happens to its link; one
 * that never was goes when the credentials are refused.
 */
ows_project_fate_e
ows_project_fate(ows_action_e action, ows_project_news_e news)
{
    if (action != OWS_ACTION_INIT) {
        return OWS_PROJECT_KEEP;
    }

    switch (news) {

    case OWS_NEWS_READY:
        return OWS_PROJECT_ACTIVATE;

    case OWS_NEWS_DENIED:
        return OWS_PROJECT_REMOVE;

    default:
        return OWS_PROJECT_KEEP;
    }
}
