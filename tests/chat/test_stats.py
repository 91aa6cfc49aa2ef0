from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from api.chat.stats.types import Stats
from tests.conftest import Cast, SetClock, say

# Minutes after 08:30, and who writes then. Carol's question of 08:30 is the first, Pat answers it after four minutes;
# Carol answers after two and after 23, Pat after one and after 20; nobody answers what Pat says at 09:20.
TALK = ((0, "carol"), (1, "carol"), (4, "pat"), (6, "carol"), (7, "pat"), (8, "pat"), (30, "carol"), (50, "pat"))


async def stats(who: httpx.AsyncClient, **query: str) -> Any:
    answer = await who.get("/chat/stats", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def responses(found: Any, kind: str = "") -> tuple[float | None, float | None]:
    return found[f"average{kind}ResponseSeconds"], found[f"median{kind}ResponseSeconds"]


async def write(cast: Cast, clock: SetClock, talk: Sequence[tuple[int, str]], booking: str = "1") -> None:
    begun = clock.now
    for minute, who in talk:
        clock.now = begun + minute * 60_000
        await say(getattr(cast, who), booking=booking)


async def book(cast: Cast, booking: str, provider: str, customer: str, status: str = "confirmed") -> None:
    draft = {"providerId": provider, "customerId": customer, "service": "Sink", "status": status}
    answer = await cast.plat.put(f"/platform/bookings/{booking}", json=draft)
    assert answer.is_success


@pytest.fixture
async def talked(cast: Cast, clock: SetClock) -> None:
    """The talk in room 1, and a question of Olga's in Pat's room 3 that he leaves unanswered."""
    await write(cast, clock, TALK)
    await book(cast, "3", "pat", "olga")
    await say(cast.olga, booking="3")


async def test_where_nothing_was_written_nothing_is_measured(cast: Cast) -> None:
    assert await stats(cast.pat) == {
        "from": "2026-10-23T08:45:00.000Z",
        "to": "2026-11-22T08:45:00.000Z",
        "timezone": "UTC",
        "totalConversations": 1,
        "activeConversations": 1,
        "unreadMessages": 0,
        "recentMessages": 0,
        "responseRate": None,
        "averageResponseSeconds": None,
        "medianResponseSeconds": None,
        "firstResponseRate": None,
        "averageFirstResponseSeconds": None,
        "medianFirstResponseSeconds": None,
        "averageNextResponseSeconds": None,
        "medianNextResponseSeconds": None,
    }


@pytest.mark.usefixtures("talked")
async def test_a_talk_counts_as_it_does_by_hand(cast: Cast) -> None:
    pats, carols = await stats(cast.pat), await stats(cast.carol)
    # Pat: 240 s the first time, then 60 and 1200, and one of four left. Carol: 120 and 1380, and one of three left.
    assert [responses(pats, kind) for kind in ("", "First", "Next")] == [(500, 240), (240, 240), (630, 630)]
    assert (pats["responseRate"], pats["firstResponseRate"], pats["recentMessages"]) == (0.75, 0.5, 9)
    assert [responses(carols, kind) for kind in ("", "First", "Next")] == [(750, 750), (None, None), (750, 750)]
    assert (carols["responseRate"], carols["firstResponseRate"], carols["recentMessages"]) == (0.6667, None, 8)


@pytest.mark.usefixtures("talked")
async def test_rooms_and_unread_messages_are_those_of_the_lists(cast: Cast) -> None:
    found = await stats(cast.pat)
    total = (await cast.pat.get("/chat/conversations", params={"withTotal": "true"})).json()["total"]
    unread = (await cast.pat.get("/chat/unread-count")).json()["total"]
    assert (found["totalConversations"], found["unreadMessages"]) == (total, unread) == (2, 5)


@pytest.mark.usefixtures("talked")
@pytest.mark.parametrize(
    ("query", "messages", "pats", "carols"),
    [
        # The answer of 09:00 counts where it was waited for.
        ({"from": "2026-11-22T08:30", "to": "2026-11-22T08:45"}, 6, (150, 150), (750, 750)),
        ({"from": "2026-11-22T09:00:00Z", "to": "2026-11-22T10:15+01:00"}, 1, (1200, 1200), (None, None)),
        ({"from": "2026-11-22T09:30", "to": "2026-11-22T09:45", "timezone": "Europe/Rome"}, 6, (150, 150), (750, 750)),
        ({"from": "2026-11-22", "to": "2026-11-23", "timezone": "America/New_York"}, 9, (500, 240), (750, 750)),
        ({"from": "2026-11-21", "to": "2026-11-22", "timezone": "Pacific/Apia"}, 0, (None, None), (None, None)),
        ({"from": "2026-11-22", "to": "2026-11-23", "timezone": "Pacific/Apia"}, 9, (500, 240), (750, 750)),
        ({"from": "2025-12-18", "to": "2027-01-22"}, 9, (500, 240), (750, 750)),
    ],
    ids=str,
)
async def test_a_window_holds_what_was_waited_for_in_it(
    cast: Cast, query: dict[str, str], messages: int, pats: Any, carols: Any
) -> None:
    found = await stats(cast.pat, **query)
    assert (found["recentMessages"], responses(found)) == (messages, pats)
    assert responses(await stats(cast.carol, **query)) == carols


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"from": "2026-11-22T08:31Z"}, "?from"),
        ({"to": "2026-11-22T08:30:00.001Z"}, "?to"),
        ({"from": "2026-02-30"}, "?from"),
        ({"from": "2026-W10"}, "?from"),
        ({"to": "yesterday"}, "?to"),
        ({"from": "1999-12-31"}, "?from"),
        ({"to": "3000-01-01"}, "?to"),
        ({"from": "2026-11-22", "to": "2026-11-22"}, "?from"),
        ({"from": "2027-01-01"}, "?from"),
        ({"from": "2025-12-17T23:45", "to": "2027-01-22"}, "?from"),
        ({"timezone": "Mars/Olympus"}, "?timezone"),
        ({"timezone": "../../etc/passwd"}, "?timezone"),
        ({"timezone": "Europe"}, "?timezone"),
    ],
    ids=str,
)
async def test_a_window_that_is_none_is_refused(cast: Cast, query: dict[str, str], pointer: str) -> None:
    answer = await cast.pat.get("/chat/stats", params=query)
    assert (answer.status_code, [error["pointer"] for error in answer.json()["errors"]]) == (400, [pointer])


async def test_400_days_are_those_of_the_clocks_on_the_wall(cast: Cast) -> None:
    found = await stats(cast.pat, **{"from": "2025-09-21", "to": "2026-10-26", "timezone": "Europe/Berlin"})
    assert (found["from"], found["to"]) == ("2025-09-20T22:00:00.000Z", "2026-10-25T23:00:00.000Z")


async def test_a_stranger_has_only_their_own_figures(cast: Cast, clock: SetClock) -> None:
    await write(cast, clock, [(0, "olga"), (1, "otto")], booking="2")
    before = await stats(cast.otto)
    assert (responses(before), before["recentMessages"]) == ((60, 60), 2)
    await write(cast, clock, TALK[:4])
    assert await stats(cast.otto) == before


async def test_a_repeated_message_counts_once(cast: Cast, clock: SetClock) -> None:
    await say(cast.carol)
    for _ in range(2):
        clock.advance(30)
        await say(cast.pat, clientMessageId="one")
    found = await stats(cast.pat)
    assert (responses(found), found["recentMessages"]) == ((30, 30), 2)


async def test_the_system_neither_counts_nor_asks_nor_answers(cast: Cast, clock: SetClock) -> None:
    await say(cast.carol)
    clock.advance(30)
    await book(cast, "1", "pat", "carol", "in_progress")
    clock.advance(30)
    await say(cast.pat)
    found = await stats(cast.pat)
    assert (responses(found), found["responseRate"], found["recentMessages"]) == ((60, 60), 1, 2)


async def test_a_helper_answers_for_the_provider_and_an_agent_for_nobody(cast: Cast, clock: SetClock) -> None:
    for who in ("otto", "agnes"):
        assert (await cast.plat.post("/chat/booking/1/members", json={"userId": who})).is_success
    await write(cast, clock, [(0, "carol"), (1, "agnes"), (3, "otto"), (4, "pat"), (5, "agnes"), (9, "carol")])
    assert responses(await stats(cast.pat)) == (180, 180)
    assert responses(await stats(cast.carol)) == (360, 360)
    helpers = [await stats(who) for who in (cast.otto, cast.agnes)]
    assert [(responses(one), one["recentMessages"]) for one in helpers] == [((None, None), 6)] * 2


async def test_a_booking_that_changes_hands_begins_anew(cast: Cast, clock: SetClock) -> None:
    await say(cast.carol)
    await book(cast, "1", "otto", "carol")
    await write(cast, clock, [(1, "carol"), (3, "otto")])
    pats, ottos = await stats(cast.pat), await stats(cast.otto)
    assert (pats["firstResponseRate"], pats["recentMessages"]) == (0, 1)
    assert (ottos["firstResponseRate"], responses(ottos, "First"), ottos["recentMessages"]) == (1, (120, 120), 2)


async def test_only_rooms_one_may_write_in_are_active(cast: Cast, clock: SetClock, token: Callable[..., str]) -> None:
    await book(cast, "3", "pat", "olga", "completed")
    await book(cast, "4", "pat", "olga")
    await book(cast, "4", "otto", "olga")
    open_ones = (await stats(cast.pat))["activeConversations"]
    clock.advance(72 * 3600)
    cast.pat.headers["Authorization"] = f"Bearer {token('pat')}"
    found = await stats(cast.pat)
    assert (open_ones, found["activeConversations"], found["totalConversations"]) == (2, 1, 3)


def test_every_figure_has_its_row_in_the_page() -> None:
    table = Path("docs/developers/stats.md").read_text().partition("| field |")[2].partition("\n\n")[0]
    told = [name for line in table.splitlines()[2:] for name in line.split(" | ")[0].strip("| `").split("`, `")]
    fields = [field.encode_name for field in msgspec.structs.fields(Stats)]
    assert sorted([*told, "from", "to", "timezone"]) == sorted(fields)
