"""From a notification to the ways it takes out of the app: what was decided, what is due, what is folded into one."""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from api.db import Tx
from api.errors import NotFound
from api.notifications import texts
from api.notifications.channels.types import Channel, Letter
from api.notifications.decision import WAYS, Asked, State, Verdict, decide
from api.notifications.dispatch import queries
from api.notifications.dispatch.types import Delivery, Moved, Status, Step, Subject
from api.notifications.kinds import KINDS
from api.notifications.preferences.actions import preferences
from api.notifications.preferences.types import ChannelName
from api.notifications.queries import Figure, add_figure, notification
from api.notifications.unsubscribe import links
from api.outbox import queries as outbox

# Why a thing of this kind and id is of no interest to somebody any more; None while it is.
Unwanted = Callable[[Tx, str, str], str | None]


class Ways(msgspec.Struct, frozen=True):
    """The channels that are switched on, and what to ask about each kind of cause."""

    channels: Mapping[ChannelName, Channel]
    causes: Mapping[str, Unwanted]
    base_url: str

    @property
    def offered(self) -> frozenset[ChannelName]:
        return frozenset(("inApp", *self.channels))


def route(tx: Tx, ways: Ways, notification_id: str) -> None:
    """Decide for each way whether and when, and let it be due then."""
    subject = queries.subject(tx, notification_id)
    if subject is None or _over(tx, ways, subject):
        return
    there = {delivery.channel: delivery for delivery in queries.of_notification(tx, notification_id)}
    for verdict in _decided(tx, ways, subject, waited=False):
        before = there.get(verdict.channel)
        # What waits already will be sent with the words of then.
        if before is None or before.status not in ("queued", "held", "attempted"):
            _due(tx, queries.put(tx, subject, verdict), subject.user_id, verdict)
            if verdict.outcome == "not_sent":
                _count(tx, Moved(subject.user_id, subject.category, subject.priority, verdict.channel), "not_sent")


def _due(tx: Tx, delivery_id: str, user_id: str, verdict: Verdict) -> None:
    if verdict.outcome == "queued":
        outbox.add(tx, "notification.deliver", delivery_id, "{}", verdict.at)
    elif verdict.outcome == "held":
        # One row for all that this person has waiting for that moment.
        outbox.add(tx, "notification.digest", f"{user_id} {verdict.channel} {verdict.at}", "{}", verdict.at)


def _decided(tx: Tx, ways: Ways, subject: Subject, *, waited: bool) -> list[Verdict]:
    asked = Asked(subject.category, subject.priority, KINDS[subject.kind].mandatory)
    reachable = [name for name, channel in ways.channels.items() if channel.addresses(tx, subject.user_id)]
    went = {name: queries.recent(tx, subject.user_id, name, subject.category) for name in reachable}
    state = State(
        now=tx.now,
        reachable=frozenset(reachable),
        recent={name: number for name, (number, _) in went.items()},
        oldest={name: first for name, (_, first) in went.items()},
        waited=waited,
    )
    return decide(asked, preferences(tx, subject.user_id, ways.offered), state)


def _over(tx: Tx, ways: Ways, subject: Subject) -> str | None:
    """Why it need not go out any more."""
    if subject.over:
        return subject.over
    kind, _, cause_id = subject.cause.partition(":")
    asked = ways.causes.get(kind)
    return asked(tx, subject.user_id, cause_id) if asked else None


def prepare(tx: Tx, ways: Ways, delivery_id: str, key: str) -> Letter | None:
    """The letter of one delivery, marked as attempted; None where there is nothing to send any more, or not now."""
    delivery = queries.lock(tx, delivery_id)
    if delivery is None or delivery.status not in ("queued", "attempted"):
        return None
    subject = _wanted(tx, ways, delivery)
    if subject is None:
        return None
    if not _within_caps(tx, ways, delivery):
        return None
    queries.begin(tx, delivery.id, key)
    return _letter(tx, ways, delivery.channel, key, [subject])


def _within_caps(tx: Tx, ways: Ways, delivery: Delivery) -> bool:
    channel = ways.channels[delivery.channel]
    if all(channel.within_caps(tx, delivery.user_id, address) for address in channel.addresses(tx, delivery.user_id)):
        return True
    _drop(tx, delivery, "not_sent", "capped")
    return False


def prepare_digest(tx: Tx, ways: Ways, user_id: str, channel: ChannelName, key: str) -> Letter | None:
    """What somebody has waiting for now by one way, folded into one letter."""
    subjects: list[Subject] = []
    for delivery in queries.held(tx, user_id, channel, key):
        if (subject := _wanted(tx, ways, delivery)) and (subjects or _within_caps(tx, ways, delivery)):
            queries.begin(tx, delivery.id, key)
            subjects.append(subject)
    return _letter(tx, ways, channel, key, subjects) if subjects else None


def _wanted(tx: Tx, ways: Ways, delivery: Delivery) -> Subject | None:
    """What it is about, if it is to go out now; otherwise it is dropped, or held for longer."""
    if delivery.status == "attempted" and not ways.channels[delivery.channel].repeatable:
        # An earlier try ended without a word: a second one might be seen twice.
        _drop(tx, delivery, "unknown", "unclear")
        return None
    subject = queries.subject(tx, delivery.notification_id)
    reason = _over(tx, ways, subject) if subject else "deleted"
    if subject is None or reason:
        _drop(tx, delivery, "not_sent", reason or "")
        return None
    verdict = _decided(tx, ways, subject, waited=True)[WAYS.index(delivery.channel)]
    if verdict.outcome == "not_sent":
        _drop(tx, delivery, "not_sent", verdict.rule)
        return None
    # What was folded for this moment is not folded again, but a night that has begun since is kept.
    if verdict.outcome == "held" and (delivery.status == "queued" or verdict.rule in ("quiet_hours", "muted")):
        queries.hold(tx, delivery.id, verdict.rule, verdict.at)
        _due(tx, delivery.id, delivery.user_id, verdict)
        return None
    return subject


def _letter(tx: Tx, ways: Ways, channel: ChannelName, key: str, subjects: Sequence[Subject]) -> Letter:
    first = subjects[0]
    title, body, action = first.title, first.body, first.action
    if len(subjects) > 1:
        title, body = texts.digest(first.locale, [(subject.title, subject.body) for subject in subjects])
        action = "/notifications"
    whole = None if action is None else ways.base_url + action
    settings = f"{ways.base_url}{links.ROOT}/{links.token(tx, first.user_id)}"
    return Letter(
        key=key,
        user_id=first.user_id,
        addresses=ways.channels[channel].addresses(tx, first.user_id),
        title=title,
        body=body,
        html=texts.letter(first.locale, title=title, body=body, action=whole, preferences=settings),
        collapse=first.group_key or first.id,
        priority=first.priority,
        action=whole,
        preferences=settings,
    )


def finished(tx: Tx, key: str, status: Status, detail: str | None) -> None:
    """What became of a letter: `detail` is the provider's id for it, or the reason."""
    moved = queries.sent(tx, key, detail) if status == "sent" else queries.ended(tx, key, status, detail or "")
    for one in moved:
        _count(tx, one, status)


def reported(tx: Tx, channel: ChannelName, provider_id: str, status: Status, reason: str) -> None:
    """A provider says later that it was delivered, bounced or failed. What it says twice counts once."""
    for one in queries.reported(tx, channel, provider_id, status, reason):
        _count(tx, one, "sent", -1)
        _count(tx, one, status)


def put_back(tx: Tx, key: str, *, last: bool, reason: str) -> None:
    """A try failed and the provider has not taken it: the next one may begin, or it has failed for good."""
    if last:
        finished(tx, key, "failed", reason)
    else:
        queries.waits_again(tx, key)


def _drop(tx: Tx, delivery: Delivery, status: Status, rule: str) -> None:
    queries.drop(tx, delivery.id, status, rule)
    _count(tx, Moved(delivery.user_id, delivery.category, delivery.priority, delivery.channel), status)


def _count(tx: Tx, moved: Moved, status: Status, number: int = 1) -> None:
    add_figure(tx, moved.user_id, Figure(moved.category, moved.priority, moved.channel, status, number))


def channel_of(tx: Tx, delivery_id: str) -> ChannelName | None:
    found = queries.delivery(tx, delivery_id)
    return found.channel if found else None


def trace(tx: Tx, user_id: str, notification_id: str) -> list[Step]:
    """Raises NotFound."""
    if notification(tx, user_id, notification_id) is None:
        raise NotFound
    return queries.steps(tx, notification_id)
