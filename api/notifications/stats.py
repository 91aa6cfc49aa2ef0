"""Somebody's figures, of counters that cost the same however much was sent. Values in, values out."""

from collections import defaultdict
from collections.abc import Iterable

from api.db.rows import Record
from api.notifications.kinds import Category, Priority
from api.notifications.queries import Figure


class Numbers(Record):
    total: int
    read: int


class Stats(Record):
    """`byChannel`: how many stand at each status by each way.

    `deliveryRate`: of what was handed to a provider, by any way, the part that did not come back or fail. `readRate`:
    of all notifications, the part that was read. Null where there is nothing to divide by.
    """

    total: int
    read: int
    by_category: dict[Category, Numbers]
    by_priority: dict[Priority, Numbers]
    by_channel: dict[str, dict[str, int]]
    delivery_rate: float | None
    read_rate: float | None


def stats(figures: Iterable[Figure]) -> Stats:
    found = list(figures)
    by_channel: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    by_category: dict[Category, Numbers] = defaultdict(lambda: Numbers(0, 0))
    by_priority: dict[Priority, Numbers] = defaultdict(lambda: Numbers(0, 0))
    for figure in found:
        by_channel[figure.channel][figure.status] += figure.number
        if figure.channel == "inApp":
            for numbers in (by_category[figure.category], by_priority[figure.priority]):
                numbers.total += figure.number if figure.status == "sent" else 0
                numbers.read += figure.number if figure.status == "read" else 0
    in_app = by_channel.get("inApp", {})
    total, read = in_app.get("sent", 0), in_app.get("read", 0)
    outside = [counts for channel, counts in by_channel.items() if channel != "inApp"]
    went = sum(counts.get(status, 0) for counts in outside for status in ("sent", "delivered", "bounced", "failed"))
    arrived = sum(counts.get(status, 0) for counts in outside for status in ("sent", "delivered"))
    return Stats(
        total=total,
        read=read,
        by_category=dict(by_category),
        by_priority=dict(by_priority),
        by_channel={name: dict(counts) for name, counts in by_channel.items()},
        delivery_rate=arrived / went if went else None,
        read_rate=read / total if total else None,
    )
