import asyncio
import time

from api.chat.presence.queries import GRACE_MS
from api.settings import Settings
from tests.db.notes import only_postgres
from tests.faults.client import Client
from tests.faults.process import history, served

pytestmark = only_postgres


async def test_a_user_revoked_through_one_process_is_refused_by_the_other_within_five_seconds(
    settings: Settings,
) -> None:
    with served(settings) as one, served(settings) as other:
        await one.book("1")
        async with other.client("pat") as pat, one.client("plat") as plat:
            assert (await pat.get("/chat/unread-count")).status_code == 200
            assert (await plat.post("/platform/users/pat/revoke")).status_code == 204
            deadline = time.monotonic() + 5
            while (answer := await pat.get("/chat/unread-count")).status_code == 200:
                assert time.monotonic() < deadline
                await asyncio.sleep(0.05)
            assert answer.json()["code"] == "token_revoked"


async def test_two_processes_share_a_room_without_a_gap_or_a_double(settings: Settings) -> None:
    with served(settings) as one, served(settings) as other:
        await one.book("1")
        async with one.client("pat") as pat, other.client("carol") as carol, other.client("pat") as pat_too:
            sent = []
            for number in range(50):
                draft = {"text": f"{number}", "clientMessageId": f"c-{number}"}
                sent += [who.post("/chat/booking/1/message", json=draft) for who in (pat, carol, pat_too)]
            assert {answer.status_code for answer in await asyncio.gather(*sent)} == {201}
            stored = await history(carol, "1")
        assert [message["seq"] for message in stored] == list(range(1, 101))


async def test_who_is_online_on_one_process_is_online_on_the_other_until_the_last_device_goes(
    settings: Settings,
) -> None:
    with served(settings) as one, served(settings) as other:
        await one.book("1")
        phone, tablet = Client(settings, "pat"), Client(settings, "pat")
        async with other.client("carol") as carol:

            async def online() -> bool:
                answer = await carol.get("/chat/booking/1/online-status")
                return bool(next(user["online"] for user in answer.json()["users"] if user["id"] == "pat"))

            assert not await online()
            lines = [await phone.connected(one.address), await tablet.connected(other.address)]
            await lines[1].close()
            # Longer than the grace: the device on the other process is enough.
            await asyncio.sleep(GRACE_MS / 1000 + 2)
            assert await online()
            await lines[0].close()
            async with asyncio.timeout(GRACE_MS / 1000 + 30):
                while await online():
                    await asyncio.sleep(0.2)
