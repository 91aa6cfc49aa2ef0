"""Due work: how many rows a second one loop and two take, each row once. As a program it is one process of loops."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
import uvloop

from api.clock import system_clock
from api.db import Database, Tx, open_database
from api.outbox.loop import Outbox, Work
from api.outbox.types import Due
from tests.bench import cast
from tests.bench.processes import cores, environment

KIND = "bench.nothing"
FILL = """
insert into due (id, kind, subject, body, due_at, created_at)
with recursive n (i) as (select 1 union all select i + 1 from n where i < $1)
select 'due_' || cast(i as text), $2, cast(i as text), '{}', $3, $3 from n
"""
PATIENCE_SECONDS = 60


class Done(msgspec.Struct):
    """`end` by the clock that all processes of a machine share; rows begin to be due at the same moment for all."""

    rows: int
    end: float


def rate(folder: Path, database_url: str, rows: int, loops: Sequence[int]) -> float:
    """Rows a second with a process for each of `loops`, of so many loops. Raises SystemExit for a row done twice."""
    asyncio.run(_fill(folder, database_url, rows))
    started = [_started(folder, database_url, count, core) for core, count in zip(cores(), loops, strict=False)]
    try:
        for process in started:
            assert process.stdout is not None
            process.stdout.readline()
        start = time.monotonic()
        done = [
            msgspec.json.decode(process.communicate(timeout=PATIENCE_SECONDS)[0], type=Done)
            for process in _all_told(started)
        ]
    finally:
        for process in started:
            process.kill()
            process.wait()
    if sum(one.rows for one in done) != rows:
        raise SystemExit(f"bench: {rows} rows were due, and {sum(one.rows for one in done)} were done")
    return rows / (max(one.end for one in done) - start)


def _started(folder: Path, database_url: str, loops: int, core: int) -> "subprocess.Popen[bytes]":
    words = ["taskset", "-c", str(core), sys.executable, "-m", "tests.bench.due", str(folder), database_url, str(loops)]
    return subprocess.Popen(
        words, env=environment(folder, database_url, 0), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )


def _all_told(processes: Sequence["subprocess.Popen[bytes]"]) -> Sequence["subprocess.Popen[bytes]"]:
    """All may begin, before any is waited for."""
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(b"go\n")
        process.stdin.flush()
    return processes


async def _fill(folder: Path, database_url: str, rows: int) -> None:
    db = open_database(cast.settings(folder, database_url))
    await db.open()
    try:
        await db.write(_fill_in, rows)
    finally:
        await db.close()


def _fill_in(tx: Tx, rows: int) -> None:
    tx.run("delete from due where kind = $1", KIND)
    tx.run(FILL, rows, KIND, tx.now)


async def _work(folder: Path, database_url: str, loops: int) -> Done:
    db = open_database(cast.settings(folder, database_url))
    await db.open()
    try:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
        return await _until_none_is_left(db, loops)
    finally:
        await db.close()


async def _until_none_is_left(db: Database, loops: int) -> Done:
    ends: list[float] = []

    def nothing(tx: Tx, _: Due) -> None:
        tx.after_commit(lambda: ends.append(time.monotonic()))

    boxes = [Outbox(db, {KIND: Work(within=nothing)}, system_clock, f"bench-{os.getpid()}-{n}") for n in range(loops)]
    tasks = [asyncio.create_task(box.run()) for box in boxes]
    while await db.read(_left):
        await asyncio.sleep(0.05)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return Done(len(ends), max(ends, default=0.0))


def _left(tx: Tx) -> bool:
    return tx.value("select 1 from due where kind = $1 limit 1", KIND) is not None


def main() -> None:
    folder, database_url, loops = sys.argv[1:]
    done = uvloop.run(_work(Path(folder), database_url, int(loops)))
    sys.stdout.buffer.write(msgspec.json.encode(done))


if __name__ == "__main__":
    main()
