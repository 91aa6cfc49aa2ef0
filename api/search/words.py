"""Text as words to search by, cut once and here: the engines' own cutters differ on `12.50`, `foo-bar` and `café`."""

import re
import unicodedata

from msgspec import Struct

# Of one text. A message has 500 at most under the usual limit; one character may unfold to eighteen (NFKC).
MOST_WORDS = 2000
# What is longer is cut into pieces, for texts and queries alike.
LONGEST = 40
MOST_ASKED = 12
_WORD = re.compile(rf"[^\W_]{{1,{LONGEST}}}")
# A single ideograph says as much as a word; a single letter begins a tenth of all words.
_IDEOGRAPHS = "\u2e80"


class Query(Struct, frozen=True):
    """What somebody asked for: all of `words`, and a word that begins with `prefix` where there is one."""

    words: tuple[str, ...]
    prefix: str | None


def words(text: str) -> list[str]:
    """The different words of a text in their order, without regard to case, accents and compatibility forms."""
    return list(dict.fromkeys(_WORD.findall(_folded(text))))[:MOST_WORDS]


def query(text: str) -> Query | None:
    """Of the first MOST_ASKED words that were typed, the last may still go on. None where there is no word at all."""
    typed = list(dict.fromkeys(_WORD.findall(_folded(text))[::-1]))[::-1][:MOST_ASKED]
    if not typed:
        return None
    *whole, last = typed
    if len(last) > 1 or last >= _IDEOGRAPHS:
        return Query(tuple(whole), last)
    return Query(tuple(typed), None)


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKC", text).casefold()
    letters = unicodedata.normalize("NFKD", plain)
    return "".join(letter for letter in letters if unicodedata.category(letter)[0] != "M").casefold()
