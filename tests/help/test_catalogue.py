from datetime import UTC, date, datetime

import pytest

from api.help.articles import Source, read_article
from api.help.catalogue import Page, catalogue, on_shelf, reading_minutes, related, sanitised
from api.help.types import CATEGORY_TITLES, CategoryId, Context, FrontMatter, Shelf

AT = "https://help.example.com/payments-earnings/late/"


def source(article_id: str, category: CategoryId = "communication", tags: list[str] | None = None) -> Source:
    front = FrontMatter(
        id=article_id,
        title=f"About {article_id}",
        summary="In one sentence.",
        category=category,
        tags=tags or ["chat"],
        audience=["provider"],
        keywords=[],
        context=Context(),
        owner="support",
        review_by=date(2027, 5, 1),
    )
    return Source(f"{category}/{article_id}.md", front, "Text.", 1)


def test_a_shelf_begins_with_what_it_names_and_goes_on_by_title() -> None:
    sources = [source("c"), source("b"), source("a"), source("z", "support-issues")]
    assert [one.front.id for one in on_shelf(sources, "communication", Shelf(summary="S", icon="i", order=["b"]))] == [
        "b",
        "a",
        "c",
    ]


def test_a_rare_common_tag_makes_two_articles_closer_than_a_usual_one() -> None:
    rare = [source("one", tags=["chat", "iban"]), source("two", tags=["chat"]), source("three", tags=["chat", "iban"])]
    assert related(rare)["one"] == ["three", "two"]


def test_articles_of_the_same_category_are_closer_when_tags_are_equal() -> None:
    sources = [source("one"), source("far", "support-issues"), source("near")]
    assert related(sources)["one"] == ["near", "far"]


def test_categories_come_in_their_order_with_their_counts(article: str) -> None:
    late = read_article("payments-earnings/late.md", article)
    page = Page("payments-earnings/late/", AT, "<p>Look.</p>", datetime(2026, 5, 1, tzinfo=UTC))
    shelves = dict.fromkeys(CATEGORY_TITLES, Shelf(summary="What belongs here", icon="material/cash"))
    contents = catalogue([late], {"late-withdrawal": page}, shelves, "https://help.example.com/")
    assert [(one.title, one.count) for one in contents.categories][2] == ("Payments & Earnings", 1)
    assert [one.order for one in contents.categories] == [1, 2, 3, 4, 5]
    assert contents.categories[2].url == "https://help.example.com/payments-earnings/"
    assert contents.locations == {"payments-earnings/late/": "late-withdrawal"}


@pytest.mark.parametrize(("words", "minutes"), [(0, 1), (200, 1), (201, 2), (900, 5)])
def test_reading_takes_a_minute_per_200_words(words: int, minutes: int) -> None:
    assert reading_minutes("word " * words) == minutes


def test_links_of_an_article_work_from_anywhere() -> None:
    assert 'href="https://help.example.com/communication/x/#y"' in sanitised(
        '<a href="../../communication/x/#y">x</a>', AT
    )


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        '<img src="x" onerror="alert(1)">',
        '<a href="javascript:alert(1)">x</a>',
        '<a href="java\tscript:alert(1)">x</a>',
        '<iframe src="https://example.com"></iframe>',
        '<p style="position:fixed">x</p>',
        "<svg><script>alert(1)</script></svg>",
        '<form action="https://example.com"><input name="pin"></form>',
    ],
)
def test_nothing_active_reaches_another_app(html: str) -> None:
    clean = sanitised(html, AT)
    assert not any(word in clean for word in ("alert", "onerror", "script", "iframe", "style", "form", "input"))
