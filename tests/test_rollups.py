import random
import statistics
from collections.abc import Sequence
from typing import Any

import pytest

from api import rollups
from api.db import Database, Tx
from api.rollups import QUARTER, SPANS, Tally, bucket, cover

DAY, DAYS_32 = SPANS[1:]
HUNDRED_DAYS = 100 * DAY


def tally(values: list[int]) -> Tally:
    found = Tally()
    for value in values:
        found.take(bucket(value), 1, value)
    return found


@pytest.mark.parametrize("seed", range(20))
def test_averages_are_exact_and_quantiles_within_five_percent(seed: int) -> None:
    rng = random.Random(seed)
    middle, spread = rng.uniform(3, 15), rng.uniform(0.1, 3)
    values = [round(rng.lognormvariate(middle, spread)) + 1 for _ in range(rng.randint(1, 400))]
    found = tally(values)
    assert (found.count, found.mean()) == (len(values), sum(values) / len(values))
    assert found.quantile(0.5) == pytest.approx(statistics.median(values), rel=0.05)
    assert found.quantile(0) == pytest.approx(min(values), rel=0.05)
    assert found.quantile(1) == pytest.approx(max(values), rel=0.05)


def test_a_bucket_is_five_percent_wide() -> None:
    ends: dict[int, list[int]] = {}
    for value in [*range(1, 2000), *(round(1.001**power) for power in range(8000, 30_000))]:
        ends.setdefault(bucket(value), []).append(value)
    assert max(max(values) / min(values) for values in ends.values()) <= 1.05 + 1e-9
    assert bucket(0) == 0 < min(ends)


def test_a_window_is_covered_once_by_few_spans() -> None:
    rng = random.Random(5)
    for start, end in [sorted(rng.sample(range(HUNDRED_DAYS), 2)) for _ in range(200)]:
        parts = list(cover(start, end))
        covered = [quarter for _, first, last in parts for quarter in range(first, last)]
        assert sorted(covered) == list(range(start, end))
        assert all(first % span == last % span == 0 for span, first, last in parts)
        assert sum((last - first) // span for span, first, last in parts) <= 2 * (DAY + DAYS_32 // DAY) + 3


async def test_any_window_reads_what_was_added_in_it(db: Database) -> None:
    rng = random.Random(7)
    added = [(rng.choice(["a", "b"]), rng.randrange(HUNDRED_DAYS * QUARTER), rng.randrange(5000)) for _ in range(300)]

    def add(tx: Tx) -> None:
        for subject, moment, value in added:
            rollups.add(tx, "test.wait", [subject], moment, value)

    for _ in range(2):
        await db.write(add)
    for start, end in [sorted(rng.sample(range(HUNDRED_DAYS), 2)) for _ in range(30)]:
        within = [value for who, at, value in added if who == "a" and start <= at // QUARTER < end] * 2
        found = await db.read(rollups.read, "a", start * QUARTER, end * QUARTER)
        assert found.get("test.wait", Tally()) == tally(within)


async def test_more_of_the_same_takes_no_more_rows(db: Database) -> None:
    rng = random.Random(9)
    values = [(rng.randrange(DAY * QUARTER), rng.randrange(60_000, 3_600_000)) for _ in range(200)]

    def add(tx: Tx) -> None:
        for moment, value in values:
            rollups.add(tx, "test.wait", ["a"], moment, value)

    def rows(tx: Tx) -> int:
        return int(tx.value("select count(*) from rollups"))

    await db.write(add)
    before = await db.read(rows)
    for _ in range(5):
        await db.write(add)
    assert await db.read(rows) == before


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_read_looks_at_nobody_elses_rows(db: Database) -> None:
    def plan(tx: Tx) -> str:
        asked: list[tuple[Any, ...]] = []

        def execute(sql: str, params: Sequence[Any]) -> Any:
            asked.append((f"explain query plan {sql}", params))
            return tx._execute(sql, params)

        rollups.read(Tx(execute, tx.now), "a", 0, QUARTER)
        return " ".join(row[3] for explained in asked for row in tx._execute(*explained).fetchall())

    assert "SEARCH r USING PRIMARY KEY (span=? AND start=? AND subject=?)" in await db.read(plan)
