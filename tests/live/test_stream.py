import asyncio

from api.db import Database, Tx
from api.db.tx import _makers
from api.live import stream


def tell(tx: Tx, *topics: str) -> None:
    for topic in topics:
        stream.tell(tx, [topic], "test.told", topic, {"to": topic})


def rows(tx: Tx) -> list[tuple[str, int]]:
    return tx.all(lambda *row: row, "select topic, position from stream order by topic, position")


async def test_two_functions_that_tell_the_same_in_opposite_order_never_meet_in_a_lock(db: Database) -> None:
    there, back = ("user:a", "user:b", "user:c"), ("user:c", "user:b", "user:a")
    await asyncio.gather(*[db.write(tell, *order) for _ in range(100) for order in (there, back)])
    told = await db.read(rows)
    assert told == [(topic, position) for topic in there for position in range(1, 201)]


async def test_a_function_that_fails_tells_nothing_and_draws_no_position(db: Database) -> None:
    def fails(tx: Tx) -> None:
        tell(tx, "user:a")
        raise ValueError

    await asyncio.gather(db.write(tell, "user:a"), db.write(fails), db.write(tell, "user:a"), return_exceptions=True)
    assert await db.read(rows) == [("user:a", 1), ("user:a", 2)]


async def test_many_events_of_one_function_are_told_in_its_order(db: Database) -> None:
    await db.write(tell, *["user:a", "user:b"] * 80)
    events = await db.read(stream.after, "user:a", 0)
    assert [event.position for event in events] == list(range(1, 81))


async def test_a_blanked_subject_is_replayed_without_its_content(db: Database) -> None:
    await db.write(tell, "user:a")
    await db.write(stream.blank, "user:a")
    [event] = await db.read(stream.after, "user:a", 0)
    assert '"data":null' in event.frame


async def test_one_event_more_than_a_replay_holds_is_not_recovered(db: Database) -> None:
    def many(tx: Tx) -> None:
        for _ in range(1000):
            tell(tx, "user:a")

    for _ in range(10):
        await db.write(many)
    await db.write(stream.begin_epoch)
    epoch = await db.read(stream.epoch)
    whole = await db.read(stream.replay, {"user": "user:a"}, epoch, {"user": 0})
    assert (whole.recovered, len(whole.events)) == (True, 10_000)
    await db.write(tell, "user:a")
    assert (await db.read(stream.replay, {"user": "user:a"}, epoch, {"user": 0})).recovered is False
    assert (await db.read(stream.replay, {"user": "user:a"}, epoch, {"user": 1})).recovered is True


async def test_telling_a_second_time_leaves_nothing_more_in_memory(db: Database) -> None:
    await db.write(tell, "user:a")
    known = len(_makers)
    await db.write(tell, "user:a")
    assert len(_makers) == known
