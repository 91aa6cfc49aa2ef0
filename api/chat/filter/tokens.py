"""A folded text in pieces: words and numbers, and what stands between them."""

import re
from itertools import accumulate

import msgspec

# Longer than any word or number that people type, and so in one piece: a key, a token, noise.
PIECE = re.compile(r"([^\W_]{49,}|\d+|[^\W\d_]+)")


class Tokens(msgspec.Struct, frozen=True):
    """`gaps[i]` stands before `words[i]`, the last gap after the last word; `starts[i]` is where `words[i]` begins."""

    words: list[str]
    gaps: list[str]
    starts: list[int]

    def end(self, i: int) -> int:
        return self.starts[i] + len(self.words[i])

    def gap_after(self, i: int) -> str:
        return self.gaps[i + 1]

    def before(self, i: int, count: int) -> list[str]:
        """Up to `count` words before a place, the nearest first."""
        return self.words[max(0, i - count) : i][::-1]

    def after(self, i: int, count: int) -> list[str]:
        return self.words[i + 1 : i + 1 + count]


def split(text: str) -> Tokens:
    parts = PIECE.split(text)
    ends = list(accumulate(map(len, parts)))
    return Tokens(parts[1::2], parts[0::2], ends[0:-1:2])
