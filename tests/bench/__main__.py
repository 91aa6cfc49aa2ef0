"""`make bench`: one table of how fast Porchlight is, printed and kept in `results/`."""

import argparse
import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from urllib.parse import quote, urlencode

from psycopg.conninfo import conninfo_to_dict

from tests.bench import cast, costs, figures, live, machine
from tests.bench.live import FULL, QUICK, Live, Size
from tests.bench.processes import BENCH, PRODUCT, running, wait_for_rest
from tests.bench.table import Measured, Setting, rendered
from tests.conftest import postgres_schema

RESULTS = Path(__file__).with_name("results")
STARTS = 5


def main() -> None:
    quick = _asked()
    if missing := _missing():
        raise SystemExit(f"bench: {missing}")
    rounds, seconds, size = (2, 1, QUICK) if quick else (5, 2, FULL)
    engines = [_measure("", rounds, seconds, size)]
    if url := os.environ.get("TEST_DATABASE_URL"):
        engines.append(_measure(url, 1 if quick else 3, seconds, size))
    told = (
        f"Medians of {rounds} interleaved rounds of {seconds} s, over sockets of {size.rounds} of {size.seconds:g} s; "
        f"of PostgreSQL over REST {1 if quick else 3}."
    )
    setting = Setting(date.today().isoformat(), machine.described(), machine.commit(), told)  # noqa: DTZ011
    text = rendered(setting, engines)
    sys.stdout.write(text)
    if not quick:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{setting.date}-{setting.commit.rstrip('+')}.md").write_text(text)


def _asked() -> bool:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="about a minute and a half; prints the table, keeps nothing"
    )
    return bool(parser.parse_args().quick)


def _missing() -> str:
    if shutil.which("wrk") is None:
        return "the load generator is missing: install the package wrk (apt install wrk)"
    if shutil.which("taskset") is None:
        return "taskset is missing: install the package util-linux"
    if len(os.sched_getaffinity(0)) < 2:
        return "server and generator need a core each, and this machine has one"
    return live.allow_files()


def _measure(url: str, rounds: int, seconds: int, size: Size) -> Measured:
    """One engine, in folders (and schemas) that are gone afterwards."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        engine = machine.postgres_version(url) if url else machine.sqlite_version(folder)
        flush = machine.flush_microseconds(folder)
        starts, resident = _starts(folder / "small", stack.enter_context(_schema(url)))
        large, schema = _made(folder / "large"), stack.enter_context(_schema(url))
        statements = asyncio.run(cast.make(large, schema))
        by_statement = asyncio.run(costs.statements(large, schema))
        with running(BENCH, large, schema) as server:
            wait_for_rest(server.pid)
            found = figures.measure(server, rounds, seconds, size.patience)
            by_socket, (told, plain) = live.measure(server, large, size, beside=not url)
        idle = _idle(_made(folder / "idle"), stack.enter_context(_schema(url)), size)
        due = live.due_rates(_made(folder / "due"), stack.enter_context(_schema(url)), size)
    return Measured(
        engine, flush, statements, found, starts, resident, by_statement, Live(by_socket, told, plain, idle, due)
    )


def _idle(folder: Path, url: str, size: Size) -> dict[int, float]:
    with running(BENCH, folder, url) as server:
        wait_for_rest(server.pid)
        return live.idle(server, size.idle)


@contextmanager
def _schema(url: str) -> Iterator[str]:
    """The address of a schema of our own, none for SQLite."""
    if not url:
        yield ""
        return
    with postgres_schema() as info:
        yield f"postgresql://?{urlencode(conninfo_to_dict(info), quote_via=quote)}"


def _starts(folder: Path, url: str) -> tuple[list[float], float]:
    """The product itself as `make serve` runs it, with the demo's data: seconds of each start, and MiB at rest."""
    with running(PRODUCT, _made(folder), url):
        pass
    seconds = []
    for _ in range(STARTS):
        with running(PRODUCT, folder, url) as server:
            seconds.append(server.seconds)
            wait_for_rest(server.pid)
            resident = machine.resident_mebibytes(server.pid)
    return seconds, resident


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


if __name__ == "__main__":
    main()
