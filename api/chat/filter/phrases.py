"""Lists of words and phrases, found in one walk over a text."""

import re
from collections.abc import Iterable, Iterator
from itertools import accumulate, pairwise
from typing import Any

import msgspec

from api.chat.filter.fold import fold
from api.chat.filter.types import Outcome, Span

# With the signs that stand for letters in the middle of a word: a$$, sh!t.
PARTS = re.compile(r"([$@]?[^\W_]+(?:[$@!]+[^\W_]+)*)")
SPACED = re.compile(r"(?<![^\W_])[^\W\d_](?:[\W_]{1,2}[^\W\d_](?![^\W_])){2,}")
STRETCHED = re.compile(r"(.)\1{2,}")
LEET = str.maketrans("013457@$!", "oieastasi")
MOST_WORDS = 8
# What is longer is no word, however it is dressed.
LONGEST = 100


class Phrases(msgspec.Struct, frozen=True):
    """`tree` leads from word to word to an Outcome under ""; `prefixes` are beginnings of single words.

    The rest tells quickly that a text holds none: `singles`, the words `inner` to phrases and the first two of each,
    the first three letters of prefixes.
    """

    tree: dict[str, Any]
    prefixes: dict[str, Outcome]
    sizes: tuple[int, ...]
    singles: frozenset[str]
    inner: frozenset[str]
    pairs: frozenset[tuple[str, str]]
    threes: frozenset[str]

    def may_hold(self, words: list[str]) -> bool:
        """Of words that are written plainly and in small letters."""
        return (
            not self.singles.isdisjoint(words)
            or (bool(self.pairs) and not self.pairs.isdisjoint(pairwise(words)))
            or (bool(self.threes) and not self.threes.isdisjoint([word[:3] for word in words]))
        )

    def find(self, text: str, parts: list[str]) -> Iterator[tuple[Span, Outcome]]:
        """In a folded text and its `parts`, the longest phrase at each place."""
        listed = {word: shape for word in set(parts[1::2]) if (shape := self._listed(word)) is not None}
        words = [listed.get(word, "") for word in parts[1::2]]
        if self.singles or self.prefixes:
            yield from self._spaced(text)
        if not any(words):
            return
        ends = list(accumulate(map(len, parts)))
        for i, word in enumerate(words):
            if word and (found := self._at(words, i)):
                count, outcome = found
                yield (ends[2 * i], ends[2 * (i + count) - 1]), outcome

    def _listed(self, word: str) -> str | None:
        """The word as the list has it, where it is only dressed up: sh1t, fuuuck."""
        if word in self.singles or word in self.inner or self._prefix(word):
            return word
        if len(word) > LONGEST or word.isdigit() or (word.isalpha() and not STRETCHED.search(word)):
            return None
        plain = word.translate(LEET)
        for shape in (plain, STRETCHED.sub(r"\1", plain), STRETCHED.sub(r"\1\1", plain)):
            if shape in self.singles or shape in self.inner or self._prefix(shape):
                return shape
        return None

    def _at(self, words: list[str], i: int) -> tuple[int, Outcome] | None:
        """How many words from here on are a phrase, and what is done with it."""
        node, found = self.tree, None
        for count, word in enumerate(words[i : i + MOST_WORDS], 1):
            if not word or word not in node:
                break
            node = node[word]
            if "" in node:
                found = (count, node[""])
        if found is None and (outcome := self._prefix(words[i])):
            return 1, outcome
        return found

    def _spaced(self, text: str) -> Iterator[tuple[Span, Outcome]]:
        for match in SPACED.finditer(text):
            joined = "".join(filter(str.isalnum, match[0]))
            # A word of one letter may stand before it, and after it.
            for start, end in ((0, 0), (1, 0), (0, 1), (1, 1)):
                word = joined[start : len(joined) - end]
                if outcome := self.tree.get(word, {}).get("") or self._prefix(word):
                    places = [i for i in range(*match.span()) if text[i].isalnum()]
                    yield (places[start], places[len(joined) - end - 1] + 1), outcome
                    break

    def _prefix(self, word: str) -> Outcome | None:
        if word[:3] not in self.threes:
            return None
        return next((self.prefixes[word[:size]] for size in self.sizes if word[:size] in self.prefixes), None)


def phrases(listed: Iterable[tuple[str, Outcome]]) -> Phrases:
    """Of words as they are written; a `*` at the end of a single word stands for any ending."""
    tree: dict[str, Any] = {}
    prefixes: dict[str, Outcome] = {}
    every: list[list[str]] = []
    for written, outcome in listed:
        words = words_of(written)
        if written.endswith("*"):
            prefixes[words[0]] = outcome
            continue
        every.append(words)
        node = tree
        for word in words:
            node = node.setdefault(word, {})
        node[""] = outcome
    return Phrases(
        tree,
        prefixes,
        sizes=tuple(sorted({len(prefix) for prefix in prefixes}, reverse=True)),
        singles=frozenset(words[0] for words in every if len(words) == 1),
        inner=frozenset(word for words in every for word in words if len(words) > 1),
        pairs=frozenset((words[0], words[1]) for words in every if len(words) > 1),
        threes=frozenset(prefix[:3] for prefix in prefixes),
    )


def parts_of(text: str) -> list[str]:
    """What stands between the words of a folded text, and the words, by turns."""
    return PARTS.split(text)


def words_of(written: str) -> list[str]:
    return parts_of(fold(written).text)[1::2]
