/*
 * ows_project_test: unit tests of ows_project.
 */

#include "ows_test.h"
#include "ows_project.h"


typedef struct {
    ows_link_state_e   state;
    ows_link_event_e   event;
    ows_link_action_e  action;
    ows_link_state_e   next;
} ows_project_test_step_t;


/* The drawing of ows_project.h; all else changes nothing. */
static const ows_project_test_step_t  ows_project_test_steps[] = {
    { OWS_LINK_IDLE, OWS_LINK_START, OWS_LINK_GET_TOKEN, OWS_LINK_TOKEN },
    { OWS_LINK_IDLE, OWS_LINK_REUSE, OWS_LINK_OPEN, OWS_LINK_OPENING },
    { OWS_LINK_IDLE, OWS_LINK_STOP, OWS_LINK_CLOSE, OWS_LINK_CLOSED },

    { OWS_LINK_TOKEN, OWS_LINK_GRANTED, OWS_LINK_OPEN, OWS_LINK_OPENING },
    { OWS_LINK_TOKEN, OWS_LINK_DENIED, OWS_LINK_REFUSE, OWS_LINK_REFUSED },
    { OWS_LINK_TOKEN, OWS_LINK_FAILED, OWS_LINK_BACK_OFF, OWS_LINK_WAITING },
    { OWS_LINK_TOKEN, OWS_LINK_STOP, OWS_LINK_CLOSE, OWS_LINK_CLOSED },

    { OWS_LINK_OPENING, OWS_LINK_OPENED, OWS_LINK_GET_CALLERS,
      OWS_LINK_CALLERS },
    { OWS_LINK_OPENING, OWS_LINK_STALE, OWS_LINK_GET_TOKEN, OWS_LINK_TOKEN },
    { OWS_LINK_OPENING, OWS_LINK_DENIED, OWS_LINK_REFUSE, OWS_LINK_REFUSED },
    { OWS_LINK_OPENING, OWS_LINK_FAILED, OWS_LINK_BACK_OFF,
      OWS_LINK_WAITING },
    { OWS_LINK_OPENING, OWS_LINK_RENEW, OWS_LINK_GET_TOKEN, OWS_LINK_TOKEN },
    { OWS_LINK_OPENING, OWS_LINK_STOP, OWS_LINK_CLOSE, OWS_LINK_CLOSED },

    { OWS_LINK_CALLERS, OWS_LINK_LISTED, OWS_LINK_SETTLE, OWS_LINK_READY },
    { OWS_LINK_CALLERS, OWS_LINK_STALE, OWS_LINK_GET_TOKEN, OWS_LINK_TOKEN },
    { OWS_LINK_CALLERS, OWS_LINK_DENIED, OWS_LINK_REFUSE, OWS_LINK_REFUSED },
    { OWS_LINK_CALLERS, OWS_LINK_FAILED, OWS_LINK_BACK_OFF,
      OWS_LINK_WAITING },
    { OWS_LINK_CALLERS, OWS_LINK_RENEW, OWS_LINK_GET_TOKEN, OWS_LINK_TOKEN },
    { OWS_LINK_CALLERS, OWS_LINK_STOP, OWS_LINK_CLOSE, OWS_LINK_CLOSED },

    { OWS_LINK_READY, OWS_LINK_STALE, OWS_LINK_GET_TOKEN, OWS_LINK_TOKEN },
    { OWS_LINK_READY, OWS_LINK_DENIED, OWS_LINK_GET_TOKEN, OWS_LINK_TOKEN },
    { OWS_LINK_READY, OWS_LINK_RENEW, OWS_LINK_GET_TOKEN, OWS_LINK_TOKEN },
    { OWS_LINK_READY, OWS_LINK_LOST, OWS_LINK_BACK_OFF, OWS_LINK_WAITING },
    { OWS_LINK_READY, OWS_LINK_STOP, OWS_LINK_CLOSE, OWS_LINK_CLOSED },

    { OWS_LINK_WAITING, OWS_LINK_TIMER, OWS_LINK_RESUME, OWS_LINK_IDLE },
    { OWS_LINK_WAITING, OWS_LINK_RENEW, OWS_LINK_GET_TOKEN, OWS_LINK_TOKEN },
    { OWS_LINK_WAITING, OWS_LINK_STOP, OWS_LINK_CLOSE, OWS_LINK_CLOSED },

    { OWS_LINK_REFUSED, OWS_LINK_TIMER, OWS_LINK_RESUME, OWS_LINK_IDLE },
    { OWS_LINK_REFUSED, OWS_LINK_RENEW, OWS_LINK_GET_TOKEN, OWS_LINK_TOKEN },
    { OWS_LINK_REFUSED, OWS_LINK_STOP, OWS_LINK_CLOSE, OWS_LINK_CLOSED }
};

#define OWS_TEST_STEPS                                                        \
    (sizeof(ows_project_test_steps) / sizeof(ows_project_test_steps[0]))


static const ows_project_test_step_t *
ows_project_test_find(unsigned state, unsigned event)
{
    size_t  i;

    for (i = 0; i < OWS_TEST_STEPS; i++) {
        if (ows_project_test_steps[i].state == state
            && ows_project_test_steps[i].event == event)
        {
            return &ows_project_test_steps[i];
        }
    }

    return NULL;
}


static void
ows_project_test_table(void)
{
    unsigned                        state, event, still, wrong;
    const ows_link_step_t          *step;
    const ows_project_test_step_t  *expected;

    wrong = 0;
    still = 0;

    for (state = 0; state < OWS_LINK_STATES; state++) {
        for (event = 0; event < OWS_LINK_EVENTS; event++) {

            step = ows_link_step(state, event);
            expected = ows_project_test_find(state, event);

            if (expected != NULL) {
                ok(step->action == expected->action
                   && step->next == expected->next,
                   "%s leads from %s to %s", ows_link_event_name(event),
                   ows_link_state_name(state),
                   ows_link_state_name(expected->next));
                continue;
            }

            wrong += step->action != OWS_LINK_NOTHING || step->next != state;
            still++;
        }
    }

    ok(wrong == 0 && still == OWS_LINK_STATES * OWS_LINK_EVENTS
                              - OWS_TEST_STEPS,
       "in the %u other cases nothing happens", still);
}


/* Feeds events from IDLE on; the state they end in. */
static ows_link_state_e
ows_project_test_walk(const ows_link_event_e *events, size_t n)
{
    size_t            i;
    ows_link_state_e  state;

    state = OWS_LINK_IDLE;

    for (i = 0; i < n; i++) {
        state = ows_link_step(state, events[i])->next;
    }

    return state;
}


static void
ows_project_test_walks(void)
{
    unsigned  state, event, wrong;

    static const ows_link_event_e  plain[] = {
        OWS_LINK_START, OWS_LINK_GRANTED, OWS_LINK_OPENED, OWS_LINK_LISTED
    };

    static const ows_link_event_e  late[] = {
        OWS_LINK_START, OWS_LINK_STOP, OWS_LINK_GRANTED, OWS_LINK_OPENED,
        OWS_LINK_LISTED, OWS_LINK_TIMER, OWS_LINK_RENEW, OWS_LINK_START
    };

    static const ows_link_event_e  again[] = {
        OWS_LINK_START, OWS_LINK_GRANTED, OWS_LINK_OPENED, OWS_LINK_LISTED,
        OWS_LINK_LOST, OWS_LINK_TIMER, OWS_LINK_REUSE, OWS_LINK_STALE,
        OWS_LINK_GRANTED, OWS_LINK_LOST, OWS_LINK_OPENED, OWS_LINK_LISTED
    };

    ok(ows_project_test_walk(plain, 4) == OWS_LINK_READY,
       "a link gets ready by token, WebSocket and callers");
    ok(ows_project_test_walk(late, 8) == OWS_LINK_CLOSED,
       "nothing that comes late brings a stopped link back");
    ok(ows_project_test_walk(again, 12) == OWS_LINK_READY,
       "a link that was lost, with a token gone stale, gets ready again");

    wrong = 0;

    for (state = 0; state < OWS_LINK_CLOSED; state++) {
        wrong += ows_link_step(state, OWS_LINK_STOP)->next != OWS_LINK_CLOSED;
    }

    for (event = 0; event < OWS_LINK_EVENTS; event++) {
        wrong += ows_link_step(OWS_LINK_CLOSED, event)->action
                 != OWS_LINK_NOTHING;
    }

    ok(wrong == 0, "a stop closes every link, for good");
}


static void
ows_project_test_names(void)
{
    unsigned  i, j, wrong;

    wrong = 0;

    for (i = 0; i < OWS_LINK_STATES; i++) {
        for (j = 0; j < i; j++) {
            wrong += strcmp(ows_link_state_name(i), ows_link_state_name(j))
                     == 0;
        }
    }

    for (i = 0; i < OWS_LINK_EVENTS; i++) {
        for (j = 0; j < i; j++) {
            wrong += strcmp(ows_link_event_name(i), ows_link_event_name(j))
                     == 0;
        }
    }

    ok(wrong == 0, "each state and event has a name of its own");
    ok(strcmp(ows_link_state_name(OWS_LINK_REFUSED), "refused") == 0
       && strcmp(ows_link_event_name(OWS_LINK_STOP), "stop") == 0,
       "and its own one");
}


static void
ows_project_test_fates(void)
{
    unsigned            action, news, wrong;
    ows_project_fate_e  expected;

    ok(ows_project_fate(OWS_ACTION_INIT, OWS_NEWS_READY)
       == OWS_PROJECT_ACTIVATE,
       "a project in init gets active when all is there");
    ok(ows_project_fate(OWS_ACTION_INIT, OWS_NEWS_DENIED)
       == OWS_PROJECT_REMOVE,
       "one that never was active goes when its credentials are refused");

    wrong = 0;

    for (action = OWS_ACTION_INIT; action <= OWS_ACTION_STOPPED; action++) {
        for (news = OWS_NEWS_READY; news <= OWS_NEWS_FAILED; news++) {

            if (action == OWS_ACTION_INIT
                && (news == OWS_NEWS_READY || news == OWS_NEWS_DENIED))
            {
                continue;
            }

            expected = OWS_PROJECT_KEEP;
            wrong += ows_project_fate(action, news) != expected;
        }
    }

    ok(wrong == 0, "else it stays as it is");
}


int
main(void)
{
    ows_project_test_table();
    ows_project_test_walks();
    ows_project_test_names();
    ows_project_test_fates();

    return ows_test_done();
}
