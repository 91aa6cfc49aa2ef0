import re
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from anyio import create_task_group, lowlevel, to_thread

from api.boundary import Boundary
from api.clock import system_clock
from api.settings import Settings
from api.site import publish
from api.site.static import StaticSite
from tests.boundary.test_problems import check_problem

PAGE = "/communication/quiet-hours/"
INDEX = "/search/search_index.json"


@pytest.fixture
def site(site_dir: Path) -> StaticSite:
    site = StaticSite(site_dir)
    site.refresh()
    return site


@pytest.fixture
async def client(site: StaticSite) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody with a browser, in front of the site and no API."""
    app: Any = Boundary(None, Settings(), system_clock, site)
    headers = {"Accept-Encoding": "identity", "Accept": "text/html,*/*;q=0.8"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://help", headers=headers) as client:
        yield client


async def test_a_page_is_html_with_the_sites_policy(client: httpx.AsyncClient) -> None:
    page = await client.get(PAGE)
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert page.headers["x-content-type-options"] == "nosniff"
    assert "Sleep through the night" in page.text


@pytest.mark.parametrize("path", ["/", PAGE, INDEX])
async def test_pages_and_the_index_are_asked_for_again_each_time(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).headers["cache-control"] == "no-cache"


async def test_hashed_assets_never_change(client: httpx.AsyncClient, site_dir: Path) -> None:
    (style,) = (site_dir / "current" / "assets").glob("porchlight.*.css")
    answer = await client.get(f"/assets/{style.name}")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert (await client.get("/assets/logo.svg")).headers["cache-control"] == "no-cache"


async def test_a_known_page_is_not_sent_again(client: httpx.AsyncClient) -> None:
    etag = (await client.get(PAGE)).headers["etag"]
    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        again = await client.get(PAGE, headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    assert (await client.get(PAGE, headers={"If-None-Match": '"other"'})).status_code == 200


async def test_head_answers_like_get_without_the_body(client: httpx.AsyncClient) -> None:
    sent = {"X-Request-Id": "same"}
    page, head = await client.get(PAGE, headers=sent), await client.head(PAGE, headers=sent)
    assert (head.status_code, head.headers, head.content) == (200, page.headers, b"")


async def test_a_packed_body_has_its_own_etag(client: httpx.AsyncClient) -> None:
    plain = await client.get(PAGE)
    packed = await client.get(PAGE, headers={"Accept-Encoding": "br, gzip;q=0.5"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.text == plain.text
    assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding, Origin"
    assert packed.headers["etag"] != plain.headers["etag"]
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"]) / 2


async def test_gzip_can_be_refused(client: httpx.AsyncClient) -> None:
    answer = await client.get(PAGE, headers={"Accept-Encoding": "gzip;q=0, identity"})
    assert "content-encoding" not in answer.headers


@pytest.mark.parametrize(
    ("asked", "first", "end"),
    [("bytes=0-9", 0, 10), ("bytes=5-", 5, None), ("bytes=-7", -7, None), ("bytes=3-3", 3, 4)],
)
async def test_a_range_is_a_part_of_the_plain_body(
    client: httpx.AsyncClient, asked: str, first: int, end: int | None
) -> None:
    whole = (await client.get(INDEX)).content
    part = await client.get(INDEX, headers={"Range": asked, "Accept-Encoding": "gzip"})
    assert (part.status_code, part.content) == (206, whole[first:end])
    start = first % len(whole)
    assert part.headers["content-range"] == f"bytes {start}-{start + len(part.content) - 1}/{len(whole)}"


async def test_a_range_behind_the_end_is_refused(client: httpx.AsyncClient) -> None:
    size = len((await client.get(INDEX)).content)
    answer = await client.get(INDEX, headers={"Range": f"bytes={size}-"})
    check_problem(answer, 416, "range_not_satisfiable")
    assert answer.headers["content-range"] == f"bytes */{size}"


@pytest.mark.parametrize("headers", [{"Range": "bytes=0-1,3-4"}, {"Range": "lines=1"}, {"Range": "bytes=9-3"}])
async def test_a_range_we_do_not_read_is_ignored(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    assert (await client.get(INDEX, headers=headers)).status_code == 200


async def test_a_part_of_another_version_is_not_sent(client: httpx.AsyncClient) -> None:
    etag = (await client.get(INDEX)).headers["etag"]
    same = await client.get(INDEX, headers={"Range": "bytes=0-1", "If-Range": etag})
    other = await client.get(INDEX, headers={"Range": "bytes=0-1", "If-Range": '"other"'})
    assert (same.status_code, other.status_code) == (206, 200)


async def test_a_folder_without_its_slash_redirects_with_the_query(client: httpx.AsyncClient) -> None:
    answer = await client.get("/communication?q=late")
    assert (answer.status_code, answer.headers["location"]) == (308, "/communication/?q=late")


@pytest.mark.parametrize(
    "path",
    [
        "/nothing/here",
        "http://help//example.com/communication",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/..%2f..%2fetc%2fpasswd",
        "/communication/%00",
        "/%ff%fe",
        "/.porchlight/catalogue.json",
        "/%2eporchlight/headers.json",
        "/index.html.gz",
    ],
)
async def test_what_is_not_published_is_the_404_page(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    if answer.status_code == 404:
        assert "This page is not here" in answer.text
        assert "etag" not in answer.headers
        assert answer.headers["vary"] == "Accept, Origin"
    else:
        check_problem(answer, 400, "invalid_request")


async def test_who_does_not_read_html_gets_a_problem_for_what_is_not_there(client: httpx.AsyncClient) -> None:
    for accept in ("*/*", "application/json", "image/avif,image/webp"):
        check_problem(await client.get("/nothing", headers={"Accept": accept}), 404, "not_found")


async def test_only_reading_is_possible(client: httpx.AsyncClient) -> None:
    answer = await client.post(PAGE)
    check_problem(answer, 405, "method_not_allowed")
    options = await client.options(PAGE)
    assert answer.headers["allow"] == options.headers["allow"] == "GET, HEAD, OPTIONS"
    assert (options.status_code, options.content) == (204, b"")


async def test_links_in_a_build_are_not_followed(client: httpx.AsyncClient, site: StaticSite, site_dir: Path) -> None:
    secret = site_dir / "secret.txt"
    secret.write_text("canary")
    with publish.staging(site_dir) as staged:
        shutil.copytree(site_dir / "current", staged, dirs_exist_ok=True)
        (staged / "secret.txt").symlink_to(secret)
        (staged / "up").symlink_to(site_dir)
        publish_now(site_dir, staged)
    assert site.refresh()
    assert {(await client.get(path)).status_code for path in ("/secret.txt", "/up/secret.txt")} == {404}


async def test_a_page_loaded_before_a_publication_still_gets_its_assets(
    client: httpx.AsyncClient, site: StaticSite, site_dir: Path
) -> None:
    (style,) = (site_dir / "current" / "assets").glob("porchlight.*.css")
    republish(site_dir, "porchlight.0123abcd.css")
    assert site.refresh()
    assert "porchlight.0123abcd.css" in (await client.get("/")).text
    assert (await client.get(f"/assets/{style.name}")).status_code == 200


async def test_browsing_while_the_site_is_rebuilt_meets_no_404(
    client: httpx.AsyncClient, site: StaticSite, site_dir: Path
) -> None:
    publishing = True

    async def publish_again() -> None:
        nonlocal publishing
        for number in range(5):
            await to_thread.run_sync(republish, site_dir, f"porchlight.{number:08x}.css")
            assert await to_thread.run_sync(site.refresh)
        publishing = False

    async with create_task_group() as group:
        group.start_soon(publish_again)
        while publishing:
            page = await client.get("/")
            await lowlevel.checkpoint()
            for asset in re.findall(r'(?:href|src)="(assets/[^"]+)"', page.text):
                assert (await client.get(f"/{asset}")).status_code == 200


async def test_an_unchanged_publication_is_not_loaded_again(site: StaticSite) -> None:
    assert not site.refresh()


def republish(site_dir: Path, style: str) -> None:
    """The same pages with another name for their style sheet."""
    with publish.staging(site_dir) as staged:
        shutil.copytree(site_dir / "current", staged, dirs_exist_ok=True)
        (earlier,) = (staged / "assets").glob("porchlight.*.css")
        earlier.rename(staged / "assets" / style)
        for page in staged.rglob("*.html"):
            page.write_text(page.read_text().replace(earlier.name, style))
            page.with_name(page.name + ".gz").unlink(missing_ok=True)
        publish_now(site_dir, staged)


def publish_now(site_dir: Path, staged: Path) -> None:
    publish.publish(site_dir, staged, "f" * 12, datetime.now(UTC))
