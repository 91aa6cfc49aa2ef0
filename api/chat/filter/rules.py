"""The operator's rules: one a line, read and checked at the start."""

import re
from functools import cache
from pathlib import Path

import msgspec

from api.chat.filter.fold import fold
from api.chat.filter.links import suffixes
from api.chat.filter.phrases import MOST_WORDS, Phrases, phrases, words_of
from api.chat.filter.types import OUTCOMES, Guarded, Outcome
from api.settings import BadSettings, Settings

SHIPPED = Path(__file__).with_name("rules.txt")
GUARDED: tuple[Guarded, ...] = ("phone", "email", "messenger", "lure")
HOST = re.compile(r"(?:\*|[^\W_](?:[\w-]*\.)+[^\W_]+)")


class BadRules(BadSettings):
    """Each mistake begins with file and line."""


class Rules(msgspec.Struct, frozen=True):
    """`links` by host, `*` for all others; `guard` counts until the booking is confirmed."""

    guard: dict[Guarded, Outcome]
    words: Phrases
    lures: Phrases
    links: dict[str, Outcome]

    def link(self, host: str) -> Outcome:
        for part in suffixes(host):
            if part in self.links:
                return self.links[part]
        return self.links.get("*", "allow")


@cache
def rules_of(settings: Settings) -> Rules:
    """The operator's, or those that are shipped; read once, at the start. Raises BadRules."""
    return read(Path(settings.filter_rules) if settings.filter_rules else SHIPPED)


def mistakes(settings: Settings) -> list[str]:
    try:
        rules_of(settings)
    except BadRules as error:
        return error.mistakes
    return []


def read(path: Path) -> Rules:
    """Raises BadRules with every mistake in the file, each with its line."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadRules([f"{path}: cannot be read ({error})"]) from error
    draft = _Draft()
    mistakes = []
    for number, line in enumerate(lines, 1):
        written = line.partition("#")[0].strip()
        if written and (mistake := draft.take(*[*written.split(maxsplit=2), "", ""][:3])):
            mistakes.append(f"{path}:{number}: {mistake}")
    if mistakes:
        raise BadRules(mistakes)
    return draft.rules()


class _Draft:
    """Rules while they are read."""

    def __init__(self) -> None:
        self.guard: dict[Guarded, Outcome] = {}
        self.words: list[tuple[str, Outcome]] = []
        self.lures: list[tuple[str, Outcome]] = []
        self.links: dict[str, Outcome] = {}

    def rules(self) -> Rules:
        guard: dict[Guarded, Outcome] = {kind: self.guard.get(kind, "allow") for kind in GUARDED}
        return Rules(guard, phrases(self.words), phrases(self.lures), self.links)

    def take(self, what: str, second: str, third: str) -> str | None:
        """What is wrong with a line, or None."""
        if what == "lure":
            return self._lure(f"{second} {third}".strip())
        if what not in ("guard", "word", "link"):
            return f"{what!r} is none of guard, word, link, lure"
        outcome, named = (third, second) if what == "guard" else (second, third)
        if outcome not in OUTCOMES:
            return f"{outcome!r} is none of {', '.join(OUTCOMES)}"
        return {"guard": self._guard, "word": self._word, "link": self._link}[what](named, outcome)

    def _guard(self, kind: str, outcome: Outcome) -> str | None:
        for known in GUARDED:
            if kind == known:
                self.guard[known] = outcome
                return None
        return f"{kind!r} is none of {', '.join(GUARDED)}"

    def _word(self, written: str, outcome: Outcome) -> str | None:
        if mistake := _bad_phrase(written):
            return mistake
        self.words.append((written, outcome))
        return None

    def _lure(self, written: str) -> str | None:
        if mistake := _bad_phrase(written):
            return mistake
        self.lures.append((written, "flag"))
        return None

    def _link(self, host: str, outcome: Outcome) -> str | None:
        folded = fold(host).text
        if not HOST.fullmatch(folded):
            return f"{host!r} is no host like example.com, nor *"
        self.links[folded] = outcome
        return None


def _bad_phrase(written: str) -> str | None:
    words = words_of(written)
    if not words or "*" in written[:-1] or (written.endswith("*") and (len(words) > 1 or len(words[0]) < 3)):
        return f"{written!r} is no word or phrase; a * may stand after three letters or more of a single word"
    if len(words) > MOST_WORDS:
        return f"has more than {MOST_WORDS} words"
    return None
