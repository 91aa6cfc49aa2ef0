"""The site and the API at one address."""

import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import msgspec
import pytest

from api.app import PREFIX, create_app
from api.settings import Settings
from api.site import publish
from api.site.marks import HEADERS
from tests.boundary.test_problems import check_problem
from tests.conftest import serving
from tests.help.test_switches import ready, until

PAGE = "/communication/quiet-hours/"
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@asynccontextmanager
async def browsing(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        serving(create_app(settings)) as address,
        httpx.AsyncClient(base_url=address, headers=BROWSER, timeout=30) as client,
    ):
        yield client


@pytest.fixture
async def browser(settings: Settings, site_dir: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with browsing(settings) as client:
        yield client


@pytest.mark.parametrize("path", ["/", PAGE, "/developers/errors/", "/search/search_index.json", "/nothing/here"])
async def test_the_site_has_the_headers_of_every_answer_and_a_policy_of_its_own(
    browser: httpx.AsyncClient, path: str
) -> None:
    headers = (await browser.get(path, headers={"X-Request-Id": "mine-1"})).headers
    assert headers["x-request-id"] == "mine-1"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["referrer-policy"] == "same-origin"
    assert re.fullmatch(
        r"default-src 'none'; .*script-src 'self'( 'sha256-[^']+')+", headers["content-security-policy"]
    )
    assert len(headers.get_list("content-security-policy")) == 1
    assert "set-cookie" not in headers


async def test_the_front_door_is_the_help_centre(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/")
    assert (answer.status_code, "What do you need help with?" in answer.text) == (200, True)


async def test_without_a_site_the_front_door_leads_to_the_reference(settings: Settings) -> None:
    async with browsing(settings) as browser:
        answer = await browser.get("/")
        assert (answer.status_code, answer.headers["location"]) == (302, "/api/reference")
        check_problem(await browser.get(PAGE), 404, "not_found")


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nothing", f"{PREFIX}/nothing", f"{PREFIX}/help/nothing"])
async def test_what_is_not_in_the_api_is_a_problem_for_browsers_too(browser: httpx.AsyncClient, path: str) -> None:
    check_problem(await browser.get(path), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path"), [("POST", PAGE), ("DELETE", "/"), ("PUT", "/healthz"), ("POST", f"{PREFIX}/help/tags")]
)
async def test_a_method_that_an_address_does_not_take_is_a_problem(
    browser: httpx.AsyncClient, method: str, path: str
) -> None:
    answer = await browser.request(method, path)
    check_problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"


async def test_the_api_answers_beside_the_site(browser: httpx.AsyncClient) -> None:
    assert (await browser.get("/healthz")).json() == {"status": "ok"}
    assert (await browser.get("/api/reference")).status_code == 200
    check_problem(await browser.get(f"{PREFIX}/chat/conversations"), 401, "unauthenticated")


@pytest.mark.parametrize("path", ["/", PAGE, "/nothing"])
async def test_head_answers_what_get_does_without_the_body(browser: httpx.AsyncClient, path: str) -> None:
    sent = {"X-Request-Id": "same"}
    get, head = await browser.get(path, headers=sent), await browser.head(path, headers=sent)
    assert (head.status_code, head.content) == (get.status_code, b"")
    assert dict(head.headers) | {"date": ""} == dict(get.headers) | {"date": ""}


@pytest.mark.parametrize("path", ["/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd", "/.porchlight/catalogue.json"])
async def test_nothing_of_the_machine_is_served(browser: httpx.AsyncClient, path: str) -> None:
    answer = await browser.get(httpx.URL(str(browser.base_url)).copy_with(raw_path=path.encode()))
    assert (answer.status_code, "root:" in answer.text) == (404, False)


async def test_the_type_of_a_problem_leads_to_its_place_on_the_site(browser: httpx.AsyncClient) -> None:
    problem = (await browser.get(f"{PREFIX}/nothing")).json()
    path, _, anchor = problem["type"].removeprefix("http://127.0.0.1:8000").partition("#")
    assert f'<a id="{anchor}">' in (await browser.get(path)).text


async def test_every_page_of_the_sitemap_is_there_and_leads_only_to_pages_that_are(browser: httpx.AsyncClient) -> None:
    text = (await browser.get("/sitemap.xml")).text
    pages = re.findall(r"<loc>https://help\.example\.com([^<]+)</loc>", text)
    assert len(pages) > 30
    for page in pages:
        answer = await browser.get(page)
        assert answer.status_code == 200
        for link in set(re.findall(r'(?:href|src)="([^"#?:]+)[#?"]', answer.text)):
            assert (await browser.get(answer.url.join(link))).status_code == 200, (page, link)


async def test_a_build_that_cannot_be_served_leaves_the_old_one(settings: Settings, site_dir: Path) -> None:
    async with browsing(settings) as browser:
        broken = site_dir / "builds" / "29990101T000000-broken"
        shutil.copytree(publish.current(site_dir) or site_dir, broken)
        (broken / HEADERS).write_bytes(b"{")
        (site_dir / "current").unlink()
        (site_dir / "current").symlink_to(broken)
        await until(lambda: warned(browser))
        assert (await browser.get(PAGE)).status_code == 200


async def warned(browser: httpx.AsyncClient) -> bool:
    status, warnings = await ready(browser)
    assert status == 200
    return bool(warnings)


async def test_an_allowed_origin_is_answered_with_the_site_kept_apart_for_each(
    settings: Settings, site_dir: Path
) -> None:
    origin = "https://app.example.com"
    async with browsing(msgspec.structs.replace(settings, allowed_origins=(origin,))) as browser:
        headers = (await browser.get(PAGE, headers={"Origin": origin})).headers
        assert headers["access-control-allow-origin"] == origin
        assert "Origin" in headers["vary"]
