import base64
from typing import Any

import httpx
import msgspec
import pytest

from tests.boundary.test_problems import check_problem
from tests.conftest import Cast

LIST = "/chat/conversations"


@pytest.fixture(scope="module", autouse=True)
async def rooms(cast: Cast) -> None:
    for number in range(10, 15):
        draft = {"providerId": "pat", "customerId": "carol", "service": "Tap", "status": "confirmed"}
        await cast.plat.put(f"/platform/bookings/{number}", json=draft)


async def page(who: httpx.AsyncClient, **parameters: Any) -> httpx.Response:
    return await who.get(LIST, params={"limit": 2} | parameters)


async def cursor(who: httpx.AsyncClient, **parameters: Any) -> str:
    return str((await page(who, **parameters)).json()["page"]["next"])


async def test_pages_follow_one_another_both_ways(cast: Cast) -> None:
    first = (await page(cast.pat)).json()
    second = (await page(cast.pat, cursor=first["page"]["next"])).json()
    third = (await page(cast.pat, cursor=second["page"]["next"])).json()
    shown = [item["bookingId"] for answer in (first, second, third) for item in answer["items"]]
    assert (len(shown), len(set(shown))) == (6, 6)
    assert [answer["page"]["hasMore"] for answer in (first, second, third)] == [True, True, False]
    assert (first["page"]["prev"], third["page"]["next"]) == (None, None)
    back = (await page(cast.pat, cursor=third["page"]["prev"])).json()
    assert back["items"] == second["items"]


async def test_another_limit_may_go_on_from_a_cursor(cast: Cast) -> None:
    answer = await page(cast.pat, cursor=await cursor(cast.pat), limit=3)
    assert len(answer.json()["items"]) == 3


@pytest.mark.parametrize("other", [{"bookingStatus": "confirmed"}, {"bookingStatus": "cancelled"}])
async def test_a_cursor_belongs_to_its_filters(cast: Cast, other: dict[str, str]) -> None:
    answer = await page(cast.pat, cursor=await cursor(cast.pat), **other)
    check_problem(answer, 400, "cursor_mismatch")
    answer = await page(cast.pat, cursor=await cursor(cast.pat, bookingStatus="confirmed"))
    check_problem(answer, 400, "cursor_mismatch")


async def test_a_cursor_belongs_to_its_caller(cast: Cast) -> None:
    check_problem(await page(cast.carol, cursor=await cursor(cast.pat)), 400, "cursor_mismatch")


def forged(place: Any, filters: Any) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode([filters, place])).decode().rstrip("=")


@pytest.mark.parametrize(
    "place",
    [
        [],
        {},
        "x",
        [False, 1, 1],
        [False, 1, 1, "1", 1],
        [0, 1, 1, "1"],
        [False, "1", 1, "1"],
        [False, 1.5, 1, "1"],
        [False, True, 1, "1"],
        [False, 1, None, "1"],
        [False, 2**53, 1, "1"],
        [False, 1, -(2**63), "1"],
        [False, 1, 2**70, "1"],
        [False, 1, 1, "a\0"],
        [False, 1, 1, {"$ne": ""}],
        [[[[[]]]]],
    ],
)
async def test_a_forged_place_is_refused(cast: Cast, place: Any) -> None:
    real = await cursor(cast.pat)
    filters = msgspec.json.decode(base64.urlsafe_b64decode(real + "=" * (-len(real) % 4)))[0]
    assert (await page(cast.pat, cursor=forged([False, 1, 1, "1"], filters))).status_code == 200
    check_problem(await page(cast.pat, cursor=forged(place, filters)), 400, "invalid_cursor")


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "====",
        "e30",
        "W10",
        "bnVsbA",
        "\u00e9",
        "1' or '1'='1",
        "%",
        "a b",
        "W" * 512,
        base64.b64encode(b"[" * 380).decode(),
    ],
)
async def test_what_is_no_cursor_is_refused(cast: Cast, text: str) -> None:
    check_problem(await page(cast.pat, cursor=text), 400, "invalid_cursor")


async def test_a_forged_cursor_with_a_surrogate_is_refused(cast: Cast) -> None:
    real = await cursor(cast.pat)
    filters = msgspec.json.decode(base64.urlsafe_b64decode(real + "=" * (-len(real) % 4)))[0]
    raw = b'["%b",[false,1,1,"\\ud800"]]' % filters.encode()
    check_problem(await page(cast.pat, cursor=base64.urlsafe_b64encode(raw).decode()), 400, "invalid_cursor")
