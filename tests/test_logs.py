import json
import logging
import os
import queue
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import msgspec
import psycopg
import pytest

from api.db import Database, Tx, open_database
from api.logs import Dropping, Lines
from api.settings import Settings
from tests.conftest import Cast, say


class Written(logging.Handler):
    """Every line as it would be written."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(Lines())
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))

    def events(self, name: str) -> list[dict[str, Any]]:
        return [line for line in map(json.loads, self.lines) if line["event"] == name]


@pytest.fixture
def written() -> Iterator[Written]:
    handler, root = Written(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    logging.getLogger("aiosqlite").setLevel(logging.WARNING)
    yield handler
    root.removeHandler(handler)
    root.setLevel(level)


async def test_nothing_that_people_wrote_and_no_token_is_logged(cast: Cast, written: Written) -> None:
    headers = {"Idempotency-Key": "canary-key", "User-Agent": "canary-agent", "X-Request-Id": "an-id"}
    await say(cast.pat, "canary text", clientMessageId="canary-id")
    for body in (b'{"text":"canary"', b'{"text":"canary","canary":1}', b'{"text":"canary","type":"canary"}'):
        await cast.pat.post("/chat/booking/1/message", content=body, headers=headers)
    await cast.otto.post("/chat/booking/1/message", json={"text": "canary"}, headers=headers)
    await cast.pat.get("/chat/conversations?cursor=canary")
    await cast.anon.get("/chat/canary", headers={"Authorization": "Bearer canary.canary.canary"})
    ours = [line for line in written.lines if json.loads(line)["logger"].startswith("porchlight")]
    assert ours
    assert not [line for line in ours if "canary" in line or "eyJ" in line]


@pytest.mark.parametrize(
    ("who", "path", "code", "route", "caller"),
    [
        ("otto", "/chat/booking/1/history", "not_found", "/chat/booking/{bookingId}/history", "otto"),
        ("pat", "/platform/users/carol", "forbidden", "/platform/users/{userId}", "pat"),
        ("anon", "/chat/conversations", "unauthenticated", "/chat/conversations", "127.0.0.1"),
        ("anon", "/%41%0a", None, None, None),
    ],
)
async def test_a_denial_leaves_one_line(
    cast: Cast, written: Written, who: str, path: str, code: str | None, route: str | None, caller: str | None
) -> None:
    written.lines.clear()
    await getattr(cast, who).get(path, headers={"X-Request-Id": "an-id"})
    found = written.events("denied")
    assert len(found) == (1 if code else 0)
    for line in found:
        assert (line["code"], line["caller"], line["request_id"]) == (code, caller, "an-id")
        assert line["route"].endswith(route)


async def test_an_unhandled_error_is_a_500_and_one_line_with_its_request_id(
    cast: Cast, settings: Settings, engine: str, written: Written
) -> None:
    await _break(settings, engine)
    answer = await cast.pat.get("/chat/unread-count", headers={"X-Request-Id": "an-id"})
    assert (answer.status_code, answer.json()["code"], answer.json()["requestId"]) == (500, "internal", "an-id")
    assert answer.headers["content-type"] == "application/problem+json"
    assert "members" not in answer.text
    (line,) = written.events("unhandled")
    assert (line["level"], line["request_id"], "Traceback" in line["exception"]) == ("error", "an-id", True)


async def _break(settings: Settings, engine: str) -> None:
    """Take a table away behind the server's back."""
    statement = "alter table members rename to elsewhere"
    if engine == "sqlite":
        with sqlite3.connect(settings.data_dir / "porchlight.db") as conn:
            conn.execute(statement)
    else:
        with psycopg.connect(settings.database_url) as conn:
            conn.execute(statement)


async def test_what_a_database_says_of_a_row_is_not_logged(db: Database, written: Written) -> None:
    def wrong(tx: Tx, text: str) -> None:
        tx.run("insert into users (id, role, name, created_at, updated_at) values ($1, $1, $1, 1, 1)", text)

    try:
        # In two pieces: a traceback quotes our lines.
        await db.write(wrong, "can" + "ary")
    except Exception:
        logging.getLogger("porchlight.test").exception("wrong")
    (line,) = written.events("wrong")
    assert "canary" not in json.dumps(line)
    assert "constraint" in line["exception"]


async def test_a_slow_statement_is_logged_without_its_values(settings: Settings, written: Written) -> None:
    def slow(tx: Tx) -> Any:
        many = "with recursive n (i) as (select 1 union all select i + 1 from n where i < 100000) "
        return tx.value(f"{many} select count(*) from n where cast(i as text) <> $1", "canary")

    database = open_database(msgspec.structs.replace(settings, slow_query_ms=2))
    await database.open()
    await database.read(slow)
    await database.close()
    (line,) = [line for line in written.events("slow query") if "with recursive n" in line["sql"]]
    assert (line["level"], line["ms"] >= 2, "$1" in line["sql"]) == ("warning", True, True)
    assert "canary" not in json.dumps(line)


@pytest.mark.parametrize("text", ["a\r\nb", "\x1b[31mred", "\u2028", "\x00", '"}{"event":"forged"', "\ud800"])
def test_one_event_is_one_line_of_ascii(text: str) -> None:
    line = Lines().format(logging.makeLogRecord({"msg": text, "path": text}))
    assert line.isascii()
    assert line.isprintable()
    assert (json.loads(line)["event"], json.loads(line)["path"]) == (text, text)


def test_a_line_says_when_what_and_how_bad(written: Written) -> None:
    logging.getLogger("porchlight.test").warning("it rains", extra={"millimetres": 3})
    line = json.loads(written.lines[-1])
    assert set(line) == {"at", "level", "logger", "event", "millimetres"}
    assert (line["level"], line["logger"], line["at"][-1], line["millimetres"]) == (
        "warning",
        "porchlight.test",
        "Z",
        3,
    )


def test_what_a_full_queue_drops_is_counted_in_the_next_line() -> None:
    waiting: queue.Queue[Any] = queue.Queue(2)
    handler = Dropping(waiting)
    for number in range(5):
        handler.handle(logging.makeLogRecord({"msg": str(number)}))
    assert [waiting.get().msg, waiting.get().msg] == ["0", "1"]
    handler.handle(logging.makeLogRecord({"msg": "5"}))
    assert json.loads(Lines().format(waiting.get()))["dropped_before"] == 3


FLOOD = """
import logging, time
from api.logs import logging_to_stderr
with logging_to_stderr("info"):
    begin = time.monotonic()
    for number in range(30_000):
        logging.info("event %d", number)
    print(time.monotonic() - begin, flush=True)
"""


def test_a_sink_that_nobody_reads_stops_nothing_not_even_the_exit() -> None:
    # The pipe holds 64 KiB: the first write beyond that blocks for good.
    read, write = os.pipe()
    begin = time.monotonic()
    done = subprocess.run([sys.executable, "-c", FLOOD], stderr=write, stdout=subprocess.PIPE, timeout=120, check=False)
    assert (done.returncode, float(done.stdout) < 20, time.monotonic() - begin < 60) == (0, True, True)
    os.close(write)
    os.close(read)


def test_a_sink_that_is_gone_stops_nothing_either() -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([sys.executable, "-c", FLOOD], stderr=write, stdout=subprocess.PIPE, timeout=120, check=False)
    os.close(write)
    assert done.returncode == 0


def test_a_sink_that_is_read_gets_every_line_before_the_exit() -> None:
    flood = FLOOD.replace("30_000", "5_000")
    done = subprocess.run([sys.executable, "-c", flood], capture_output=True, timeout=120, check=False)
    assert [json.loads(line)["event"] for line in done.stderr.splitlines()] == [f"event {n}" for n in range(5_000)]
