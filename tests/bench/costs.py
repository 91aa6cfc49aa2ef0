"""What the statements of a send cost by themselves: no HTTP, no second thread, one transaction for all."""

import statistics
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from api.auth import Actor
from api.chat.messages import actions
from api.chat.types import Draft
from api.clock import system_clock
from api.db import Tx, open_database
from api.settings import Settings
from tests.bench import cast

SENDS = 2000
AT_ONCE = 50


async def statements(folder: Path, database_url: str) -> dict[str, float]:
    """Median microseconds that each takes of one send, by its first words, and of the `whole send`.

    In batches as the writer has them: of 50 on SQLite, on PostgreSQL of one.
    """
    db = open_database(cast.settings(folder, database_url))
    await db.open()
    try:
        return await db.write(_timed, *(500, 1) if database_url else (SENDS, AT_ONCE))
    finally:
        await db.close()


def _timed(tx: Tx, sends: int, at_once: int) -> dict[str, float]:
    times: dict[str, list[float]] = {}
    for first in range(0, sends, at_once):
        for name, seconds in _batch(tx, range(first, first + at_once)).items():
            times.setdefault(name, []).append(seconds / at_once)
    return {name: statistics.median(found) * 1e6 for name, found in times.items()}


def _batch(tx: Tx, numbers: Sequence[int]) -> dict[str, float]:
    spent: dict[str, float] = defaultdict(float)

    def timed(sql: str, params: Sequence[Any]) -> Any:
        start = time.perf_counter()
        cursor = tx._execute(sql, params)
        spent[" ".join(sql.split()[:3])] += time.perf_counter() - start
        return cursor

    settings = Settings()
    start = time.perf_counter()
    whole = Tx(timed, system_clock())
    for number in numbers:
        sender = cast.provider(str(number % cast.SENDERS))
        draft = Draft(text=cast.TEXT, client_message_id=f"timed-{number}")
        one = Tx(timed, system_clock())
        actions.send(one, Actor(sender, "provider", sender), str(number % cast.SENDERS), draft, settings)
        one.hand_to(whole)
    whole.finish()
    return {**spent, "whole send": time.perf_counter() - start}
