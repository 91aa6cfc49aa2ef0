"""What the statements of a send cost by themselves: no HTTP, no second thread, one transaction for all."""

import statistics
import time
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


async def statements(folder: Path, database_url: str) -> dict[str, float]:
    """Median microseconds of each, by its first words, and of the `whole send`."""
    db = open_database(cast.settings(folder, database_url))
    await db.open()
    try:
        return await db.write(_timed, 500 if database_url else SENDS)
    finally:
        await db.close()


def _timed(tx: Tx, sends: int) -> dict[str, float]:
    times: dict[str, list[float]] = {}
    execute = tx._execute

    def timed(sql: str, params: Sequence[Any]) -> Any:
        start = time.perf_counter()
        cursor = execute(sql, params)
        times.setdefault(" ".join(sql.split()[:3]), []).append(time.perf_counter() - start)
        return cursor

    for number in range(sends):
        sender = cast.provider(str(number % cast.SENDERS))
        draft = Draft(text=cast.TEXT, client_message_id=f"timed-{number}")
        one = Tx(timed, system_clock())
        start = time.perf_counter()
        actions.send(one, Actor(sender, "provider", sender), str(number % cast.SENDERS), draft, Settings())
        one.finish()
        times.setdefault("whole send", []).append(time.perf_counter() - start)
    return {name: statistics.median(found) * 1e6 for name, found in times.items()}
