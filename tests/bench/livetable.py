"""The rows of the socket and of due work."""

from collections.abc import Iterator, Sequence

from tests.bench.figures import AT_ONCE, SENDERS, median
from tests.bench.generator import Fan
from tests.bench.live import HEARERS, REST, Live, echoed, stored, written
from tests.bench.rows import GENERATOR_BAR, NOISE_BAR, Row, at_least, at_most, cpu, percent, rate, speed

REST_BAR, WRITTEN_BAR, FAN_BAR, IDLE_BAR = 1.4, 2.0, 2.0, 40
NOT_HERE = "none"


def live_rows(engines: Sequence[Live]) -> Iterator[Row]:
    yield from _send_rows(engines)
    yield from _floor_rows(engines)
    yield from _fan_rows(engines)
    for count in engines[0].idle:
        cells = [f"{one.idle[count]:.1f} KiB" for one in engines]
        yield f"Memory for each idle socket, {count:,} of them", cells, at_most(engines[0].idle[count], IDLE_BAR, "KiB")
    cells = [f"{one.due[0]:,.0f}/s; {one.due[1]:,.0f}/s" for one in engines]
    yield "Due rows by one loop; by two (two processes where the engine takes two)", cells, ""
    shares = [_generator(one) for one in engines]
    cells = [percent(share) for share in shares]
    bar = at_most(shares[0] * 100, GENERATOR_BAR * 100, "%")
    yield "Sockets' generator: share of its core, the highest of all figures", cells, bar


def _send_rows(engines: Sequence[Live]) -> Iterator[Row]:
    cells = [speed(one.rounds[REST]) for one in engines]
    yield f"Message over REST, {AT_ONCE} senders, in the rounds of the socket", cells, ""
    for senders in SENDERS:
        name = stored(senders)
        bar = _bar(engines[0], name, REST, REST_BAR, "REST") if senders == AT_ONCE else ""
        yield f"**Message over the socket**, {_senders(senders)}", [speed(one.rounds[name]) for one in engines], bar
    cells = [_ratios(one, stored(AT_ONCE), REST) for one in engines]
    yield f"… to REST at {AT_ONCE}", cells, ""


def _floor_rows(engines: Sequence[Live]) -> Iterator[Row]:
    for senders in SENDERS:
        cells = [speed(one.rounds[echoed(senders)]) for one in engines]
        yield f"Echo on the same socket, nothing stored, {_senders(senders)}", cells, ""
    for senders in SENDERS:
        name = written(senders)
        bar = _bar(engines[0], stored(senders), name, WRITTEN_BAR, "it") if senders == AT_ONCE else ""
        cells = [speed(one.rounds[name]) if name in one.rounds else NOT_HERE for one in engines]
        yield f"Hand-written handler on SQLite, one transaction for each, {_senders(senders)}", cells, bar
    cells = [_ratios(one, stored(AT_ONCE), written(AT_ONCE)) for one in engines]
    yield f"… the socket to it at {AT_ONCE}", cells, ""


def _fan_rows(engines: Sequence[Live]) -> Iterator[Row]:
    noisy = max(engines[0].stored.others, engines[0].plain.others) > NOISE_BAR
    ratio = _fan_ratio(engines[0], "cpu_ms" if noisy else "wall_ms")
    bar = at_most(ratio, FAN_BAR, "times the echo's" + " by CPU time, the machine being busy" * noisy)
    cells = [_fan(one.stored) for one in engines]
    yield f"One event stored and told to {HEARERS:,} sockets, until the last has it", cells, bar
    yield "The same bytes sent to each, nothing stored", [_fan(one.plain) for one in engines], ""


def _senders(count: int) -> str:
    return f"{count} sender{'s' if count > 1 else ''}"


def _bar(one: Live, name: str, other: str, bar: float, title: str) -> str:
    """With other processes in between, CPU time decides, as it does for the sends over REST."""
    noise = max(median(one.rounds[load], "others") for load in (name, other))
    if noise <= NOISE_BAR:
        return at_least(rate(one.rounds[name]) / rate(one.rounds[other]), bar, f"times {title}")
    found = cpu(one.rounds[other]) / cpu(one.rounds[name])
    return f"{at_least(found, bar, f'times {title}')} by CPU time, the machine being busy"


def _ratios(one: Live, name: str, other: str) -> str:
    if other not in one.rounds:
        return NOT_HERE
    mine, theirs = one.rounds[name], one.rounds[other]
    pairs = sorted(a.rate / b.rate for a, b in zip(mine, theirs, strict=True))
    told = f"{rate(mine) / rate(theirs):.2f} times the speed ({pairs[0]:.2f} to {pairs[-1]:.2f} by round)"
    return f"{told}; CPU {cpu(mine):.0f} µs, {cpu(theirs):.0f} µs; {cpu(theirs) / cpu(mine):.2f}"


def _fan(fan: Fan) -> str:
    return f"{fan.wall_ms:.1f} ms; {fan.cpu_ms:.1f} ms of CPU"


def _fan_ratio(one: Live, of: str) -> float:
    return float(getattr(one.stored, of) / getattr(one.plain, of))


def _generator(one: Live) -> float:
    loads = [median(rounds, "generator") for rounds in one.rounds.values()]
    return max(*loads, one.stored.generator, one.plain.generator)
