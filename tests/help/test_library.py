import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from api.errors import HelpUnavailable
from api.help import catalogue
from api.help.library import Library
from api.help.search import INDEX
from api.site import publish


@pytest.fixture
def library(site_dir: Path) -> Library:
    library = Library(site_dir)
    assert library.refresh()
    return library


def test_before_the_first_build_there_is_nothing_to_answer_from(tmp_path: Path) -> None:
    library = Library(tmp_path)
    assert not library.refresh()
    assert (library.state.ready, library.state.problem) == (False, "no build is published")
    with pytest.raises(HelpUnavailable):
        _ = library.edition


def test_an_article_is_found_by_its_id(library: Library) -> None:
    article = library.edition.articles["late-withdrawal"]
    assert article.url == "https://help.example.com/payments-earnings/late-withdrawal/"
    assert article.html.startswith("<p>Each step of a withdrawal")
    assert article.markdown.startswith("Each step of a withdrawal")
    assert len(article.related) == 3
    assert article.reading_minutes == 2


def test_articles_hold_no_permalinks_and_no_relative_links(library: Library) -> None:
    html = "".join(article.html for article in library.edition.articles.values())
    assert "headerlink" not in html
    assert "¶" not in html
    assert 'href=".' not in html
    assert 'href="#' not in html


def test_categories_and_tags_count_articles(library: Library) -> None:
    edition = library.edition
    assert sum(category.count for category in edition.categories) == len(edition.articles)
    tickets = sum("tickets" in article.tags for article in edition.articles.values())
    assert next(tag.count for tag in edition.tags if tag.tag == "tickets") == tickets


def test_a_search_answers_one_item_per_page_with_its_best_section(library: Library) -> None:
    found = library.edition.search("clock changes")
    assert (found.items[0].id, found.items[0].section) == ("quiet-hours", "Nights when the clock changes")
    assert found.items[0].url.endswith("/communication/quiet-hours/#nights-when-the-clock-changes")
    assert "wall clock" in found.items[0].excerpt
    assert "<" not in found.items[0].excerpt
    assert len({item.id for item in found.items}) == len(found.items)


def test_a_readers_word_finds_the_article_that_uses_another(library: Library) -> None:
    assert library.edition.search("payout").items[0].id == "late-withdrawal"


def test_filters_narrow_the_items_and_not_the_facets(library: Library) -> None:
    everything = library.edition.search("photo")
    narrowed = library.edition.search("photo", category="payments-earnings", tag="evidence")
    assert [item.id for item in narrowed.items] == ["payment-dispute"]
    assert narrowed.facets == everything.facets
    assert sum(everything.facets.categories.values()) == len(everything.items)


def test_the_limit_cuts_the_list(library: Library) -> None:
    assert [item.id for item in library.edition.search("photo", limit=2).items] == [
        item.id for item in library.edition.search("photo").items[:2]
    ]


@pytest.mark.parametrize("text", ["", "   ", "*", "zzzzqqq"])
def test_a_search_without_matches_is_empty(library: Library, text: str) -> None:
    assert library.edition.search(text).items == []


def test_search_switched_off_needs_no_index(site_dir: Path) -> None:
    (publish_folder(site_dir) / INDEX).unlink()
    library = Library(site_dir, search_enabled=False)
    assert library.refresh()
    assert library.state.problem is None


def test_articles_are_there_at_the_start_when_only_the_index_is_damaged(site_dir: Path) -> None:
    (publish_folder(site_dir) / INDEX).write_bytes(b"{")
    library = Library(site_dir)
    assert library.refresh()
    assert library.edition.articles
    assert str(INDEX) in str(library.state.problem)
    with pytest.raises(HelpUnavailable):
        library.edition.search("photo")


@pytest.mark.parametrize("file", [INDEX, catalogue.FILE])
@pytest.mark.parametrize("damage", ["missing", "truncated", "empty", "no articles"])
def test_a_damaged_build_keeps_the_last_good_one(library: Library, site_dir: Path, file: Path, damage: str) -> None:
    path = publish_folder(site_dir) / file
    content = path.read_bytes()
    path.unlink()
    if damage != "missing":
        path.write_bytes({"truncated": content[:-100], "empty": b"", "no articles": b'{"docs":[]}'}[damage])
    assert not library.refresh()
    assert library.edition.search("payout").items
    assert library.state.ready
    assert library.state.problem
    path.write_bytes(content)
    assert library.refresh()
    assert library.state.problem is None


def test_an_unchanged_build_is_read_once(library: Library) -> None:
    assert not library.refresh()


def test_a_new_build_is_picked_up_with_a_new_version(library: Library, site_dir: Path) -> None:
    before = library.edition.version
    with publish.staging(site_dir) as staged:
        shutil.copytree(publish_folder(site_dir), staged, dirs_exist_ok=True)
        publish.publish(site_dir, staged, "f" * 12, datetime.now(UTC))
    assert library.refresh()
    assert library.edition.version == library.state.version != before


def publish_folder(site_dir: Path) -> Path:
    built = publish.current(site_dir)
    assert built is not None
    return built
