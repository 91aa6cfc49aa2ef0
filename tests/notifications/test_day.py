"""A day in the life of a provider in Berlin who sleeps from ten to seven and reads a digest at eight."""

from typing import Any

from tests.conftest import Cast, SetClock
from tests.notifications.conftest import Recorder, Tell, standing, until

HOUR = 3600


class Day:
    """Hours as the clocks in Berlin show them; what pat's phone shows at each."""

    def __init__(self, cast: Cast, tell: Tell, phone: Recorder, clock: SetClock) -> None:
        self._cast, self._tell, self._phone, self._clock = cast, tell, phone, clock
        self._told = 0
        self._hour = 9.5

    def pass_until(self, hour: float) -> None:
        self._clock.advance((hour - self._hour) * HOUR)
        self._hour = hour

    def _tick(self) -> None:
        """What failed on a busy machine is tried again a moment later, and moments are this clock's."""
        self._clock.advance(0.1)

    async def happens(self, push: tuple[str, str], **notice: Any) -> None:
        """Something of which pat is told; `push` is how it stands with her phone."""
        self._told += 1
        self.pass_until(self._hour + 1 / HOUR)
        await self._tell("pat", key=str(self._told), **notice)

        async def on_its_way() -> Any:
            self._tick()
            items = (await self._cast.pat.get("/notifications", params={"withTotal": True})).json()
            return items["total"] == self._told and (await standing(self._cast.pat)).get("push")

        await until(on_its_way, push)

    async def shows(self, *titles: str) -> None:
        """The phone has shown exactly these so far."""

        async def shown() -> list[str]:
            self._tick()
            return [letter.title for letter in self._phone.letters]

        await until(shown, list(titles))


async def test_a_providers_day(cast: Cast, tell: Tell, channels: dict[str, Recorder], clock: SetClock) -> None:
    await cast.plat.put("/platform/users/pat", json={"role": "provider", "name": "Pat", "timezone": "Europe/Berlin"})
    etag = (await cast.pat.get("/notifications/preferences")).headers["etag"]
    digest = {"matrix": {"review": {"push": "digest"}}}
    await cast.pat.patch("/notifications/preferences", json=digest, headers={"If-Match": etag})
    day = Day(cast, tell, channels["push"], clock)
    payment: dict[str, Any] = {"kind": "payment.received", "values": {"amount": "80.00 EUR"}}
    review: dict[str, Any] = {"kind": "review.created", "values": {"rating": 5}}
    booking: dict[str, Any] = {"kind": "booking.created", "values": {"service": "Burst pipe", "when": None}}
    shown = ["Payment received: 80.00 EUR"]

    day.pass_until(17)
    await day.happens(("sent", "now"), **payment)
    await day.happens(("held", "digest"), **review)
    await day.shows(*shown)

    day.pass_until(23)
    await day.happens(("held", "quiet_hours"), **payment)
    await day.happens(("held", "digest"), **review)
    day.pass_until(24 + 2)
    await day.happens(("held", "quiet_hours"), **payment)
    await day.shows(*shown)

    day.pass_until(24 + 3)
    await day.happens(("sent", "now"), **booking)
    shown.append("New booking: Burst pipe")
    await day.shows(*shown)

    day.pass_until(24 + 7)
    shown.append("2 notifications")
    await day.shows(*shown)

    day.pass_until(24 + 8)
    shown.append("2 notifications")
    await day.shows(*shown)
    assert channels["push"].letters[-1].body.count("New review") == 2

    day.pass_until(24 + 9)
    await day.happens(("sent", "now"), **payment)
    await day.shows(*shown, "Payment received: 80.00 EUR")
