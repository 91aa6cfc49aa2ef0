"""Why a notification came or did not come, in words for the person it was meant for."""

from api.notifications.dispatch.types import Status, Step

RULES = {
    "now": "It went out at once.",
    "after_the_ways_before": "It waits a while: it goes out if you have not read it in the app by then.",
    "not_offered": "This service does not send by this way.",
    "channel_off": "You have switched this way off.",
    "category_off": "You have switched this way off for this category.",
    "only_if_urgent": "Only urgent things come by this way.",
    "no_address": "We have no address, number or device of yours for this way.",
    "muted": "You had muted everything; it waits for the end of that.",
    "digest": "You get this category in a digest; it waits for the next one.",
    "quiet_hours": "It was in your quiet hours; it waits for their end.",
    "quiet_hours_drop": "It was in your quiet hours, and you want nothing sent for those.",
    "throttled": "You had a lot of this category within an hour; the rest is folded into one.",
    "capped": "So many have gone this way already that no more do for now.",
    "read": "You had read it in the app already.",
    "archived": "You had archived it already.",
    "deleted": "You had deleted it already.",
    "ended": "It was not of interest any longer.",
    "disabled": "The account is disabled.",
    "unclear": "It may have been sent; a second try might have shown it twice.",
    "handled": "What it was about had been dealt with already.",
}
STATUSES: dict[Status, str] = {
    "queued": "It is about to go out.",
    "held": "",
    "attempted": "It is being handed over, or will be tried again soon.",
    "sent": "It was handed over.",
    "delivered": "It has arrived.",
    "bounced": "It came back: the address takes nothing.",
    "failed": "It could not be sent.",
    "not_sent": "",
    "unknown": "",
}


def explained(step: Step) -> Step:
    """A step as `queries.steps` gives it, the provider's reason in the explanation's place, put into words."""
    parts = [STATUSES[step.status], RULES[step.rule] if _matters(step) else "", step.explanation]
    step.explanation = " ".join(part for part in parts if part)
    return step


def _matters(step: Step) -> bool:
    """Once it is under way, what it waited for before is told only where it waited."""
    return step.rule not in ("now", "after_the_ways_before") or step.status == "queued"
