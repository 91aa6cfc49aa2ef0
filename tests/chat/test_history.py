from typing import Any

from tests.conftest import Cast, say


async def page(cast: Cast, **query: int) -> Any:
    return (await cast.carol.get("/chat/booking/1/history", params=query)).json()


def seqs(history: Any) -> list[int]:
    return [item["seq"] for item in history["items"]]


def more(history: Any) -> tuple[bool, bool]:
    return history["hasMoreBefore"], history["hasMoreAfter"]


async def test_an_empty_room_has_an_empty_page(cast: Cast) -> None:
    assert await page(cast) == {"items": [], "hasMoreBefore": False, "hasMoreAfter": False}


async def test_the_newest_page_comes_first_and_before_goes_back(cast: Cast) -> None:
    for _ in range(7):
        await say(cast.pat)
    newest = await page(cast, limit=3)
    assert (seqs(newest), more(newest)) == ([5, 6, 7], (True, False))
    middle = await page(cast, limit=3, before=5)
    assert (seqs(middle), more(middle)) == ([2, 3, 4], (True, True))
    oldest = await page(cast, limit=3, before=2)
    assert (seqs(oldest), more(oldest)) == ([1], (False, True))


async def test_after_goes_forward(cast: Cast) -> None:
    for _ in range(5):
        await say(cast.pat)
    assert seqs(await page(cast, limit=2, after=0)) == [1, 2]
    last = await page(cast, limit=2, after=3)
    assert (seqs(last), more(last)) == ([4, 5], (True, False))
    assert seqs(await page(cast, after=5)) == []
    assert more(await page(cast, after=5)) == (True, False)


async def test_around_shows_a_message_among_its_neighbours(cast: Cast) -> None:
    for _ in range(9):
        await say(cast.pat)
    around = await page(cast, around=5, limit=5)
    assert (seqs(around), more(around)) == ([3, 4, 5, 6, 7], (True, True))
    assert seqs(await page(cast, around=1, limit=4)) == [1, 2, 3, 4]
    assert seqs(await page(cast, around=99, limit=4)) == [7, 8, 9]


async def test_an_empty_page_still_says_what_lies_beyond_it(cast: Cast) -> None:
    for _ in range(3):
        await say(cast.pat)
    for before in (0, 1):
        nothing = await page(cast, before=before)
        assert (seqs(nothing), more(nothing)) == ([], (False, True))
    assert more(await page(cast, after=99)) == (True, False)


async def test_around_shows_the_nearest_even_for_one_beyond_the_end(cast: Cast) -> None:
    for _ in range(3):
        await say(cast.pat)
    assert seqs(await page(cast, around=99, limit=1)) == [3]
    assert seqs(await page(cast, around=0, limit=1)) == [1]


async def test_two_places_at_once_are_refused(cast: Cast) -> None:
    answer = await cast.carol.get("/chat/booking/1/history", params={"before": 3, "after": 1})
    assert answer.status_code == 400


async def test_readers_of_a_message_are_named(cast: Cast) -> None:
    sent = await say(cast.pat)
    await say(cast.pat)
    await cast.carol.post("/chat/messages/read", json={"messageIds": [sent["id"]]})
    assert [item["readBy"] for item in (await page(cast))["items"]] == [["carol"], []]
