"""One function, one statement."""

from api import ids
from api.db import Tx
from api.notifications.decision import HOUR, Verdict
from api.notifications.dispatch.types import Delivery, Moved, Step, Subject

DELIVERY = "id, notification_id, user_id, channel, category, priority, status, due_at, letter_key"
SUBJECT = (
    "select n.id, n.user_id, n.kind, n.category, n.priority, n.title, n.body, n.action, n.cause, n.group_key, "
    "u.locale, case when n.deleted_at is not null then 'deleted' when n.archived_at is not null then 'archived' "
    "when n.read_at is not null then 'read' when n.ends_at <= $2 then 'ended' when u.disabled = 1 then 'disabled' end "
    "as over from notifications n join users u on u.id = n.user_id "
)


def subject(tx: Tx, notification_id: str) -> Subject | None:
    return tx.one(Subject, SUBJECT + "where n.id = $1", notification_id, tx.now)


def of_notification(tx: Tx, notification_id: str) -> list[Delivery]:
    return tx.all(Delivery, f"select {DELIVERY} from dispatches where notification_id = $1", notification_id)


def recent(tx: Tx, user_id: str, channel: str, category: str) -> tuple[int, int]:
    """How many went this way within the last hour, and when the first of them did."""
    return tx.only(
        _pair,
        "select count(*), coalesce(min(sent_at), 0) from dispatches "
        "where user_id = $1 and channel = $2 and category = $3 and sent_at > $4",
        user_id,
        channel,
        category,
        tx.now - HOUR,
    )


def _pair(number: int, moment: int) -> tuple[int, int]:
    return number, moment


def put(tx: Tx, subject: Subject, verdict: Verdict) -> str:
    """What was decided for one way, in the place of what was decided before; its id."""
    return tx.only(
        str,
        "insert into dispatches "
        "(id, notification_id, user_id, channel, category, status, rule, due_at, changed_at, priority) "
        "values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (notification_id, channel) do update "
        "set status = excluded.status, rule = excluded.rule, due_at = excluded.due_at, letter_key = null, "
        "reason = null, changed_at = excluded.changed_at returning id",
        ids.new("dlv", tx.now),
        subject.id,
        subject.user_id,
        verdict.channel,
        subject.category,
        verdict.outcome,
        verdict.rule,
        verdict.at,
        tx.now,
        subject.priority,
    )


def delivery(tx: Tx, delivery_id: str) -> Delivery | None:
    return tx.one(Delivery, f"select {DELIVERY} from dispatches where id = $1", delivery_id)


def lock(tx: Tx, delivery_id: str) -> Delivery | None:
    return tx.lock(Delivery, f"select {DELIVERY} from dispatches where id = $1", delivery_id)


def held(tx: Tx, user_id: str, channel: str, letter_key: str) -> list[Delivery]:
    """What waits to be folded into one now, and what an earlier try has folded already; the oldest first."""
    return tx.all(
        Delivery,
        f"select {DELIVERY} from dispatches where user_id = $1 and channel = $2 and status = 'held' and due_at <= $3 "
        f"union all select {DELIVERY} from dispatches where letter_key = $4 and status = 'attempted' order by id",
        user_id,
        channel,
        tx.now,
        letter_key,
    )


def begin(tx: Tx, delivery_id: str, letter_key: str) -> None:
    """It is handed to the provider right after this commits."""
    tx.run(
        "update dispatches set status = 'attempted', letter_key = $2, attempts = attempts + 1, changed_at = $3 "
        "where id = $1",
        delivery_id,
        letter_key,
        tx.now,
    )


def drop(tx: Tx, delivery_id: str, status: str, rule: str) -> None:
    tx.run(
        "update dispatches set status = $2, rule = $3, changed_at = $4 where id = $1",
        delivery_id,
        status,
        rule,
        tx.now,
    )


def hold(tx: Tx, delivery_id: str, rule: str, until: int) -> None:
    tx.run(
        "update dispatches set status = 'held', rule = $2, due_at = $3, changed_at = $4 where id = $1",
        delivery_id,
        rule,
        until,
        tx.now,
    )


MOVED = "user_id, category, priority, channel"


def sent(tx: Tx, letter_key: str, provider_id: str | None) -> list[Moved]:
    """The provider has taken it."""
    return tx.all(
        Moved,
        "update dispatches set status = 'sent', provider_id = $2, sent_at = $3, changed_at = $3 "
        f"where letter_key = $1 and status = 'attempted' returning {MOVED}",
        letter_key,
        provider_id,
        tx.now,
    )


def ended(tx: Tx, letter_key: str, status: str, reason: str) -> list[Moved]:
    """The provider has not taken it, or we cannot know; the status says which."""
    return tx.all(
        Moved,
        "update dispatches set status = $2, reason = $3, changed_at = $4 "
        f"where letter_key = $1 and status = 'attempted' returning {MOVED}",
        letter_key,
        status,
        reason,
        tx.now,
    )


def reported(tx: Tx, channel: str, provider_id: str, status: str, reason: str) -> list[Moved]:
    """The provider says later what became of what it took."""
    return tx.all(
        Moved,
        "update dispatches set status = $3, reason = $4, changed_at = $5 "
        f"where channel = $1 and provider_id = $2 and status = 'sent' returning {MOVED}",
        channel,
        provider_id,
        status,
        reason,
        tx.now,
    )


def waits_again(tx: Tx, letter_key: str) -> int:
    """A try failed in a way that says nothing was sent; what was folded stays folded."""
    return tx.run(
        "update dispatches set changed_at = $2, "
        "status = case when rule in ('now', 'after_the_ways_before') then 'queued' else 'held' end "
        "where letter_key = $1 and status = 'attempted'",
        letter_key,
        tx.now,
    )


def steps(tx: Tx, notification_id: str) -> list[Step]:
    """How it went, way by way; the explanations are still to come."""
    return tx.all(
        Step,
        "select channel, status, rule, coalesce(reason, '') as explanation, due_at, sent_at, attempts, changed_at "
        "from dispatches where notification_id = $1 order by id",
        notification_id,
    )


def forget(tx: Tx, notification_ids: str) -> int:
    """What is known of how these went out; a JSON list."""
    return tx.run(
        "delete from dispatches where notification_id in (select value from json_each(cast($1 as text)))",
        notification_ids,
    )
