"""One load from `wrk`: each of its threads is one sender with one connection, all on one core."""

import resource
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from tests.bench import machine
from tests.bench.processes import Running, cores

SCRIPT = Path(__file__).with_name("load.lua")


class Load(msgspec.Struct, frozen=True):
    """`requests` as they go over the wire, one for each sender; see load.lua for what is filled in."""

    name: str
    requests: Sequence[str]
    senders: int
    most: int = 51


class Summary(msgspec.Struct):
    requests: int
    microseconds: int
    p50: int
    p99: int
    errors: int


class Round(msgspec.Struct):
    """Latencies in milliseconds. `generator` and `others`: how much of one core wrk and foreign processes took."""

    rate: float
    p50: float
    p99: float
    generator: float
    others: float
    loop_us: float
    threads_us: float


def http(method: str, path: str, token: str, body: str = "") -> str:
    """`@count@` in the body is as long as what replaces it, but for three bytes."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {token}"]
    if method == "POST":
        lines.append(f"Content-Length: {len(body.replace('@count@', '0' * 10))}")
    if body:
        lines.append("Content-Type: application/json")
    return "\r\n".join([*lines, "", body])


def run(load: Load, server: Running, seconds: float) -> Round:
    """Raises SystemExit when any request failed: a figure with failures in it says nothing."""
    with tempfile.NamedTemporaryFile("w", newline="") as file:
        file.write("\1".join(load.requests))
        file.flush()
        before, start = _consumed(server), time.perf_counter()
        output = _wrk(load, server.port, seconds, file.name)
        after, wall = _consumed(server), time.perf_counter() - start
    summary = msgspec.json.decode(output.rstrip().rpartition("\n")[2], type=Summary)
    if summary.errors or not summary.requests:
        raise SystemExit(f"bench: {load.name}: {summary.requests} requests, {summary.errors} errors")
    loop, threads, generator, busy = (now - then for now, then in zip(after, before, strict=True))
    return Round(
        rate=summary.requests / summary.microseconds * 1e6,
        p50=summary.p50 / 1000,
        p99=summary.p99 / 1000,
        generator=generator / wall,
        others=max(0.0, busy - loop - threads - generator) / wall,
        loop_us=loop / summary.requests * 1e6,
        threads_us=threads / summary.requests * 1e6,
    )


def _wrk(load: Load, port: int, seconds: float, file: str) -> str:
    senders = str(load.senders)
    words = ["taskset", "-c", str(cores()[1]), "wrk", "-t", senders, "-c", senders, "-d", f"{seconds:.0f}s"]
    words += ["-s", str(SCRIPT), f"http://127.0.0.1:{port}", "--", file, str(load.most)]
    return subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True, timeout=seconds + 30).stdout


def _consumed(server: Running) -> tuple[float, float, float, float]:
    """Seconds of CPU so far: the server's event loop, its other threads, ended children, everything."""
    threads = machine.thread_seconds(server.pid)
    loop = threads.pop(server.pid)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return loop, sum(threads.values()), children.ru_utime + children.ru_stime, machine.busy_seconds()
