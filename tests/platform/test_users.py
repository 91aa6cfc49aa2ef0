from tests.conftest import Cast, SetClock

MARIA = {"role": "provider", "name": "Maria", "email": "maria@example.com", "timezone": "Europe/Lisbon"}


async def test_a_user_is_recorded_and_read_back(cast: Cast) -> None:
    put = await cast.plat.put("/platform/users/maria", json=MARIA)
    got = await cast.plat.get("/platform/users/maria")
    assert (put.status_code, got.status_code) == (201, 200)
    assert got.json() == put.json()
    assert got.json().items() >= (MARIA | {"id": "maria", "version": 1, "disabled": False}).items()
    assert got.headers["etag"] == put.headers["etag"]


async def test_the_same_record_again_changes_nothing(cast: Cast, clock: SetClock) -> None:
    first = await cast.plat.put("/platform/users/maria", json=MARIA)
    clock.advance(60)
    again = await cast.plat.put("/platform/users/maria", json=MARIA)
    assert (again.status_code, again.json()) == (200, first.json())


async def test_what_is_left_out_becomes_null(cast: Cast) -> None:
    await cast.plat.put("/platform/users/maria", json=MARIA)
    changed = await cast.plat.put("/platform/users/maria", json={"role": "provider", "name": "Maria"})
    assert (changed.json()["email"], changed.json()["version"]) == (None, 2)


async def test_a_new_name_shows_in_what_was_written_before(cast: Cast) -> None:
    await cast.pat.post("/chat/booking/1/message", json={"text": "Hi"})
    await cast.plat.put("/platform/users/pat", json={"role": "provider", "name": "Patricia"})
    [item] = (await cast.carol.get("/chat/booking/1/history")).json()["items"]
    assert item["sender"]["name"] == "Patricia"
    sent = await cast.pat.post("/chat/booking/1/message", json={"text": "Hi"})
    assert sent.json()["sender"]["name"] == "Patricia"


async def test_only_the_platform_writes_users(cast: Cast) -> None:
    for who in (cast.pat, cast.carol, cast.agnes, cast.ada):
        assert (await who.put("/platform/users/maria", json=MARIA)).status_code == 403
    assert (await cast.plat.get("/platform/users/maria")).status_code == 404
