import asyncio
from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from api.app import PREFIX, create_app
from api.auth import REMEMBERED, Actor, Tokens
from api.db import Database
from api.errors import Unauthenticated
from api.platform import actions
from api.settings import Settings
from tests.boundary.test_problems import check_problem
from tests.conftest import Cast, SetClock, serving

PAT = {"role": "provider", "name": "Pat"}


async def test_a_revoked_token_is_refused_at_once_and_one_of_a_later_second_is_taken(
    cast: Cast, token: Callable[..., str], clock: SetClock
) -> None:
    assert (await cast.pat.get("/chat/conversations")).status_code == 200
    assert (await cast.plat.post("/platform/users/pat/revoke")).status_code == 204
    check_problem(await cast.pat.get("/chat/conversations"), 401, "token_revoked")
    clock.advance(0.9)
    same_second = {"Authorization": f"Bearer {token('pat', name='Pat the second')}"}
    check_problem(await cast.anon.get("/chat/conversations", headers=same_second), 401, "token_revoked")
    clock.advance(0.1)
    later = {"Authorization": f"Bearer {token('pat')}"}
    assert (await cast.anon.get("/chat/conversations", headers=later)).status_code == 200


async def test_nobody_else_is_revoked_with_them(cast: Cast) -> None:
    await cast.carol.get("/chat/conversations")
    await cast.plat.post("/platform/users/pat/revoke")
    assert (await cast.carol.get("/chat/conversations")).status_code == 200


async def test_a_revoked_caller_gets_no_stored_answer_either(cast: Cast) -> None:
    send = {"json": {"text": "Hello"}, "headers": {"Idempotency-Key": "k"}}
    first = await cast.pat.post("/chat/booking/1/message", **send)  # type: ignore[arg-type]
    await cast.plat.post("/platform/users/pat/revoke")
    again = await cast.pat.post("/chat/booking/1/message", **send)  # type: ignore[arg-type]
    assert (first.status_code, again.status_code) == (201, 401)


async def test_a_disabled_user_is_refused_whatever_the_token(
    cast: Cast, token: Callable[..., str], clock: SetClock
) -> None:
    await cast.pat.get("/chat/conversations")
    await cast.plat.put("/platform/users/pat", json=PAT | {"disabled": True})
    check_problem(await cast.pat.get("/chat/conversations"), 401, "user_disabled")
    clock.advance(60)
    newer = {"Authorization": f"Bearer {token('pat')}"}
    check_problem(await cast.anon.get("/chat/conversations", headers=newer), 401, "user_disabled")
    await cast.plat.put("/platform/users/pat", json=PAT | {"disabled": False})
    assert (await cast.pat.get("/chat/conversations")).status_code == 200


async def test_another_role_on_record_refuses_the_tokens_with_the_old_one(
    cast: Cast, token: Callable[..., str]
) -> None:
    await cast.agnes.get("/chat/conversations")
    await cast.plat.put("/platform/users/agnes", json={"role": "admin", "name": "Agnes"})
    check_problem(await cast.agnes.get("/chat/conversations"), 401, "role_changed")
    admin = {"Authorization": f"Bearer {token('agnes', role='admin')}"}
    assert (await cast.anon.get("/chat/conversations", headers=admin)).status_code == 200


async def test_revoking_nobody_is_a_404(cast: Cast) -> None:
    check_problem(await cast.plat.post("/platform/users/nobody/revoke"), 404, "not_found")


async def test_a_verification_under_way_does_not_outlive_a_revocation(
    cast: Cast, server: str, token: Callable[..., str], clock: SetClock
) -> None:
    for _ in range(20):
        clock.advance(1)
        headers = {"Authorization": f"Bearer {token('pat')}"}
        async with httpx.AsyncClient(base_url=server + PREFIX, headers=headers, timeout=30) as pat:
            calls = [pat.get("/chat/unread-count") for _ in range(8)]
            await asyncio.gather(*calls[:4], cast.plat.post("/platform/users/pat/revoke"), *calls[4:])
            assert (await pat.get("/chat/unread-count")).status_code == 401


@pytest.fixture
async def second(settings: Settings, clock: SetClock, engine: str) -> AsyncIterator[str]:
    if engine == "sqlite":
        pytest.skip("one process only")
    async with serving(create_app(settings, clock)) as address:
        yield address


async def test_another_process_hears_of_it_within_5_seconds(cast: Cast, second: str, token: Callable[..., str]) -> None:
    headers = {"Authorization": f"Bearer {token('pat')}"}
    async with httpx.AsyncClient(base_url=second + PREFIX, headers=headers, timeout=30) as pat:
        assert (await pat.get("/chat/unread-count")).status_code == 200
        await cast.plat.post("/platform/users/pat/revoke")
        async with asyncio.timeout(5):
            while (await pat.get("/chat/unread-count")).status_code == 200:
                pass


async def until_forgotten(tokens: Tokens, header: bytes) -> None:
    async with asyncio.timeout(30):
        while tokens.remembered(header):
            await asyncio.sleep(0.01)


async def test_an_error_while_watching_forgets_everybody_and_ends_no_watch(
    settings: Settings, db: Database, clock: SetClock, token: Callable[..., str]
) -> None:
    tokens = Tokens(settings, db, clock)
    header = f"Bearer {token('pat')}".encode()
    await tokens.verify(header)
    watching = asyncio.create_task(tokens.watch())
    await db.write(lambda tx: tx.run("alter table users rename to elsewhere"))
    await until_forgotten(tokens, header)
    await db.write(lambda tx: tx.run("alter table elsewhere rename to users"))
    await tokens.verify(header)
    await db.write(actions.revoke, "pat", lambda _: None)
    await until_forgotten(tokens, header)
    watching.cancel()


async def test_the_memory_of_tokens_is_bounded(settings: Settings, db: Database, clock: SetClock) -> None:
    tokens = Tokens(settings, db, clock)
    for number in range(REMEMBERED + 5):
        tokens._remember(b"%d" % number, Actor("pat", "provider", "Pat"), 2_000_000_000)
    assert (len(tokens._actors), tokens.remembered(b"0")) == (REMEMBERED, None)
    tokens.forget("pat")
    assert (len(tokens._actors), tokens.remembered(b"%d" % REMEMBERED)) == (0, None)


async def test_what_was_read_before_a_revocation_is_not_remembered_after_it(
    settings: Settings, db: Database, clock: SetClock, token: Callable[..., str]
) -> None:
    tokens = Tokens(settings, db, clock)
    header = f"Bearer {token('pat')}".encode()
    await tokens.verify(header)
    tokens.forget("pat")
    verifying = asyncio.create_task(tokens.verify(header))
    await db.write(actions.revoke, "pat", tokens.forget)
    # Whether it looked before the revocation or after it is not ours to say.
    await asyncio.gather(verifying, return_exceptions=True)
    assert tokens.remembered(header) is None
    with pytest.raises(Unauthenticated):
        await tokens.verify(header)
