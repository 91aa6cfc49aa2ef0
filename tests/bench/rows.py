"""What cells are made of."""

from collections.abc import Sequence

from tests.bench.figures import median
from tests.bench.wrk import Round

GENERATOR_BAR = 0.8
# Of one core: beyond it a ratio of two speeds says more about the others than about us.
NOISE_BAR = 0.2
Row = tuple[str, Sequence[str], str]


def rate(rounds: Sequence[Round]) -> float:
    return median(rounds, "rate")


def cpu(rounds: Sequence[Round]) -> float:
    """Microseconds for each request. Other processes hardly touch it, so it is the one to believe when it is busy."""
    return median(rounds, "loop_us") + median(rounds, "threads_us")


def speed(rounds: Sequence[Round]) -> str:
    return f"{rate(rounds):,.0f}/s, {median(rounds, 'p50'):.1f} and {median(rounds, 'p99'):.1f} ms"


def percent(share: float) -> str:
    return f"{share * 100:.0f} %"


def at_least(value: float, bar: float, unit: str) -> str:
    return f"at least {bar:g} {unit}: {_verdict(value >= bar)} ({value:.2f})"


def at_most(value: float, bar: float, unit: str) -> str:
    return f"at most {bar:g} {unit}: {_verdict(value <= bar)} ({value:.3g})"


def _verdict(met: bool) -> str:
    return "met" if met else "**missed**"
