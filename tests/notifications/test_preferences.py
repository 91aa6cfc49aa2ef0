from typing import Any

import pytest

from tests.boundary.test_problems import check_problem
from tests.conftest import Cast

PATH = "/notifications/preferences"


async def etag(who: Any) -> dict[str, str]:
    return {"If-Match": (await who.get(PATH)).headers["etag"]}


async def test_without_choices_the_defaults_hold_and_say_so(cast: Cast) -> None:
    found = (await cast.pat.get(PATH)).json()
    assert (found["version"], found["matrix"]["review"]["email"]) == (0, {"value": "digest", "source": "default"})
    assert (found["quietHours"]["windows"], found["quietHours"]["timezone"]) == ([], "UTC")
    assert found["channels"]["sms"] == {"value": True, "source": "default"}


async def test_whose_zone_is_known_sleeps_at_night(cast: Cast) -> None:
    await cast.plat.put("/platform/users/pat", json={"role": "provider", "name": "Pat", "timezone": "Europe/Berlin"})
    quiet = (await cast.pat.get(PATH)).json()["quietHours"]
    assert (quiet["timezone"], quiet["timezoneSource"], quiet["source"]) == ("Europe/Berlin", "platform", "default")
    assert [(window["start"], window["end"], len(window["days"])) for window in quiet["windows"]] == [
        ("22:00", "07:00", 7)
    ]


async def test_choices_replace_the_defaults_and_only_ones_own(cast: Cast) -> None:
    chosen = {"channels": {"email": False}, "matrix": {"booking": {"push": "digest"}}, "digestAt": "18:00"}
    answer = await cast.pat.put(PATH, json=chosen, headers=await etag(cast.pat))
    assert (answer.status_code, answer.json()) == (200, (await cast.pat.get(PATH)).json())
    assert answer.json()["matrix"]["booking"]["push"] == {"value": "digest", "source": "user"}
    assert answer.json()["digestAt"] == {"value": "18:00", "source": "user"}
    assert (await cast.otto.get(PATH)).json()["version"] == 0
    await cast.pat.put(PATH, json={}, headers=await etag(cast.pat))
    assert (await cast.pat.get(PATH)).json()["digestAt"] == {"value": "08:00", "source": "default"}


async def test_a_patch_changes_single_cells_and_null_takes_a_choice_back(cast: Cast) -> None:
    chosen = {"matrix": {"booking": {"push": "off", "email": "off"}}, "mutedUntil": "2026-12-01T00:00:00Z"}
    await cast.pat.put(PATH, json=chosen, headers=await etag(cast.pat))
    change: Any = {"matrix": {"booking": {"push": None}, "review": {"inApp": "off"}}}
    found = (await cast.pat.patch(PATH, json=change, headers=await etag(cast.pat))).json()
    assert found["matrix"]["booking"]["push"] == {"value": "on", "source": "default"}
    assert found["matrix"]["booking"]["email"] == {"value": "off", "source": "user"}
    assert (found["matrix"]["review"]["inApp"]["value"], found["mutedUntil"]) == ("off", "2026-12-01T00:00:00.000Z")
    change = {"mutedUntil": None}
    assert (await cast.pat.patch(PATH, json=change, headers=await etag(cast.pat))).json()["mutedUntil"] is None


async def test_a_change_names_the_version_it_was_made_from(cast: Cast) -> None:
    first = await etag(cast.pat)
    check_problem(await cast.pat.put(PATH, json={}), 428, "precondition_required")
    check_problem(await cast.pat.patch(PATH, json={}), 428, "precondition_required")
    assert (await cast.pat.put(PATH, json={}, headers=first)).status_code == 200
    check_problem(await cast.pat.put(PATH, json={}, headers=first), 412, "precondition_failed")
    assert (await cast.pat.get(PATH, headers={"If-None-Match": (await etag(cast.pat))["If-Match"]})).status_code == 304


async def test_what_was_chosen_is_kept_with_who_and_when(cast: Cast) -> None:
    for at in ("18:00", "19:00", "20:00"):
        await cast.pat.put(PATH, json={"digestAt": at}, headers=await etag(cast.pat))
    first = (await cast.pat.get(f"{PATH}/history", params={"limit": 2})).json()
    assert [(item["version"], item["actorId"], item["choices"]["digestAt"]) for item in first["items"]] == [
        (3, "pat", "20:00"),
        (2, "pat", "19:00"),
    ]
    rest = (await cast.pat.get(f"{PATH}/history", params={"limit": 2, "cursor": first["page"]["next"]})).json()
    assert ([item["version"] for item in rest["items"]], rest["page"]["hasMore"]) == ([1], False)
    assert (await cast.otto.get(f"{PATH}/history")).json()["items"] == []


WINDOW = {"days": ["mon"], "start": "22:00", "end": "07:00"}


@pytest.mark.parametrize(
    ("choices", "pointer"),
    [
        ({"matrix": {"booking": {"inApp": "digest"}}}, "/matrix/booking/inApp"),
        ({"matrix": {"weather": {}}}, "/matrix"),
        ({"quietHours": {"windows": [WINDOW], "timezone": "Mars/Olympus"}}, "/quietHours/timezone"),
        ({"quietHours": {"windows": [WINDOW], "timezone": "../../etc/passwd"}}, "/quietHours/timezone"),
        ({"quietHours": {"windows": [{**WINDOW, "days": ["mon", "mon"]}]}}, "/quietHours/windows/0/days"),
        ({"quietHours": {"windows": [{**WINDOW, "start": "24:00"}]}}, "/quietHours/windows/0/start"),
        ({"quietHours": {"windows": [{**WINDOW, "days": []}]}}, "/quietHours/windows/0/days"),
        ({"digestAt": "8:00"}, "/digestAt"),
        ({"mutedUntil": "9999-12-31T23:59:59Z"}, "/mutedUntil"),
        ({"mutedUntil": "2026-12-01T00:00:00"}, "/mutedUntil"),
    ],
)
async def test_what_cannot_be_chosen_is_named(cast: Cast, choices: Any, pointer: str) -> None:
    answer = await cast.pat.put(PATH, json=choices, headers=await etag(cast.pat))
    problem = check_problem(answer, 400, "invalid_request")
    assert problem["errors"][0]["pointer"] == pointer
    assert (await cast.pat.get(PATH)).json()["version"] == 0
