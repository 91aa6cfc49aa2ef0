"""What a reader typed, as terms for the index: the rules of the site's search box without its query language.

The search box hands the text to lunr's parser, where `term~10` or `*` costs seconds. Here operators are blanks and the
terms are objects; for text without operators both find the same.
"""

import re
import unicodedata
from collections import Counter

from msgspec import Struct

MAX_CHARACTERS = 200
MAX_TERMS = 16


class Term(Struct, frozen=True):
    """`prefix`: matches every word that begins with it. `weight`: how often the search box would have asked for it."""

    text: str
    prefix: bool
    required: bool
    weight: int = 1


_OPERATORS = re.compile(r"[+^~*\\]")
# A hyphen or colon between two characters joins them; anywhere else the parser takes it for an operator.
_LOOSE_JOINTS = re.compile(r"(?<![^\s\"])[-:]+|[-:]{2,}|[-:]+(?![^\s\"])")
_QUOTED = re.compile(r'"([^"]+)"')
# The search box marks the words in quotes by this very pattern, blind spot for a non-ASCII first letter included.
_WORD_STARTS = re.compile(r"^(?a:\b)|^(?![^\x00-\x7F]|$)|\s+")
_REQUIRED = "\0"


def read_terms(text: str) -> list[Term]:
    """At most MAX_TERMS terms from the first MAX_CHARACTERS characters, in the order typed."""
    text = unicodedata.normalize("NFC", text[:MAX_CHARACTERS])
    blanked = _OPERATORS.sub(" ", text.replace(_REQUIRED, " "))
    blanked = _LOOSE_JOINTS.sub(" ", blanked).strip()
    parts = _QUOTED.split(blanked)
    parts[1::2] = [_WORD_STARTS.sub(f" {_REQUIRED}", quoted) for quoted in parts[1::2]]
    words = "".join(parts).replace('"', "").lower().split()
    weights = Counter(term for word in words for term in _terms_of(word))
    return [Term(text, prefix, required, weight) for (text, prefix, required), weight in weights.items()][:MAX_TERMS]


def _terms_of(word: str) -> list[tuple[str, bool, bool]]:
    """`two-part` asks for `two` and `part*`, once per hyphenated piece, as the search box does."""
    required = word.startswith(_REQUIRED)
    pieces = [piece for piece in re.split(r"[-:]", word.replace(_REQUIRED, "")) if piece]
    if not pieces:
        return []
    times = len(pieces) - word.count(":")
    first, last = 0, len(pieces) - 1
    terms = [(piece, i == last and not required, i == first and required) for i, piece in enumerate(pieces)]
    return terms * max(times, 1)
