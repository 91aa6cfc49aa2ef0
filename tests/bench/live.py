"""The figures of the socket and of due work."""

import resource
import statistics
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path

import msgspec

from api.app import PREFIX
from api.auth import make_token
from api.clock import system_clock
from api.settings import Settings
from tests.bench import cast, due, echo, generator, machine
from tests.bench.figures import AT_ONCE, SENDERS, Rounds, say, sending_request
from tests.bench.generator import Fan, Fanning, Idling, Sending
from tests.bench.processes import Running, running
from tests.bench.wrk import Load, Round, run
from tests.conftest import SECRET

HANDWRITTEN = (sys.executable, "-m", "tests.bench.handwritten")
REALTIME = f"{PREFIX}/realtime"
REST = "REST beside the socket"
STORED, ECHO, WRITTEN = "stored", "echo", "handwritten"
HEARERS = 1000
IDLE = (1000, 5000)
FILES = 6000
_rounds = count(1)


class Size(msgspec.Struct, frozen=True):
    """How much is measured: `rows` of due work in each run, `fans` of each kind in each turn.

    `patience`: seconds to wait for a calm machine, before the rounds of REST and again before those of the socket.
    """

    rounds: int
    seconds: float
    idle: Sequence[int]
    fans: int
    turns: int
    rows: int
    runs: int
    patience: float


FULL = Size(rounds=3, seconds=1.0, idle=IDLE, fans=10, turns=4, rows=10_000, runs=3, patience=20.0)
QUICK = Size(rounds=1, seconds=0.5, idle=IDLE[:1], fans=5, turns=2, rows=2000, runs=1, patience=3.0)


class Live(msgspec.Struct):
    """`idle`: KiB for each socket, by how many there are. `due`: rows a second by one loop or process, and by two."""

    rounds: Rounds
    stored: Fan
    plain: Fan
    idle: Mapping[int, float]
    due: tuple[float, float]


def stored(senders: int) -> str:
    return f"{STORED} {senders}"


def echoed(senders: int) -> str:
    return f"{ECHO} {senders}"


def written(senders: int) -> str:
    return f"{WRITTEN} {senders}"


def allow_files() -> str:
    """Every socket is an open file of the server and of the generator; what is wrong where there may not be as many."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < FILES:
        return f"{max(IDLE):,} sockets need {FILES} open files, and this machine allows {most} (ulimit -Hn)"
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, most))
    return ""


def measure(server: Running, folder: Path, size: Size, *, beside: bool) -> tuple[Rounds, list[Fan]]:
    """With the hand-written handler `beside`, which knows SQLite only."""
    with _handwritten(folder, beside) as other:
        rounds = _in_rounds(server, other, size)
    say("fan-out")
    tokens = [_token(f"agent-{number}") for number in range(HEARERS)]
    plan = Fanning(REALTIME, tokens, (echo.STORED, echo.PLAIN), size.fans, size.turns)
    machine.wait_for_calm(2)
    return rounds, generator.run(plan, server, list[Fan])


def idle(server: Running, counts: Sequence[int]) -> dict[int, float]:
    """KiB for each socket; of a server that has done nothing else."""
    say(f"idle sockets: {max(counts)}")
    plan = Idling(REALTIME, [_token(f"idle-{number}") for number in range(max(counts))], counts)
    return dict(zip(counts, generator.run(plan, server, list[float]), strict=True))


def due_rates(folder: Path, database_url: str, size: Size) -> tuple[float, float]:
    """By one loop, then by two: in one process where only one may have the database, else in a process each."""
    ways = ((1,), (1, 1) if database_url else (2,))
    found: tuple[list[float], list[float]] = ([], [])
    for _ in range(size.runs):
        for way, rates in zip(ways, found, strict=True):
            say(f"due work: {len(way)} process{'es' * (len(way) > 1)} of {way[0]}")
            rates.append(due.rate(folder, database_url, size.rows, way))
    return statistics.median(found[0]), statistics.median(found[1])


@contextmanager
def _handwritten(folder: Path, wanted: bool) -> Iterator[Running | None]:
    if not wanted:
        yield None
        return
    with running(HANDWRITTEN, folder) as server:
        yield server


def _in_rounds(server: Running, other: Running | None, size: Size) -> Rounds:
    tokens = {str(number): cast.token(cast.provider(str(number))) for number in range(cast.SENDERS)}
    found: dict[str, list[Round]] = {}
    patience = size.patience
    for number in range(size.rounds):
        for name, load in _loads(tokens, server, other, size.seconds):
            patience -= machine.wait_for_calm(patience)
            say(f"round {number + 1} of {size.rounds}: {name}")
            found.setdefault(name, []).append(load())
    return found


def _loads(
    tokens: Mapping[str, str], server: Running, other: Running | None, seconds: float
) -> Iterator[tuple[str, Callable[[], Round]]]:
    """With client ids that no round before has used."""
    mark = f"socket-{next(_rounds)}"
    requests = [sending_request(room, token, f"{mark}-rest") for room, token in list(tokens.items())[:AT_ONCE]]
    yield REST, partial(run, Load(REST, requests, AT_ONCE), server, max(1, seconds))
    for senders in SENDERS:
        some = dict(list(tokens.items())[:senders])
        yield stored(senders), partial(_over_socket, server, some, "message.send", f"{mark}-{senders}", seconds)
        yield echoed(senders), partial(_over_socket, server, some, echo.ECHO, f"{mark}-{senders}", seconds)
        if other is not None:
            yield written(senders), partial(_over_socket, other, some, "message.send", f"{mark}-{senders}", seconds)


def _over_socket(server: Running, tokens: Mapping[str, str], kind: str, mark: str, seconds: float) -> Round:
    payloads = [_frame(kind, room, mark) for room in tokens]
    return generator.run(Sending(REALTIME, list(tokens.values()), payloads, seconds), server, Round)


def _frame(kind: str, room: str, mark: str) -> str:
    message = f'{{"text":"{cast.TEXT}","clientMessageId":"{mark}-@count@"}}'
    return f'{{"type":"{kind}","id":1,"bookingId":"{room}","message":{message}}}'


def _token(user_id: str) -> str:
    """Of an agent, who hears the desk."""
    signed_by = Settings(env="development", jwt_secret=SECRET)
    return make_token(signed_by, "agent", user_id, name=user_id, ttl=7200, now=system_clock() // 1000)
