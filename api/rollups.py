"""Figures by subject and time that cost the same to read however much they sum up: counts, sums and log histograms.

A value is counted in the quarter of an hour (UTC) that it belongs to, in the day around it and in the 32 days around
that, so that long windows are read from few rows. What is counted without a value stands in the bucket 0.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from api.db import Tx
from api.db.rows import parameters

QUARTER = 900_000
# In quarters of an hour, each a multiple of the one before: a day and 32 days are the longer ones.
SPANS = (1, 96, 3072)
# The largest value of a bucket to its smallest.
GROWTH = math.log(1.05)
CHUNK = 50
Key = tuple[int, int, str, str, int]


class Counted(NamedTuple):
    """`value` counts once for each of the subjects."""

    measure: str
    subjects: Sequence[str]
    quarter: int
    value: int


class Tally(msgspec.Struct):
    """`buckets`: how many values each holds, and their sum."""

    buckets: dict[int, tuple[int, int]] = {}

    def take(self, number: int, count: int, total: int) -> None:
        before = self.buckets.get(number, (0, 0))
        self.buckets[number] = before[0] + count, before[1] + total

    def __add__(self, other: "Tally") -> "Tally":
        both = Tally(dict(self.buckets))
        for number, (count, total) in other.buckets.items():
            both.take(number, count, total)
        return both

    @property
    def count(self) -> int:
        return sum(count for count, _ in self.buckets.values())

    def mean(self) -> float | None:
        """Exact; None of nothing."""
        return sum(total for _, total in self.buckets.values()) / self.count if self.buckets else None

    def quantile(self, share: float) -> float | None:
        """Within 5 %, between the two nearest values; None of nothing."""
        if not self.buckets:
            return None
        place = (self.count - 1) * share
        low, high = self._at(math.floor(place)), self._at(math.ceil(place))
        return low + (high - low) * (place % 1)

    def _at(self, rank: int) -> float:
        """About the value that `rank` others come before: the mean of its bucket."""
        numbers = sorted(self.buckets)
        ends = itertools.accumulate(self.buckets[number][0] for number in numbers)
        count, total = self.buckets[next(number for number, end in zip(numbers, ends, strict=True) if rank < end)]
        return total / count


def bucket(value: int) -> int:
    return 1 + math.floor(math.log(value) / GROWTH) if value > 0 else 0


def add(tx: Tx, measure: str, subjects: Sequence[str], moment: int, value: int = 0) -> None:
    """Collected now, and written just before the commit, together with all others. Add before you tell.

    On PostgreSQL whoever told first would wait for a subject with its topics locked.
    """
    tx.collect(write, Counted(measure, subjects, moment // QUARTER, value))


def write(tx: Tx, values: list[Counted]) -> None:
    """In the order of the key, so that two functions never wait for each other in a ring."""
    sums: dict[Key, tuple[int, int]] = {}
    for measure, subjects, quarter, value in values:
        number = bucket(value)
        for span in SPANS:
            start = quarter - quarter % span
            for subject in subjects:
                key = span, start, subject, measure, number
                count, total = sums.get(key, (0, 0))
                sums[key] = count + 1, total + value
    rows = sorted(sums.items())
    for first in range(0, len(rows), CHUNK):
        _increase(tx, rows[first : first + CHUNK])


def _increase(tx: Tx, rows: Sequence[tuple[Key, tuple[int, int]]]) -> None:
    tx.run(
        f"insert into rollups (span, start, subject, measure, bucket, count, total) values {parameters(len(rows), 7)} "
        "on conflict (span, start, subject, measure, bucket) do update "
        "set count = rollups.count + excluded.count, total = rollups.total + excluded.total",
        *(value for key, sums in rows for value in (*key, *sums)),
    )


def read(tx: Tx, subject: str, start: int, end: int) -> dict[str, Tally]:
    """By measure, from `start` to before `end`, in epoch milliseconds, both whole quarters of an hour."""
    found: dict[str, Tally] = {}
    for span, first, last in cover(start // QUARTER, end // QUARTER):
        for measure, number, count, total in _sums(tx, subject, span, first, last):
            found.setdefault(measure, Tally()).take(number, count, total)
    return found


def _sums(tx: Tx, subject: str, span: int, first: int, last: int) -> list[tuple[str, int, int, int]]:
    return tx.all(
        _sum,
        # There are few spans in a window: each is looked up by the key, which needs no index by subject. `cross join`
        # keeps SQLite from beginning with the rollups, of which there are many.
        "with recursive spans (start) as (select cast($3 as bigint) union all "
        "select start + $2 from spans where start + $2 < $4) "
        "select r.measure, r.bucket, cast(sum(r.count) as bigint), cast(sum(r.total) as bigint) from spans "
        "cross join rollups r where r.span = $2 and r.start = spans.start and r.subject = $1 "
        "group by r.measure, r.bucket",
        subject,
        span,
        first,
        last,
    )


def _sum(measure: str, number: int, count: int, total: int) -> tuple[str, int, int, int]:
    return measure, number, count, total


def cover(start: int, end: int, spans: Sequence[int] = SPANS) -> Iterator[tuple[int, int, int]]:
    """The longest spans that fit into a window, and shorter ones before and after them, as (span, from, to)."""
    *shorter, span = spans
    first, last = start + -start % span, end - end % span
    if first >= last:
        first = last = end
    else:
        yield span, first, last
    for edge in ((start, first), (last, end)):
        if edge[0] < edge[1]:
            yield from cover(*edge, shorter)
