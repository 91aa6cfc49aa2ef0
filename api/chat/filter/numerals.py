"""Digits as people spell them, in a dozen languages."""

from api.chat.filter.vocabulary import languages, words

# As they are said, shortened or mistyped to slip through.
MORE = {"0": "oh o nought naught nil ziro", "1": "wun une uma", "2": "tu too duas zwo", "3": "tree", "4": "for fore"}
MORE |= {"5": "fife fuenf", "6": "meia", "8": "ate ait", "9": "niner"}
# Words of every day besides: only between other digits are they digits.
WEAK = words("numeral.weak")
# `twenty` before `one` is 21.
TENS = {word: str(number) for line in languages("tens") for number, word in zip(range(20, 100, 10), line, strict=True)}
TIMES = {"double": 2, "dbl": 2, "doble": 2, "doppel": 2, "triple": 3, "treble": 3, "tripel": 3}


def _table() -> dict[str, str]:
    found = {word: digit for digit, listed in MORE.items() for word in listed.split()} | TENS
    found |= {word: str(number) for line in languages("teens") for number, word in enumerate(line, 10)}
    return found | {word: str(digit) for line in languages("units") for digit, word in enumerate(line)}


NUMERALS = _table()
# Mostly none even at the beginning of a number, where "oh" is one.
MOSTLY_NONE = WEAK - {"o", "oh"}
# Every word that says digits wherever it stands.
SAYING = (frozenset(NUMERALS) | frozenset(TIMES)) - MOSTLY_NONE
