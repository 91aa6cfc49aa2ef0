"""One message for one clientMessageId, one effect for one Idempotency-Key, whoever repeats it and when."""

import asyncio
import threading
import time
from collections import Counter
from typing import Any

import httpx
import pytest

from api import idempotency
from api.db import Database, Tx
from api.errors import IdempotencyInProgress
from tests.conftest import Cast
from tests.db.notes import note, notes, only_postgres

SEND = "/chat/booking/1/message"
KEY = idempotency.Key("pat", "POST", "/x", "k-1", "hash")


async def history(who: httpx.AsyncClient) -> list[Any]:
    pages = [(await who.get("/chat/booking/1/history", params={"after": after})).json() for after in (0, 50, 100)]
    return [message for page in pages for message in page["items"]]


async def four_at_once(cast: Cast, number: int, **same: Any) -> list[httpx.Response]:
    text = {"text": f"Message {number}"}
    if "headers" not in same:
        text["clientMessageId"] = f"c-{number}"
    return list(await asyncio.gather(*[cast.pat.post(SEND, json=text, **same) for _ in range(4)]))


async def test_a_hundred_client_ids_of_four_callers_each_make_a_hundred_messages(cast: Cast) -> None:
    for number in range(100):
        answers = await four_at_once(cast, number)
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.content for answer in answers}) == 1
    stored = await history(cast.carol)
    assert [message["seq"] for message in stored] == list(range(1, 101))
    assert len({message["clientMessageId"] for message in stored}) == 100


async def test_a_hundred_keys_of_four_callers_each_take_effect_once(cast: Cast) -> None:
    for number in range(100):
        answers = await four_at_once(cast, number, headers={"Idempotency-Key": f"k-{number}"})
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.content for answer in answers}) == 1
        assert Counter(answer.headers.get("idempotency-replayed") for answer in answers) == {None: 1, "true": 3}
    assert [message["seq"] for message in await history(cast.carol)] == list(range(1, 101))


async def test_a_key_used_for_another_body_or_query_is_refused(cast: Cast) -> None:
    key = {"Idempotency-Key": "k-1"}
    assert (await cast.pat.post(SEND, json={"text": "One"}, headers=key)).status_code == 201
    answer = await cast.pat.post(SEND, json={"text": "Two"}, headers=key)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_mismatch")
    assert len(await history(cast.pat)) == 1


async def test_a_refused_request_is_not_kept(cast: Cast) -> None:
    key = {"Idempotency-Key": "k-1"}
    assert (await cast.pat.post(SEND, json={"text": "x" * 2000}, headers=key)).status_code == 400
    answer = await cast.pat.post(SEND, json={"text": "Short"}, headers=key)
    assert answer.status_code == 201
    assert "idempotency-replayed" not in answer.headers


async def test_a_key_is_the_callers_own(cast: Cast) -> None:
    key = {"Idempotency-Key": "k-1"}
    answers = [await who.post(SEND, json={"text": "Mine"}, headers=key) for who in (cast.pat, cast.carol)]
    assert [answer.json()["seq"] for answer in answers] == [1, 2]


def slow(tx: Tx, seconds: float) -> str:
    time.sleep(seconds)
    return note(tx, "effect")


async def test_a_repeat_waits_for_the_first_and_gets_its_answer(db: Database) -> None:
    calls = [db.write(idempotency.once, KEY, 201, slow, 0.3) for _ in range(4)]
    answers = await asyncio.gather(*calls)
    assert {(answer.status, answer.body) for answer in answers} == {(201, b'"effect"')}
    assert sum(answer.replayed for answer in answers) == 3


async def test_a_repeat_runs_itself_when_the_first_fails(db: Database) -> None:
    def fails(tx: Tx) -> None:
        slow(tx, 0.3)
        raise LookupError

    first = asyncio.create_task(db.write(idempotency.once, KEY, 201, fails))
    second = asyncio.create_task(db.write(idempotency.once, KEY, 201, slow, 0))
    assert not (await second).replayed
    with pytest.raises(LookupError):
        await first
    assert await db.read(notes) == ["effect"]


@only_postgres
async def test_a_repeat_that_waited_two_seconds_is_told_to_come_back(db: Database) -> None:
    started, told = threading.Event(), threading.Event()

    def first_one(tx: Tx) -> str:
        started.set()
        told.wait(8)
        return note(tx, "effect")

    first = asyncio.create_task(db.write(idempotency.once, KEY, 201, first_one))
    await asyncio.to_thread(started.wait, 10)
    start = time.monotonic()
    with pytest.raises(IdempotencyInProgress) as refused:
        await db.write(idempotency.once, KEY, 201, slow, 0)
    assert 1.5 < time.monotonic() - start < 6
    told.set()
    assert refused.value.headers == {"Retry-After": "1"}
    assert not (await first).replayed


async def test_the_key_and_the_effect_commit_together(db: Database) -> None:
    def fails(tx: Tx) -> None:
        note(tx, "effect")
        raise LookupError

    with pytest.raises(LookupError):
        await db.write(idempotency.once, KEY, 201, fails)
    assert await db.read(lambda tx: tx.value("select count(*) from idempotency")) == 0
