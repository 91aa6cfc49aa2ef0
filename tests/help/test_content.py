"""What every published article keeps to."""

from collections import Counter
from itertools import chain
from pathlib import Path

import pytest

from api.help.articles import Source, read_all
from api.help.schema import FILE, front_matter_schema
from api.help.types import CATEGORY_TITLES

DOCS = Path(__file__).parents[2] / "docs"
PATHS = [path for category in CATEGORY_TITLES for path in sorted((DOCS / category).glob("*.md"))]
SOURCES = read_all({path.relative_to(DOCS).as_posix(): path.read_text() for path in PATHS}).sources

QUICK_RESPONSES = [
    "Hello! I'm on my way to provide your service.",
    "I'm on my way to your location. I'll arrive in about 10-15 minutes.",
    "I've arrived at your location. Please let me know where you'd like me to start.",
    "The service has been completed. Thank you for choosing our service!",
]


def paragraphs(source: Source) -> list[str]:
    return [" ".join(paragraph.split()) for paragraph in source.body.split("\n\n") if not paragraph.startswith("#")]


def test_every_category_has_at_least_four_articles() -> None:
    counts = Counter(source.front.category for source in SOURCES.values())
    assert all(counts[category] >= 4 for category in CATEGORY_TITLES)


@pytest.mark.parametrize("path", SOURCES)
def test_an_article_is_short_and_says_what_to_do_when_it_goes_wrong(path: str) -> None:
    body = SOURCES[path].body
    assert 300 <= len(body.split()) <= 900
    assert "\n## If this happens\n" in body
    assert "\n1. " in body


@pytest.mark.parametrize("path", SOURCES)
def test_an_article_answers_before_its_first_heading(path: str) -> None:
    answer, _, _ = SOURCES[path].body.partition("\n## ")
    assert 10 <= len(answer.split()) <= 90


def test_no_two_articles_share_a_paragraph() -> None:
    counts = Counter(chain.from_iterable(set(paragraphs(source)) for source in SOURCES.values()))
    assert [paragraph for paragraph, count in counts.items() if count > 1] == []


def test_no_tag_is_used_once_only_by_a_slip_of_the_pen() -> None:
    tags = {tag for source in SOURCES.values() for tag in source.front.tags}
    assert not {tag for tag in tags if tag + "s" in tags}


def test_the_quick_responses_stand_word_for_word() -> None:
    body = SOURCES["communication/quick-responses.md"].body
    assert all(text in body for text in QUICK_RESPONSES)


def test_the_editors_schema_is_that_of_the_code() -> None:
    assert FILE.read_bytes() == front_matter_schema()
