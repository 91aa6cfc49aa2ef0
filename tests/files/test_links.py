from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from tests.conftest import Cast, SetClock
from tests.files.conftest import PDF, TEXT, uploaded
from tests.files.pictures import photo

Attach = Callable[..., Awaitable[Any]]


async def opened(cast: Cast, url: str) -> httpx.Response:
    """By somebody without a token."""
    return await cast.anon.get(cast.anon.base_url.join(url))


@pytest.fixture
async def link(cast: Cast, attach: Attach) -> str:
    """Made for carol, who shares booking 1 with pat."""
    found = await uploaded(cast.pat, TEXT, purpose="ticket")
    (attachment,) = await attach("pat", found["id"], reader="carol")
    return str(attachment.url)


async def test_a_link_opens_without_a_token_for_five_minutes(cast: Cast, link: str, clock: SetClock) -> None:
    answer = await opened(cast, link)
    assert (answer.status_code, answer.content) == (200, TEXT)
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    clock.advance(299)
    assert (await opened(cast, link)).status_code == 200
    clock.advance(1)
    assert (await opened(cast, link)).json()["code"] == "not_found"


async def test_a_link_that_was_changed_anywhere_opens_nothing(cast: Cast, link: str) -> None:
    path, _, proof = link.partition("?proof=")
    until, user, mac = proof.split("~")
    other = (await uploaded(cast.pat, PDF, "scan.pdf"))["id"]
    wrong = [f"{int(until) + 1}~{user}~{mac}", f"{until}~pat~{mac}", f"{until}~{user}~{mac}0", f"{until}~{user}~"]
    wrong += [f"-1~{user}~{mac}", f"{'9' * 30}~{user}~{mac}", f"\u0661~{user}~{mac}", f"{until}~{user}", "x", "~~"]
    urls = [f"{path}?proof={changed}" for changed in wrong] + [link.replace(path.split("/")[-2], other)]
    answers = [await opened(cast, url) for url in urls]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(404, "not_found")] * len(urls)


@pytest.mark.parametrize("change", [{"disabled": True}, {"role": "provider"}, None])
async def test_a_link_is_looked_at_again_when_it_is_used(cast: Cast, link: str, change: Any) -> None:
    if change is None:
        await cast.plat.post("/platform/users/carol/revoke")
    else:
        await cast.plat.put("/platform/users/carol", json={"role": "customer", "name": "Carol"} | change)
    still = change == {"role": "provider"}
    assert (await opened(cast, link)).status_code == (200 if still else 404)


async def test_a_link_ends_with_the_right_to_read(cast: Cast, attach: Attach) -> None:
    found = await uploaded(cast.pat, TEXT, purpose="ticket")
    # Otto was handed an address of something that is not his to read.
    (attachment,) = await attach("pat", found["id"], reader="otto")
    assert (await opened(cast, attachment.url)).json()["code"] == "not_found"


async def test_what_a_file_hangs_on_says_who_may_read_it(cast: Cast, attach: Attach) -> None:
    found = await uploaded(cast.pat, TEXT, purpose="ticket")
    await attach("pat", found["id"])
    everybody = (cast.pat, cast.carol, cast.otto, cast.olga, cast.ada)
    assert [(await who.get(f"/files/{found['id']}")).status_code for who in everybody] == [200, 200, 404, 404, 404]


async def test_a_picture_has_a_link_to_its_thumbnail(cast: Cast, attach: Attach) -> None:
    found = await uploaded(cast.pat, photo(800, 600), "tap.jpg", purpose="ticket")
    (attachment,) = await attach("pat", found["id"])
    small = await opened(cast, attachment.thumbnail_url)
    assert (small.status_code, small.headers["content-type"]) == (200, "image/jpeg")
    assert (attachment.width, attachment.height, attachment.type) == (800, 600, "image/jpeg")


async def test_only_ones_own_loose_file_of_the_purpose_can_be_attached(cast: Cast, attach: Attach) -> None:
    mine, ottos = [await uploaded(who, TEXT, purpose="ticket") for who in (cast.pat, cast.otto)]
    chats = await uploaded(cast.pat, TEXT, purpose="chat")
    for wrong in (ottos["id"], chats["id"], "file_9"):
        with pytest.raises(Exception, match="not yours to see"):
            await attach("pat", mine["id"], wrong)
    with pytest.raises(Exception, match="names a file twice"):
        await attach("pat", mine["id"], mine["id"])
    assert len(await attach("pat", mine["id"])) == 1
    with pytest.raises(Exception, match="not yours to see"):
        await attach("pat", mine["id"], booking="2")


async def test_attachments_keep_the_order_they_were_named_in(cast: Cast, attach: Attach) -> None:
    ids = [(await uploaded(cast.pat, TEXT, f"{n}.txt", purpose="ticket"))["id"] for n in range(4)]
    wanted = [ids[2], ids[0], ids[3], ids[1]]
    assert [item.id for item in await attach("pat", *wanted)] == wanted
