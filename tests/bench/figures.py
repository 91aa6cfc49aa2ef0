"""Every load of the table, run in rounds, A B C, A B C, so that what comes and goes meets all of them."""

import statistics
import sys
from collections.abc import Mapping, Sequence
from itertools import count
from urllib.parse import urlencode

from api.app import PREFIX
from api.clock import rfc3339, system_clock
from api.rollups import QUARTER
from tests.bench import cast, machine
from tests.bench.cast import MILLION, THOUSAND
from tests.bench.processes import Running
from tests.bench.server import EMPTY
from tests.bench.wrk import Load, Round, http, run

SENDERS = (1, 10, 50, 200)
AT_ONCE = 50
READERS = 10
FLOOR, ONE_ROOM, LIST = "floor", "one room", "conversation list"
WINDOWS = (30, cast.DAYS)
Rounds = Mapping[str, Sequence[Round]]
_rounds = count(1)


def sending(senders: int) -> str:
    return f"send {senders}"


def newest(room: str) -> str:
    return f"newest page of a {room}"


def anywhere(room: str) -> str:
    return f"any page of a {room}"


def figures_of(room: str, days: int) -> str:
    return f"figures of {days} days of a {room}"


def measure(server: Running, rounds: int, seconds: int, patience: float) -> Rounds:
    """`patience`: seconds altogether to wait for others to be done, for a run has an end."""
    tokens = {user_id: cast.token(user_id) for user_id in _everybody()}
    for load in _loads(tokens):
        say(f"warming up: {load.name}")
        run(load, server, 1)
    found: dict[str, list[Round]] = {}
    for number in range(rounds):
        for load in _loads(tokens):
            patience -= machine.wait_for_calm(patience)
            say(f"round {number + 1} of {rounds}: {load.name}")
            found.setdefault(load.name, []).append(run(load, server, seconds))
    return found


def median(rounds: Sequence[Round], of: str) -> float:
    return float(statistics.median(getattr(one, of) for one in rounds))


def _everybody() -> list[str]:
    rooms = [*map(str, range(cast.SENDERS)), *cast.PAGES, cast.MANY]
    return [person(room) for room in rooms for person in (cast.provider, cast.customer)]


def _loads(tokens: Mapping[str, str]) -> list[Load]:
    """With client ids that no round before has used."""
    mark = f"round-{next(_rounds)}"
    providers = [(room, tokens[cast.provider(room)]) for room in map(str, range(cast.SENDERS))]
    floor = Load(FLOOR, [http("POST", EMPTY, token) for _, token in providers[:AT_ONCE]], AT_ONCE)
    sends = [
        Load(
            sending(senders),
            [sending_request(room, token, f"{mark}-{senders}") for room, token in providers[:senders]],
            senders,
        )
        for senders in SENDERS
    ]
    both = [tokens[cast.provider("0")], tokens[cast.customer("0")]]
    one_room = Load(ONE_ROOM, [sending_request("0", token, f"{mark}-room") for token in both], AT_ONCE)
    pages = [page for room in (THOUSAND, MILLION) for page in _pages(room, tokens[cast.provider(room)])]
    stats = [_stats(room, days, tokens[cast.provider(room)]) for days in WINDOWS for room in (THOUSAND, MILLION)]
    rooms = Load(LIST, [http("GET", f"{PREFIX}/chat/conversations", tokens[cast.provider(cast.MANY)])], READERS)
    return [floor, *sends, one_room, *pages, *stats, rooms]


def sending_request(room: str, token: str, mark: str) -> str:
    body = f'{{"text":"{cast.TEXT}","clientMessageId":"{mark}-@count@"}}'
    return http("POST", f"{PREFIX}/chat/booking/{room}/message", token, body)


def _pages(room: str, token: str) -> list[Load]:
    address = f"{PREFIX}/chat/booking/{room}/history"
    return [
        Load(newest(room), [http("GET", address, token)], READERS),
        Load(anywhere(room), [http("GET", f"{address}?before=@seq@", token)], READERS, cast.PAGES[room]),
    ]


def _stats(room: str, days: int, token: str) -> Load:
    end = system_clock() // QUARTER * QUARTER
    window = urlencode({"from": rfc3339(end - days * cast.DAY_MS), "to": rfc3339(end)})
    return Load(figures_of(room, days), [http("GET", f"{PREFIX}/chat/stats?{window}", token)], READERS)


def say(text: str) -> None:
    sys.stderr.write(f"bench: {text}\n")
