"""The server in a process of its own, on a core of its own."""

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from tests.bench import machine
from tests.conftest import SECRET, free_port

BENCH = (sys.executable, "-m", "tests.bench.server")
PRODUCT = (sys.executable, "-m", "api.cli", "serve")
STARTING_SECONDS = 60
STOPPING_SECONDS = 20


class Running(msgspec.Struct):
    """`seconds` passed from its start until /healthz answered."""

    pid: int
    port: int
    seconds: float


def cores() -> tuple[int, int]:
    """The server's and the generator's. Raises ValueError on a machine with one."""
    server, generator, *_ = sorted(os.sched_getaffinity(0))
    return server, generator


def environment(folder: Path, database_url: str, port: int) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PORCHLIGHT_ENV": "development",
        "PORCHLIGHT_DATA_DIR": str(folder),
        "PORCHLIGHT_DATABASE_URL": database_url,
        "PORCHLIGHT_SITE_DIR": str(folder / "site"),
        "PORCHLIGHT_JWT_SECRET": SECRET,
        "PORCHLIGHT_ENCRYPTION_KEY": SECRET,
        "PORCHLIGHT_PORT": str(port),
        "PORCHLIGHT_RATE_LIMIT_FACTOR": "1000000",
        "PORCHLIGHT_LOG_LEVEL": "warning",
    }


@contextmanager
def running(command: Sequence[str], folder: Path, database_url: str = "") -> Iterator[Running]:
    """Started, answering, and ended by its own number."""
    port = free_port()
    pinned = ("taskset", "-c", str(cores()[0]), *command)
    start = time.perf_counter()
    with subprocess.Popen(
        pinned, env=environment(folder, database_url, port), stdout=subprocess.DEVNULL, stderr=sys.stderr
    ) as process:
        try:
            _wait_for_health(process, port)
            yield Running(process.pid, port, time.perf_counter() - start)
        finally:
            _end(process)


def _wait_for_health(process: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + STARTING_SECONDS
    while not _healthy(port):
        if process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit("bench: the server did not start; its own words stand above")
        time.sleep(0.005)


def _healthy(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(STOPPING_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()


def wait_for_rest(pid: int) -> None:
    """After a start the database is checked beside the requests, which takes long for a large one."""
    before = -1.0
    while (now := machine.cpu_seconds(pid)) - before > 0.02:
        before = now
        time.sleep(0.5)
