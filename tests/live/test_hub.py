import asyncio

from api.db import Database, Tx
from api.live import stream
from api.live.hub import Hub
from api.live.stream import Event
from api.live.subscription import Subscription


def tell(tx: Tx, count: int = 1) -> None:
    for _ in range(count):
        stream.tell(tx, ["user:a"], "test.told", "x", {})


class Heard:
    """A listener on one topic, its events by position."""

    def __init__(self, hub: Hub, db: Database) -> None:
        self.positions: list[int] = []
        self.subscription = Subscription(hub, db, {"user": "user:a"}, self._note)

    def _note(self, event: Event) -> None:
        self.positions.append(event.position)

    async def until(self, last: int) -> list[int]:
        async with asyncio.timeout(60):
            while not self.positions or self.positions[-1] < last:
                await asyncio.sleep(0.005)
        return self.positions


async def joined(hub: Hub, db: Database) -> Heard:
    heard = Heard(hub, db)
    heard.subscription.begin(await heard.subscription.replay(None, {}))
    return heard


async def events(db: Database, count: int) -> list[Event]:
    await db.write(tell, count)
    return await db.read(stream.after, "user:a", 0)


async def test_what_comes_out_of_order_is_heard_in_order(db: Database) -> None:
    hub = Hub(db)
    heard = await joined(hub, db)
    one, two, three = await events(db, 3)
    hub.publish([three])
    hub.publish([one])
    hub.publish([two])
    assert heard.positions == [1, 2, 3]


async def test_what_never_comes_is_read_from_the_stream(db: Database) -> None:
    hub = Hub(db)
    heard = await joined(hub, db)
    hub.publish((await events(db, 5))[4:])
    assert await heard.until(5) == [1, 2, 3, 4, 5]


async def test_what_comes_twice_is_heard_once(db: Database) -> None:
    hub = Hub(db)
    heard = await joined(hub, db)
    told = await events(db, 3)
    for _ in range(2):
        hub.publish(told)
    assert heard.positions == [1, 2, 3]


async def test_what_is_told_during_a_replay_is_heard_after_it(db: Database) -> None:
    hub = Hub(db)
    await db.write(stream.begin_epoch)
    await db.write(tell, 3)
    heard = Heard(hub, db)
    replay = await heard.subscription.replay(await db.read(stream.epoch), {"user": 1})
    await db.write(tell)
    hub.publish((await db.read(stream.after, "user:a", 0))[1:])
    heard.subscription.begin(replay)
    assert await heard.until(4) == [2, 3, 4]


async def test_a_second_listener_misses_nothing_the_first_was_told(db: Database) -> None:
    hub = Hub(db)
    first = await joined(hub, db)
    hub.publish(await events(db, 2))
    second = await joined(hub, db)
    await db.write(tell)
    hub.publish(await db.read(stream.after, "user:a", 2))
    assert (first.positions, second.positions) == ([1, 2, 3], [3])


async def test_the_poll_finds_what_another_process_told(db: Database) -> None:
    hub = Hub(db)
    heard = await joined(hub, db)
    polling = asyncio.create_task(hub.poll())
    await db.write(tell, 3)
    assert await heard.until(3) == [1, 2, 3]
    polling.cancel()
    await asyncio.wait([polling])
