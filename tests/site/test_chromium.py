"""The whole site in a browser, as `porchlight serve` serves it."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page

from api.settings import Settings
from tests.conftest import BASE_URL, SECRET
from tests.faults.process import served
from tests.site.chromium import WIDTHS, chromium, faults, opened

HOSTILE = [
    "<img src=x onerror=pwn=1>",
    '"><svg onload=pwn=1>',
    "</script><script>pwn=1</script>",
    "javascript:pwn=1",
    "*",
    "a~9",
    "'\"`${pwn=1}",
]


@pytest.fixture(scope="module")
def home(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("data"), site_dir=published, jwt_secret=SECRET)
    with served(settings) as server:
        yield server.address + "/"


@pytest.fixture(scope="module")
def pages(published: Path) -> list[str]:
    """Every address of the sitemap without its host, a search, and one that is not there."""
    sitemap = (published / "current" / "sitemap.xml").read_text()
    return [*re.findall(rf"<loc>{BASE_URL}/([^<]*)</loc>", sitemap), "?q=photo", "nowhere/at/all"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_keeps_the_policy_asks_nobody_else_fits_and_can_be_read_by_everybody(
    browser: Browser, home: str, pages: list[str], width: int
) -> None:
    assert len(pages) > 30
    page = opened(browser, width)
    assert [f"{path}: {fault}" for path in pages for fault in faults(page, home + path)] == []


@pytest.mark.parametrize("width", WIDTHS)
def test_so_does_one_page_of_each_kind_in_the_dark(browser: Browser, home: str, width: int) -> None:
    page = opened(browser, width, "dark")
    kinds = ["", "communication/", "communication/quiet-hours/", "developers/errors/", "?q=photo", "nowhere"]
    assert [f"{path}: {fault}" for path in kinds for fault in faults(page, home + path)] == []


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_is_typed_or_stands_in_an_address_runs(browser: Browser, home: str, text: str) -> None:
    page = opened(browser, 1280)
    for place in ("?q=", "#__search?q=", "communication/quiet-hours/?h="):
        page.goto(home + place + quote(text))
        page.wait_for_timeout(300)
        assert not ran(page)
    page.goto(home)
    page.keyboard.press("/")
    page.keyboard.type(text)
    page.wait_for_timeout(300)
    assert not ran(page)
    page.close()


def ran(page: Page) -> bool:
    return bool(page.evaluate("typeof pwn !== 'undefined'"))


def test_the_search_box_and_the_api_answer_in_the_same_order(browser: Browser, home: str) -> None:
    page = opened(browser, 1280)
    for text in ("late payout", "photo", "customer"):
        page.goto(f"{home}?q={quote(text)}")
        page.wait_for_selector(".md-search-result__item")
        titles = page.locator(".md-search-result__item > a h1").all_text_contents()
        answer = page.request.get(f"{home}api/provider-communication/help/search?q={quote(text)}&limit=100")
        assert titles[:5]
        assert [item["title"] for item in answer.json()["items"]][: len(titles)] == titles
    page.close()


def test_a_reader_gets_from_the_first_page_to_an_answer(browser: Browser, home: str) -> None:
    page = opened(browser, 360)
    page.goto(home)
    page.get_by_label("Search words").fill("withdrawal late")
    page.keyboard.press("Enter")
    page.locator(".md-search-result__item a").first.click()
    page.wait_for_url("**/payments-earnings/late-withdrawal/**")
    assert page.evaluate("reports") == []
    page.close()
