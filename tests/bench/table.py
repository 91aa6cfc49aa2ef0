"""The results as Markdown."""

import statistics
from collections.abc import Iterator, Sequence

import msgspec

from tests.bench import figures
from tests.bench.cast import DAYS, MILLION, ROOMS, THOUSAND, Statements
from tests.bench.figures import (
    FLOOR,
    LISTS,
    ONE_ROOM,
    SENDERS,
    WINDOWS,
    Rounds,
    anywhere,
    figures_of,
    median,
    newest,
    sending,
)
from tests.bench.live import Live
from tests.bench.livetable import live_rows
from tests.bench.rows import GENERATOR_BAR, NOISE_BAR, Row, at_least, at_most, cpu, percent, rate, speed

SEND_BAR, PAGE_BAR, MEMORY_BAR, START_BAR = 0.3, 1.3, 150, 2.0


class Measured(msgspec.Struct):
    """Of one engine. `flush_us`: fdatasync; `starts` in seconds; `resident` in MiB; `costs` in microseconds."""

    engine: str
    flush_us: float
    statements: Statements
    rounds: Rounds
    starts: list[float]
    resident: float
    costs: dict[str, float]
    live: Live


class Setting(msgspec.Struct):
    date: str
    machine: str
    commit: str
    rounds: str


def rendered(setting: Setting, engines: Sequence[Measured]) -> str:
    return "\n".join([*_head(setting), *_table(engines), "", *_reading(engines), "", *_costs(engines[0]), ""])


def _head(setting: Setting) -> Iterator[str]:
    yield f"# {setting.date}, commit {setting.commit}"
    yield ""
    yield f"{setting.machine}. The server has one core, `wrk` and the sockets' generator another. {setting.rounds}"
    yield ""


def _table(engines: Sequence[Measured]) -> Iterator[str]:
    yield f"| Figure | {' | '.join(one.engine for one in engines)} | Bar (for {engines[0].engine.split()[0]}) |"
    yield "|---" * (len(engines) + 2) + "|"
    for name, cells, bar in _rows(engines):
        yield f"| {name} | {' | '.join(cells)} | {bar} |"


def _rows(engines: Sequence[Measured]) -> Iterator[Row]:
    yield from _send_rows(engines)
    yield from _page_rows(engines)
    yield from _stats_rows(engines)
    yield from live_rows([one.live for one in engines])
    yield from _process_rows(engines)


def _send_rows(engines: Sequence[Measured]) -> Iterator[Row]:
    yield "`fdatasync` of 4 KiB in the data folder, median of 200", [f"{one.flush_us:.0f} µs" for one in engines], ""
    yield (
        "**Floor**: empty POST through the whole boundary, 50 senders",
        [speed(one.rounds[FLOOR]) for one in engines],
        "",
    )
    for senders in SENDERS:
        name = sending(senders)
        bar = _send_bar(engines[0]) if senders == figures.AT_ONCE else ""
        cells = [f"{speed(one.rounds[name])}; {_of_floor(one, name):.2f} of the floor" for one in engines]
        yield f"Message over REST, {senders} sender{'s' if senders > 1 else ''}, a room each", cells, bar
    yield "Message over REST, 50 senders in one room", [speed(one.rounds[ONE_ROOM]) for one in engines], ""
    cells = [_cpu_cell(one) for one in engines]
    yield "CPU of the server for each: empty POST, message (50 senders)", cells, ""
    cells = [f"{one.statements.plain}; {one.statements.with_key} with Idempotency-Key" for one in engines]
    yield "Statements for a send that commits alone (beside BEGIN and COMMIT)", cells, ""


def _page_rows(engines: Sequence[Measured]) -> Iterator[Row]:
    for title, name in (("Newest page", newest), ("Page anywhere", anywhere)):
        yield f"{title} of 50 in a room of 1,000", [speed(one.rounds[name(THOUSAND)]) for one in engines], ""
        ratios = [median(one.rounds[name(THOUSAND)], "rate") / rate(one.rounds[name(MILLION)]) for one in engines]
        cells = [
            f"{speed(one.rounds[name(MILLION)])}; {ratio:.2f} times the time"
            for one, ratio in zip(engines, ratios, strict=True)
        ]
        yield f"{title} of 50 in a room of 1,000,000", cells, at_most(ratios[0], PAGE_BAR, "times")


def _stats_rows(engines: Sequence[Measured]) -> Iterator[Row]:
    for name in LISTS:
        yield f"Newest page of 50 {name} of {ROOMS:,}", [speed(one.rounds[name]) for one in engines], ""
    for days in WINDOWS:
        small, large = figures_of(THOUSAND, days), figures_of(MILLION, days)
        yield f"Figures of {days} days, 1,000 messages in {DAYS}", [speed(one.rounds[small]) for one in engines], ""
        cells = [
            f"{speed(one.rounds[large])}; {rate(one.rounds[small]) / rate(one.rounds[large]):.2f} times the time"
            for one in engines
        ]
        yield f"Figures of {days} days, 1,000,000 messages in {DAYS}", cells, ""


def _process_rows(engines: Sequence[Measured]) -> Iterator[Row]:
    starts = [statistics.median(one.starts) for one in engines]
    cells = [f"{seconds:.2f} s" for seconds in starts]
    yield "`porchlight serve` on its database until /healthz answers", cells, at_most(starts[0], START_BAR, "s")
    cells = [f"{one.resident:.0f} MiB" for one in engines]
    yield "Memory at rest (RSS)", cells, at_most(engines[0].resident, MEMORY_BAR, "MiB")
    cells = [percent(max(_medians(one, "generator"))) for one in engines]
    yield (
        "Generator: share of its core, the highest of all figures",
        cells,
        at_most(max(_medians(engines[0], "generator")) * 100, GENERATOR_BAR * 100, "%"),
    )


def _send_bar(one: Measured) -> str:
    """With other processes in between, CPU time decides: they take time from us, but hardly make us work more."""
    name = sending(figures.AT_ONCE)
    noise = max(median(one.rounds[load], "others") for load in (FLOOR, name))
    if noise <= NOISE_BAR:
        return at_least(_of_floor(one, name), SEND_BAR, "of the floor")
    by_cpu = cpu(one.rounds[FLOOR]) / cpu(one.rounds[name])
    return f"{at_least(by_cpu, SEND_BAR, 'of the floor')} by CPU time, the machine being busy"


def _reading(engines: Sequence[Measured]) -> Iterator[str]:
    yield "Requests a second, then median and 99th percentile of the latency; medians of the rounds."
    noise = sorted(
        one.others for rounds in [*engines[0].rounds.values(), *engines[0].live.rounds.values()] for one in rounds
    )
    worst = noise[len(noise) * 9 // 10]
    yield f"Other processes of the machine took {percent(statistics.median(noise))} of a core meanwhile (median),"
    yield f"and more than {percent(worst)} in one round of ten."
    if len(engines) > 1:
        yield "PostgreSQL's own processes share both cores, so its generator had less than one to itself."


def _costs(one: Measured) -> Iterator[str]:
    """What a send at 50 senders spends where, the largest first."""
    floor, send = one.rounds[FLOOR], one.rounds[sending(figures.AT_ONCE)]
    empty = median(floor, "loop_us")
    work = dict(one.costs)
    alone = work.pop("whole send")
    threads = median(send, "threads_us")
    parts = {
        "the empty POST: HTTP, boundary, routing, answer": empty,
        "on the event loop beyond it: body, hand-over to the writer and back, encoding": median(send, "loop_us")
        - empty,
        f"on the writer's thread: `actions.send` ({alone:.0f} without all that follows), its share of the commit, "
        "changing threads": threads,
    }
    whole = sum(parts.values())
    yield f"## Where the {whole:.0f} µs of CPU of a send at 50 senders go ({one.engine})"
    yield ""
    for number, (name, cost) in enumerate(sorted(parts.items(), key=lambda part: -part[1]), 1):
        yield f"{number}. {cost:.0f} µs ({cost / whole:.0%}) {name}"
    yield ""
    yield (
        "Statements of one send, those that a batch shares by their share: "
        + ", ".join(f"`{sql} …` {cost:.1f} µs" for sql, cost in work.items())
        + "."
    )


def _of_floor(one: Measured, name: str) -> float:
    return rate(one.rounds[name]) / rate(one.rounds[FLOOR])


def _cpu_cell(one: Measured) -> str:
    """Other processes hardly touch it, so it is the ratio to believe on a busy machine."""
    empty, message = (cpu(one.rounds[name]) for name in (FLOOR, sending(figures.AT_ONCE)))
    return f"{empty:.0f} µs, {message:.0f} µs; {empty / message:.2f}"


def _medians(one: Measured, of: str) -> list[float]:
    return [median(rounds, of) for rounds in one.rounds.values()]
