"""The site's own search: the build's search_index.json, indexed and ranked as the theme's worker does it.

Differs from lunr.py's defaults in tokens (HTML skipped, hyphens split, no stemmer, no trimmer), in `b`, and in what the
worker adds after lunr: a boost for page entries and for complete matches, then one group per page.
"""

import re
from bisect import bisect_left, bisect_right
from html import escape, unescape
from itertools import accumulate
from pathlib import Path
from typing import Any

import msgspec
from lunr.builder import Builder  # type: ignore[import-untyped]
from lunr.index import Index  # type: ignore[import-untyped]
from lunr.query import Query, QueryPresence  # type: ignore[import-untyped]
from lunr.stop_word_filter import WORDS as STOP_WORDS  # type: ignore[import-untyped]
from lunr.stop_word_filter import stop_word_filter
from msgspec import Struct, field, structs

from api.help.terms import Term

INDEX = Path("search") / "search_index.json"
# lunr.py needs 10 to 40 microseconds for each place of the index a query leads to, and nothing can interrupt it.
MAX_POSTINGS = 10_000


class Entry(Struct, frozen=True):
    """One section of a page; the first of a page has a location without #. `text` is HTML."""

    location: str
    title: str
    text: str
    tags: list[str] = []
    boost: float = 1

    @property
    def page(self) -> str:
        return self.location.partition("#")[0]


class FieldBoost(Struct, frozen=True):
    boost: float = 1


class IndexConfig(Struct, frozen=True):
    separator: str
    fields: dict[str, FieldBoost]
    pipeline: list[str] = field(default_factory=list)


class SearchIndex(Struct, frozen=True):
    """The build's search_index.json."""

    config: IndexConfig
    docs: list[Entry]


class Hit(Struct, frozen=True):
    entry: Entry
    score: float
    words: list[str]


class Group(Struct, frozen=True):
    """A page with its sections that matched, best first."""

    page: str
    hits: list[Hit]


_TAG = re.compile(r"<[^>]*>")


class Searcher:
    def __init__(self, source: SearchIndex) -> None:
        self._entries = {entry.location: entry for entry in source.docs}
        self._page_entries = _first_of_each_page(source.docs)
        self._index = _lunr_index(source)
        self._words = sorted(self._index.inverted_index)
        self._postings = [0, *accumulate(self._count_of(word) for word in self._words)]

    def groups(self, terms: list[Term]) -> list[Group]:
        """Pages in the order of the site's search box."""
        if not terms:
            return []
        terms = self._affordable(terms)
        hits = [self._rescore(found, terms) for found in self._matches(terms)]
        pages: dict[str, list[Hit]] = {}
        for hit in sorted(hits, key=lambda hit: hit.score, reverse=True):
            pages.setdefault(hit.entry.page, []).append(hit)
        return [Group(page, found) for page, found in pages.items()]

    def completions(self, terms: list[Term]) -> list[str]:
        """Words of the first title that has all terms, as the search box offers them for completion."""
        query = Query(["title"])
        for term in terms:
            query.term(term.text, presence=QueryPresence.REQUIRED, wildcard=Query.WILDCARD_TRAILING)
        found = self._index.query(query) if terms else []
        return list(found[0]["match_data"].metadata) if found else []

    def _affordable(self, terms: list[Term]) -> list[Term]:
        """The same terms; where they would exceed MAX_POSTINGS the costliest prefixes match whole words only."""
        for costliest in sorted(terms, key=self._cost, reverse=True):
            if sum(map(self._cost, terms)) <= MAX_POSTINGS:
                break
            terms = [structs.replace(term, prefix=False) if term is costliest else term for term in terms]
        return terms

    def _cost(self, term: Term) -> int:
        """How many places of the index the term leads to."""
        first = bisect_left(self._words, term.text)
        end = (
            bisect_left(self._words, term.text + "\U0010ffff") if term.prefix else bisect_right(self._words, term.text)
        )
        return self._postings[end] - self._postings[first]

    def _count_of(self, word: str) -> int:
        posting = self._index.inverted_index[word]
        return sum(len(posting[field]) for field in self._index.fields)

    def _matches(self, terms: list[Term]) -> list[dict[str, Any]]:
        query = Query(self._index.fields)
        for term in terms:
            query.term(
                term.text,
                boost=term.weight,
                use_pipeline=False,
                presence=QueryPresence.REQUIRED if term.required else QueryPresence.OPTIONAL,
                wildcard=Query.WILDCARD_TRAILING if term.prefix else Query.WILDCARD_NONE,
            )
        matches: list[dict[str, Any]] = self._index.query(query)
        return matches

    def _rescore(self, found: dict[str, Any], terms: list[Term]) -> Hit:
        entry = self._entries[found["ref"]]
        words = list(found["match_data"].metadata)
        wanted = dict.fromkeys(term.text for term in terms)
        matched = {text for text in wanted if any(word.startswith(text) for word in words)}
        missing = [text for text in wanted if text not in matched and text not in STOP_WORDS]
        is_page = self._page_entries.get(entry.page) is entry
        factor = is_page + len(matched) / (len(matched) + len(missing))
        return Hit(entry, found["score"] * (1 + factor**2), words)


def with_keywords(index: bytes, keywords: dict[str, list[str]]) -> bytes:
    """The search_index.json in which each page can also be found by its keywords, given by location."""
    contents = msgspec.json.decode(index)
    for entry in contents["docs"]:
        if words := keywords.get(entry["location"]):
            entry["text"] += f"<p>Also called: {escape(', '.join(words), quote=False)}</p>"
    return msgspec.json.encode(contents)


def plain_text(html: str) -> str:
    return " ".join(unescape(_TAG.sub(" ", html)).split())


def _first_of_each_page(entries: list[Entry]) -> dict[str, Entry]:
    first: dict[str, Entry] = {}
    for entry in entries:
        first.setdefault(entry.page, entry)
    return first


def _lunr_index(source: SearchIndex) -> Index:
    separator = re.compile(source.config.separator)
    builder = Builder()
    builder.ref("location")
    builder.b(0)
    if "stopWordFilter" in source.config.pipeline:
        builder.pipeline.add(stop_word_filter)
    for name, spec in source.config.fields.items():
        builder.field(name, boost=spec.boost, extractor=lambda entry, name=name: _tokens(entry[name], separator))
    for entry in source.docs:
        fields = {"location": entry.location, "title": entry.title, "text": entry.text, "tags": entry.tags}
        builder.add(fields, {"boost": entry.boost})
    index = builder.build()
    _order_edges(index.token_set)
    return index


def _tokens(value: str | list[str], separator: re.Pattern[str]) -> list[str]:
    texts = value if isinstance(value, list) else [value]
    return [token for text in texts for piece in _TAG.split(text) for token in separator.split(piece) if token]


def _order_edges(root: Any) -> None:
    # JavaScript lists digit keys first. The order in which words are expanded decides between equal scores.
    seen, stack = set(), [root]
    while stack:
        node = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        node.edges = dict(sorted(node.edges.items(), key=lambda edge: not edge[0].isdigit()))
        stack.extend(node.edges.values())
