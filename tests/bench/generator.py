"""The load on the sockets, in a process of its own: a plan on the way in, what was measured on the way out."""

import asyncio
import itertools
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec
import uvloop

from tests.bench import frames, machine
from tests.bench.clients import Client, Hearer, Sender, connected
from tests.bench.processes import Running, cores
from tests.bench.wrk import Round

WARM_SECONDS = 0.3
QUIET_SECONDS = 0.5
PATIENCE_SECONDS = 60.0
R = TypeVar("R")


class Sending(msgspec.Struct, tag=True):
    """Each sender has a token and a payload and waits for its ack before the next."""

    path: str
    tokens: Sequence[str]
    payloads: Sequence[str]
    seconds: float


class Fanning(msgspec.Struct, tag=True):
    """The first socket asks for `kinds` in turn, `times` in a row each; every socket hears each of them."""

    path: str
    tokens: Sequence[str]
    kinds: Sequence[str]
    times: int
    turns: int


class Idling(msgspec.Struct, tag=True):
    """So many sockets, and then more, that say hello and nothing else."""

    path: str
    tokens: Sequence[str]
    counts: Sequence[int]


class Fan(msgspec.Struct):
    """Milliseconds from the asking to the last who hears (median), and of the server's CPU; shares of one core."""

    wall_ms: float
    cpu_ms: float
    generator: float
    others: float


Plan = Sending | Fanning | Idling


class Order(msgspec.Struct):
    port: int
    pid: int
    plan: Plan


class Watch:
    """CPU from now on: the server's event loop, its other threads, this process, everybody else."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._start, self._before = time.perf_counter(), self._consumed()

    def _consumed(self) -> tuple[float, float, float, float]:
        threads = machine.thread_seconds(self._pid)
        loop = threads.pop(self._pid)
        return loop, sum(threads.values()), time.process_time(), machine.busy_seconds()

    def read(self) -> tuple[float, float, float, float, float]:
        """Seconds of each, and of the clock on the wall."""
        wall = time.perf_counter() - self._start
        loop, threads, own, busy = (now - then for now, then in zip(self._consumed(), self._before, strict=True))
        return loop, threads, own, max(0.0, busy - loop - threads - own), wall


def run(plan: Plan, server: Running, kind: type[R]) -> R:
    """On the generator's core. Raises SystemExit when a socket failed or an error came."""
    words = ["taskset", "-c", str(cores()[1]), sys.executable, "-m", "tests.bench.generator"]
    order = msgspec.json.encode(Order(server.port, server.pid, plan))
    ended = subprocess.run(words, input=order, stdout=subprocess.PIPE, timeout=PATIENCE_SECONDS, check=False)
    if ended.returncode:
        raise SystemExit("bench: the sockets' load failed; its own words stand above")
    return msgspec.json.decode(ended.stdout, type=kind)


async def _send(order: Order, plan: Sending) -> Round:
    pairs = zip(plan.tokens, plan.payloads, strict=True)
    senders = await connected(order.port, [Sender(plan.path, token, payload.encode()) for token, payload in pairs])
    await asyncio.sleep(QUIET_SECONDS / 5)
    for sender in senders:
        sender.send()
    await asyncio.sleep(WARM_SECONDS)
    for sender in senders:
        sender.begin()
    watch = Watch(order.pid)
    await asyncio.sleep(plan.seconds)
    found = _round(watch, sorted(itertools.chain.from_iterable(sender.latencies for sender in senders)))
    for sender in senders:
        sender.stop()
    await _left(senders)
    return found


def _round(watch: Watch, latencies: Sequence[float]) -> Round:
    loop, threads, own, others, wall = watch.read()
    count = len(latencies)
    if not count:
        raise SystemExit("bench: nothing was acknowledged")
    return Round(
        rate=count / wall,
        p50=latencies[count // 2] * 1000,
        p99=latencies[count * 99 // 100] * 1000,
        generator=own / wall,
        others=others / wall,
        loop_us=loop / count * 1e6,
        threads_us=threads / count * 1e6,
    )


async def _fan(order: Order, plan: Fanning) -> list[Fan]:
    count = itertools.count(1)
    heard = asyncio.Event()
    # Everybody hears the event, and the first its ack as well.
    whole = len(plan.tokens) + 1

    def told() -> None:
        if not next(count) % whole:
            heard.set()

    hearers = await connected(order.port, [Hearer(plan.path, token, told) for token in plan.tokens])
    await asyncio.sleep(QUIET_SECONDS)
    found: dict[str, list[Fan]] = {kind: [] for kind in plan.kinds}
    for kind in [*plan.kinds, *list(plan.kinds) * plan.turns]:
        found[kind].append(await _turn(order, hearers[0], kind, heard, plan.times))
    await _left(hearers)
    return [_middle(turns[1:]) for turns in found.values()]


async def _turn(order: Order, first: Client, kind: str, heard: asyncio.Event, times: int) -> Fan:
    ask = frames.written(msgspec.json.encode({"type": kind, "id": 1}))
    watch, walls = Watch(order.pid), []
    for _ in range(times):
        start = time.perf_counter()
        heard.clear()
        first.write(ask)
        await heard.wait()
        walls.append(time.perf_counter() - start)
    loop, threads, own, others, wall = watch.read()
    return Fan(statistics.median(walls) * 1000, (loop + threads) / times * 1000, own / wall, others / wall)


def _middle(turns: Sequence[Fan]) -> Fan:
    columns = zip(*(msgspec.structs.astuple(turn) for turn in turns), strict=True)
    return Fan(*map(statistics.median, columns))


async def _idle(order: Order, plan: Idling) -> list[float]:
    """KiB of the server's for each socket, at each count."""
    before, there, found = machine.resident_mebibytes(order.pid), 0, []
    clients: list[Client] = []
    for count in plan.counts:
        clients += await connected(order.port, [Client(plan.path, token) for token in plan.tokens[there:count]])
        there = count
        await asyncio.sleep(QUIET_SECONDS * 2)
        found.append((machine.resident_mebibytes(order.pid) - before) * 1024 / count)
    await _left(clients)
    return found


async def _left(clients: Sequence[Client]) -> None:
    for client in clients:
        client.leave()
    await asyncio.sleep(QUIET_SECONDS / 2)


async def _measured(order: Order) -> Any:
    async with asyncio.timeout(PATIENCE_SECONDS):
        match order.plan:
            case Sending() as plan:
                return await _send(order, plan)
            case Fanning() as plan:
                return await _fan(order, plan)
            case Idling() as plan:
                return await _idle(order, plan)


def main() -> None:
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    sys.stdout.buffer.write(msgspec.json.encode(uvloop.run(_measured(order))))


if __name__ == "__main__":
    main()
