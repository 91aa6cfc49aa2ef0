"""What a power cut leaves is what was synced: each answer is preceded by an fdatasync of the WAL."""

import asyncio
import os
import shutil
import statistics
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from api.settings import Settings
from tests.db.notes import only_sqlite
from tests.faults.process import PORCHLIGHT, Served, served

pytestmark = [
    only_sqlite,
    pytest.mark.skipif(not shutil.which("strace") and not os.environ.get("CI"), reason="strace is not installed"),
]
UNSAFE = (
    "from api.db import sqlite; sqlite.WRITER_PRAGMAS['synchronous'] = 1; from api.cli import main; main(['serve'])"
)


@contextmanager
def traced(settings: Settings, command: list[str]) -> Iterator[tuple[Served, Path]]:
    trace = settings.data_dir / "trace"
    strace = ["strace", "-f", "-y", "--seccomp-bpf", "-e", "trace=fdatasync,fsync", "-o", str(trace)]
    with served(settings, [*strace, *command]) as server:
        yield server, trace


def syncs(trace: Path) -> int:
    return sum("sync(" in line and "porchlight.db-wal>" in line for line in trace.read_text().splitlines())


async def syncs_of_each(server: Served, trace: Path, count: int) -> list[int]:
    """How often the WAL was synced before each answer, of so many messages sent one after the other."""
    await server.book("1")
    found = []
    async with server.client("pat") as pat:
        await pat.post("/chat/booking/1/message", json={"text": "The first one also looks at the token."})
        for number in range(count):
            before = syncs(trace)
            answer = await pat.post("/chat/booking/1/message", json={"text": f"{number}"})
            assert answer.status_code == 201
            found.append(syncs(trace) - before)
    return found


async def test_the_wal_is_synced_once_before_each_answer(settings: Settings) -> None:
    with traced(settings, [*PORCHLIGHT, "serve"]) as (server, trace):
        found = await syncs_of_each(server, trace, 50)
    # A checkpoint syncs once more, and so does a commit of the server's own.
    assert (min(found), statistics.median(found)) == (1, 1)


async def test_the_same_count_finds_out_a_server_that_does_not_sync(settings: Settings) -> None:
    with traced(settings, [sys.executable, "-c", UNSAFE]) as (server, trace):
        found = await syncs_of_each(server, trace, 50)
    assert statistics.median(found) == 0


async def test_messages_sent_together_share_a_sync(settings: Settings) -> None:
    with traced(settings, [*PORCHLIGHT, "serve"]) as (server, trace):
        await server.book("1")
        async with server.client("pat") as pat:
            before = syncs(trace)
            sent = [pat.post("/chat/booking/1/message", json={"text": f"{number}"}) for number in range(100)]
            assert {answer.status_code for answer in await asyncio.gather(*sent)} == {201}
        assert 0 < syncs(trace) - before < 100
