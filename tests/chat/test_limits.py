import time
import unicodedata
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from api.limits import POLICIES
from api.settings import Settings
from tests.conftest import Cast, say

SENDS = 5
REFILL_SECONDS = POLICIES["send"].window / SENDS


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Ten characters in a message, five messages in half a minute."""
    factor = SENDS / POLICIES["send"].quota
    return msgspec.structs.replace(settings, chat_message_limit=10, rate_limit_factor=factor)


async def test_the_limit_of_a_message_is_the_operators(cast: Cast) -> None:
    await say(cast.pat, "x" * 10)
    answer = await cast.pat.post("/chat/booking/1/message", json={"text": "x" * 11})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "too_long")
    assert answer.json()["detail"] == "/text: has more than 10 characters"


async def test_a_letter_written_as_two_characters_counts_as_the_one_that_is_kept(cast: Cast) -> None:
    decomposed = unicodedata.normalize("NFD", "é" * 10)
    assert len(decomposed) == 20
    assert (await say(cast.pat, decomposed))["text"] == "é" * 10
    assert (await cast.pat.post("/chat/booking/1/message", json={"text": decomposed + "."})).status_code == 400


async def test_messages_of_every_kind_and_way_count_together(cast: Cast, device: Callable[..., Any]) -> None:
    pat = await device("pat")
    begin = time.monotonic()
    passed, waits = 0, []
    for number in range(SENDS):
        message = {"text": "Hi", "clientMessageId": f"a-{number}"}
        frame = await pat.ask("message.send", bookingId="1", message=message)
        quick = await cast.pat.post("/chat/booking/1/quick-response", json={"key": "custom", "text": "Hi"})
        plain = await cast.pat.post("/chat/booking/1/message", json={"text": "Hi"})
        passed += (frame["type"] == "ack") + quick.is_success + plain.is_success
        waits += [int(answer.headers["retry-after"]) for answer in (quick, plain) if answer.status_code == 429]
    assert SENDS <= passed <= SENDS + (time.monotonic() - begin) / REFILL_SECONDS
    assert all(1 <= wait <= REFILL_SECONDS for wait in waits)
    assert (await cast.carol.post("/chat/booking/1/message", json={"text": "Hi"})).status_code == 201
