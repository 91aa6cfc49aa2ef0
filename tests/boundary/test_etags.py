import pytest

from tests.boundary.test_problems import check_problem
from tests.conftest import Cast

USER = "/platform/users/pat"
PAT = {"role": "provider", "name": "Pat"}


async def tag(cast: Cast, path: str = USER) -> str:
    return str((await cast.plat.get(path)).headers["etag"])


@pytest.mark.parametrize("sent", ["{}", "W/{}", '"x", {}', '"x",{} , "y"', "*"])
async def test_what_a_caller_has_is_not_sent_again(cast: Cast, sent: str) -> None:
    etag = await tag(cast)
    answer = await cast.plat.get(USER, headers={"If-None-Match": sent.format(etag)})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("sent", ['"x"', "x", "", 'W/"x"', '"1"'])
async def test_what_a_caller_does_not_have_is_sent(cast: Cast, sent: str) -> None:
    answer = await cast.plat.get(USER, headers={"If-None-Match": sent})
    assert (answer.status_code, answer.json()["id"]) == (200, "pat")


@pytest.mark.parametrize(
    ("sent", "status"),
    [("{}", 200), ('"x", {}', 200), ("*", 200), ('"x"', 412), ("W/{}", 412), ("", 412), ("garbage", 412)],
)
async def test_a_change_is_made_to_what_was_read(cast: Cast, sent: str, status: int) -> None:
    headers = {"If-Match": sent.format(await tag(cast))}
    assert (await cast.plat.put(USER, json=PAT, headers=headers)).status_code == status
    assert (await cast.plat.get(USER, headers=headers)).status_code == status


async def test_if_match_is_looked_at_before_if_none_match(cast: Cast) -> None:
    both = {"If-Match": '"x"', "If-None-Match": await tag(cast)}
    check_problem(await cast.plat.get(USER, headers=both), 412, "precondition_failed")


async def test_a_change_makes_a_new_tag_and_the_same_record_does_not(cast: Cast) -> None:
    first = await tag(cast)
    put = await cast.plat.put(USER, json=PAT | {"name": "Patricia"}, headers={"If-Match": first})
    assert put.headers["etag"] == await tag(cast) != first
    again = await cast.plat.put(USER, json=PAT | {"name": "Patricia"})
    assert again.headers["etag"] == put.headers["etag"]
    check_problem(await cast.plat.put(USER, json=PAT, headers={"If-Match": first}), 412, "precondition_failed")
    assert (await cast.plat.get(USER)).json()["name"] == "Patricia"


@pytest.mark.parametrize("sent", ["*", '"1.x"'])
async def test_what_is_not_there_matches_nothing(cast: Cast, sent: str) -> None:
    answer = await cast.plat.put("/platform/users/new", json=PAT, headers={"If-Match": sent})
    check_problem(answer, 412, "precondition_failed")
    assert (await cast.plat.get("/platform/users/new", headers={"If-None-Match": sent})).status_code == 404


@pytest.mark.parametrize("name", ["If-Match", "If-None-Match"])
@pytest.mark.parametrize("sent", ["{}", "*", '"x"'])
async def test_a_tag_tells_a_stranger_nothing(cast: Cast, name: str, sent: str) -> None:
    headers = {name: sent.format(await tag(cast))}
    for path in (USER, "/platform/users/nobody"):
        check_problem(await cast.pat.get(path, headers=headers), 403, "forbidden")
        check_problem(await cast.pat.put(path, json=PAT, headers=headers), 403, "forbidden")
