import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import msgspec
import pytest

from api.app import PREFIX, create_app
from api.errors import RateLimited
from api.limits import CALLERS, POLICIES, Limits, address_prefix
from api.server import Server
from api.settings import Settings
from tests.boundary.test_problems import check_problem
from tests.conftest import SetClock, free_socket, serving


class Stopwatch:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def narrow(settings: Settings, clock: SetClock, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A server that lets everybody write 100 times a minute, and read 250 times."""
    tight = msgspec.structs.replace(settings, data_dir=tmp_path, rate_limit_factor=100 / POLICIES["write"].quota)
    async with (
        serving(create_app(tight, clock)) as address,
        httpx.AsyncClient(base_url=address + PREFIX, timeout=30) as client,
    ):
        yield client


def as_(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_of_200_at_once_exactly_as_many_pass_as_the_limit_says(
    narrow: httpx.AsyncClient, token: Callable[..., str]
) -> None:
    pat = as_(token("pat"))
    await narrow.get("/chat/unread-count", headers=pat)
    begin = time.monotonic()
    read = {"bookingId": "1", "seq": 1}
    calls = (narrow.post("/chat/messages/read", json=read, headers=pat) for _ in range(200))
    passed = [answer.status_code for answer in await asyncio.gather(*calls)].count(200)
    # What the bucket was given back meanwhile: nothing, where the 200 took less than 0.6 s.
    assert 100 <= passed <= 100 + (time.monotonic() - begin) * 100 / 60
    other = await narrow.post("/chat/messages/read", json=read, headers=as_(token("carol")))
    assert (other.status_code, (await narrow.get("/chat/unread-count", headers=pat)).status_code) == (200, 200)


async def test_a_refusal_says_when_to_come_back(narrow: httpx.AsyncClient, token: Callable[..., str]) -> None:
    olga = as_(token("olga"))
    refused = await until_refused(lambda: narrow.post("/chat/messages/read", json={}, headers=olga))
    assert check_problem(refused, 429, "rate_limited")["detail"] == "At most 100 requests of this kind in 60 seconds."
    assert refused.headers["retry-after"] == "1"
    assert refused.headers["ratelimit-policy"] == '"write";q=100;w=60'
    assert refused.headers["ratelimit"].startswith('"write";r=0;t=')


async def until_refused(ask: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
    """Ask faster than a bucket fills, however slow this machine is; the first 429."""
    async with asyncio.timeout(60):
        while True:
            for answer in await asyncio.gather(*(ask() for _ in range(50))):
                if answer.status_code == 429:
                    return answer


async def test_the_anonymous_share_the_limit_of_their_address(narrow: httpx.AsyncClient) -> None:
    allowed = await narrow.get("/chat/conversations")
    refused = await until_refused(lambda: narrow.get("/chat/conversations"))
    assert allowed.status_code == 401
    assert {answer.headers["ratelimit-policy"] for answer in (allowed, refused)} == {'"read";q=250;w=60'}


async def test_the_service_has_a_hundred_times_as_much(narrow: httpx.AsyncClient, token: Callable[..., str]) -> None:
    answer = await narrow.get("/platform/users/nobody", headers=as_(token("plat")))
    assert answer.headers["ratelimit-policy"] == '"read";q=25000;w=60'


def test_a_bucket_fills_evenly_and_not_beyond_its_size() -> None:
    watch = Stopwatch()
    limits = Limits(1 / 60, watch)  # 2 writes in 60 seconds
    allowed = []
    for seconds in (0, 0, 0, 29, 1, 0, 3600, 0, 0):
        watch.now += seconds
        try:
            limits.take("pat", "write")
            allowed.append(True)
        except RateLimited:
            allowed.append(False)
    assert allowed == [True, True, False, False, True, False, True, True, False]


def test_buckets_are_kept_apart_by_caller_class_and_service() -> None:
    limits = Limits(1e-9, Stopwatch())  # 1 request each
    for caller, bucket, service in (
        ("a", "read", False),
        ("b", "read", False),
        ("a", "write", False),
        ("a", "read", 1),
    ):
        limits.take(caller, bucket, service=bool(service))  # type: ignore[arg-type]
    with pytest.raises(RateLimited):
        limits.take("a", "read")


def test_the_memory_of_callers_is_bounded() -> None:
    limits = Limits(1e-9, Stopwatch())
    for number in range(CALLERS + 10):
        limits.take(str(number), "read")
    assert len(limits._levels) == CALLERS


@pytest.mark.parametrize(
    ("address", "prefix"),
    [
        ("192.0.2.7", "192.0.2.7/32"),
        ("::ffff:192.0.2.7", "192.0.2.7/32"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::", "2001:db8:1:3::/64"),
        ("", "unknown/"),
        ("unix:", "unknown/"),
    ],
)
def test_an_anonymous_caller_is_an_ipv4_address_or_an_ipv6_network(address: str, prefix: str) -> None:
    assert address_prefix(address) == prefix


@pytest.mark.parametrize(("trusted", "told_apart"), [((), False), (("127.0.0.1",), True), (("10.0.0.0/8",), False)])
async def test_a_forwarded_address_is_believed_from_named_proxies_only(
    settings: Settings, tmp_path: Path, trusted: tuple[str, ...], told_apart: bool
) -> None:
    behind = msgspec.structs.replace(
        settings, data_dir=tmp_path, rate_limit_factor=1 / POLICIES["read"].quota, trusted_proxies=trusted
    )
    listener = free_socket()
    server = Server(create_app(behind), behind, lambda _: None)
    running = asyncio.create_task(server._serve([listener]))
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{listener.getsockname()[1]}{PREFIX}", timeout=30
    ) as client:
        listener.listen()
        statuses = [
            (await client.get("/chat/conversations", headers={"X-Forwarded-For": address})).status_code
            for address in ("192.0.2.1", "192.0.2.2", "192.0.2.1")
        ]
    server.should_exit = True
    await running
    assert statuses == ([401, 401, 429] if told_apart else [401, 429, 429])
