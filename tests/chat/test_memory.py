from api.db import tx as tx_module
from tests.conftest import Cast, say


async def test_what_is_asked_again_is_remembered_once(cast: Cast) -> None:
    async def a_day() -> None:
        sent = await say(cast.pat)
        await cast.carol.post("/chat/messages/read", json={"messageIds": [sent["id"]]})
        for path in ("/chat/conversations", "/chat/booking/1/history", "/chat/unread-count", "/events"):
            assert (await cast.carol.get(path)).status_code == 200

    await a_day()
    known = len(tx_module._makers)
    for _ in range(3):
        await a_day()
    assert len(tx_module._makers) == known
