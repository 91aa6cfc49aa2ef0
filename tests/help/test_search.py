import json
import time
from pathlib import Path

import msgspec
import pytest

from api.help.search import MAX_POSTINGS, Searcher, SearchIndex, with_keywords
from api.help.terms import read_terms

PARITY = Path(__file__).parent / "parity"
# Recorded from the theme's own worker with parity/record.js.
LETTERS = " ".join("abcdefghijklmnopqrstuvwxyz")
ANSWERS = json.loads((PARITY / "answers.json").read_text())


@pytest.fixture(scope="module")
def searcher() -> Searcher:
    return Searcher(msgspec.json.decode((PARITY / "index.json").read_bytes(), type=SearchIndex))


@pytest.mark.parametrize("query", ANSWERS)
def test_pages_come_in_the_order_of_the_search_box(searcher: Searcher, query: str) -> None:
    best = [group.hits[0] for group in searcher.groups(read_terms(query))][:10]
    assert [[hit.entry.location, round(hit.score, 3)] for hit in best] == [
        [location, pytest.approx(score, abs=0.002)] for location, score in ANSWERS[query]["top"]
    ]


@pytest.mark.parametrize("query", ANSWERS)
def test_completions_are_those_of_the_search_box(searcher: Searcher, query: str) -> None:
    assert searcher.completions(read_terms(query)) == ANSWERS[query]["suggest"]


@pytest.mark.parametrize(
    "query",
    [
        LETTERS,
        LETTERS.replace(" ", "-"),
        "term~10",
        "*",
        "*a*",
        "+",
        "a" * 500,
        '"' * 500,
        '"a" "b" "c"',
        "x:y",
        "nosuch:x",
        "\\",
        "t " * 250,
    ],
)
def test_a_hostile_query_is_answered_in_under_100_ms(searcher: Searcher, query: str) -> None:
    seconds = []
    for _ in range(10):
        began = time.perf_counter()
        searcher.groups(read_terms(query))
        seconds.append(time.perf_counter() - began)
    # The best of ten: the machine may have been busy with something else.
    assert min(seconds) < 0.1


def test_what_a_query_costs_is_bounded_by_whole_words_for_the_costliest_prefixes() -> None:
    words = " ".join(f"a{number}" for number in range(200))
    docs = [{"location": f"{number}/", "title": "T", "text": f"{words} b{number}"} for number in range(220)]
    config = {"separator": r"[\s\-]+", "fields": {"title": {"boost": 1000}, "text": {}, "tags": {}}}
    searcher = Searcher(msgspec.convert({"config": config, "docs": docs}, SearchIndex))
    assert MAX_POSTINGS < 220 * 200
    assert searcher.groups(read_terms("a")) == []
    assert len(searcher.groups(read_terms("a b"))) == 220


def test_a_page_is_found_by_its_keywords() -> None:
    index = json.loads((PARITY / "index.json").read_text())
    location = index["docs"][0]["location"]
    found = with_keywords(json.dumps(index).encode(), {location: ["zebra & crossing"]})
    searcher = Searcher(msgspec.json.decode(found, type=SearchIndex))
    assert [group.page for group in searcher.groups(read_terms("zebra"))] == [location]
