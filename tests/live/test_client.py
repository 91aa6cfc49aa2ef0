"""porchlight-client.js in a real browser, against a real server that dies."""

import asyncio
import contextlib
import functools
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect

from api.app import PREFIX
from api.auth import make_token
from api.outbound import Line
from api.settings import Settings
from tests.conftest import SECRET, free_port
from tests.live.chromium import Page, chromium, opened

HERE = Path(__file__).parent
CLIENT = HERE.parent.parent / "docs/developers/porchlight-client.js"
EACH = 150
DEMO = 4


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app's own site, at another origin than the API."""
    folder = tmp_path_factory.mktemp("site")
    for file in (CLIENT, HERE / "client.html"):
        (folder / file.name).write_bytes(file.read_bytes())
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def devtools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with chromium(tmp_path_factory.mktemp("profile")) as address:
        yield address


class Served:
    """`porchlight serve` with the demo's people, on one port however often it is started."""

    def __init__(self, folder: Path, origin: str) -> None:
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}{PREFIX}"
        self.folder = folder
        self._environ = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(HERE.parent.parent),
            "PORCHLIGHT_ENV": "development",
            "PORCHLIGHT_PORT": str(self.port),
            "PORCHLIGHT_DATA_DIR": str(folder),
            "PORCHLIGHT_JWT_SECRET": SECRET,
            "PORCHLIGHT_ENCRYPTION_KEY": SECRET,
            "PORCHLIGHT_ALLOWED_ORIGINS": origin,
            "PORCHLIGHT_RATE_LIMIT_FACTOR": "1000",
        }
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "api.cli", "serve"]
        self._process = subprocess.Popen(command, env=self._environ, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        assert any(line.startswith("* serving") for line in self._process.stdout)

    def end(self, number: int) -> None:
        self._process.send_signal(number)
        self._process.communicate(timeout=15)

    def client(self, user_id: str) -> httpx.AsyncClient:
        bearer = {"Authorization": f"Bearer {token(user_id)}"}
        return httpx.AsyncClient(base_url=self.address, headers=bearer, timeout=30, transport=Line(verify=False))


def token(user_id: str, ttl: int = 3600, age: int = 0) -> str:
    role = {"pat": "provider", "carol": "customer", "plat": "service"}[user_id]
    settings = Settings(jwt_secret=SECRET)
    return make_token(settings, role, user_id, name=user_id.title(), ttl=ttl, now=int(time.time()) - age)  # type: ignore[arg-type]


@pytest.fixture
def served(tmp_path: Path, site: str) -> Iterator[Served]:
    served = Served(tmp_path / "data", site)
    yield served
    served.end(signal.SIGKILL)


class Network:
    """What lies between app and server: it can lose every answer, and break what is open."""

    def __init__(self, port: int) -> None:
        self.address = ""
        self.losing = False
        self.lost = asyncio.Event()
        self._port = port
        self._open: dict[asyncio.Task[None] | None, list[asyncio.StreamWriter]] = {}

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open[asyncio.current_task()] = [writer]
        try:
            back, forth = await asyncio.open_connection("127.0.0.1", self._port)
            self._open[asyncio.current_task()].append(forth)
            await asyncio.gather(self._pass(reader, forth), self._pass(back, writer, answers=True))
        except OSError:
            writer.close()
        finally:
            del self._open[asyncio.current_task()]

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool = False) -> None:
        with contextlib.suppress(OSError):
            while octets := await reader.read(65_536):
                if answers and self.losing:
                    self.lost.set()
                else:
                    writer.write(octets)
        writer.close()

    def cut(self) -> None:
        for writers in self._open.values():
            for writer in writers:
                writer.transport.abort()

    async def end(self) -> None:
        self.cut()
        await asyncio.gather(*(task for task in self._open if task))


@pytest.fixture
async def network(served: Served) -> AsyncIterator[Network]:
    network = Network(served.port)
    async with await asyncio.start_server(network.carry, "127.0.0.1", 0) as listener:
        network.address = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}{PREFIX}"
        yield network
        await network.end()


@pytest.fixture
def hurry() -> int:
    """How many times faster than the server's the page's time passes."""
    return 1


@pytest.fixture
async def page(devtools: str, site: str, served: Served, network: Network, hurry: int) -> AsyncIterator[Page]:
    """Pat's app, with a token, and another for when that is refused."""
    async with opened(devtools, f"{site}/client.html") as page, asyncio.timeout(120):
        tokens = json.dumps([token("pat"), token("pat", age=-30)])
        await page.evaluate(f"hurry({hurry}); start('{network.address}', 'booking-1', {tokens})")
        await page.until("states.includes('open')")
        yield page


async def say(who: httpx.AsyncClient, text: str) -> None:
    """Until it is acknowledged, as any careful app does."""
    draft = {"text": text, "clientMessageId": text}
    while True:
        try:
            answer = await who.post("/chat/booking/booking-1/message", json=draft)
        except httpx.TransportError:
            await asyncio.sleep(0.05)
        else:
            assert answer.status_code == 201
            return


async def talk(served: Served) -> None:
    async with served.client("carol") as carol:
        for number in range(EACH):
            await say(carol, f"carol-{number}")


def stored(served: Served) -> list[list[object]]:
    with contextlib.closing(sqlite3.connect(served.folder / "porchlight.db")) as conn:
        rows = conn.execute("select seq, text from messages where booking_id = 'booking-1' order by seq")
        return [list(row) for row in rows]


async def test_nothing_is_lost_doubled_or_out_of_order_when_the_server_is_killed(served: Served, page: Page) -> None:
    talking = asyncio.create_task(talk(served))
    await page.evaluate("void talk()")
    await page.until(f"acked.length > {EACH // 4}")
    served.end(signal.SIGKILL)
    served.start()
    await talking
    said = await page.evaluate("talking = false, said")
    await page.until(f"acked.length === {said} && messages().length >= {DEMO + EACH + said}")
    shown = await page.evaluate("messages()")
    assert [seq for seq, _ in shown] == list(range(1, DEMO + EACH + said + 1))
    for who, count in (("pat", said), ("carol", EACH)):
        assert [text for _, text in shown if text.startswith(who)] == [f"{who}-{number}" for number in range(count)]
    assert stored(served) == shown
    assert await page.evaluate("reloads") == 1


async def test_a_message_whose_ack_was_lost_is_sent_again_and_stays_one(
    served: Served, network: Network, page: Page
) -> None:
    network.losing = True
    await page.evaluate("void ['first', 'second'].forEach(say)")
    await network.lost.wait()
    assert stored(served)[DEMO:] == [[DEMO + 1, "first"]]
    assert await page.evaluate("acked") == []
    network.losing = False
    network.cut()
    await page.until("acked.length === 2")
    assert (await page.evaluate("messages()"))[DEMO:] == [[DEMO + 1, "first"], [DEMO + 2, "second"]]
    assert stored(served) == await page.evaluate("messages()")


@pytest.mark.parametrize("hurry", [10])
async def test_silence_is_a_break(served: Served, network: Network, page: Page) -> None:
    network.losing = True
    async with served.client("carol") as carol:
        await say(carol, "anybody-there")
    # The server gives up on a silent client too, but not so soon.
    async with asyncio.timeout(30):
        await page.until("states.at(-1) === 'waiting 1006'")
    network.losing = False
    await page.until("messages().at(-1)[1] === 'anybody-there'")
    assert await page.evaluate("reloads") == 1


# Not so fast that a busy server seems silent.
@pytest.mark.parametrize("hurry", [4])
async def test_a_restarted_server_is_found_again(served: Served, page: Page) -> None:
    served.end(signal.SIGTERM)
    served.start()
    await page.until("states.at(-1) === 'open' && states.includes('waiting 1012')")
    assert await page.evaluate("reloads") == 1


async def test_another_database_is_loaded_afresh(served: Served, page: Page) -> None:
    await page.evaluate("say('gone')")
    served.end(signal.SIGKILL)
    shutil.rmtree(served.folder)
    served.start()
    await page.until("reloads === 2 && states.at(-1) === 'open'")
    assert await page.evaluate("messages()") == stored(served)
    await page.evaluate("say('new')")
    await page.until("messages().at(-1)[1] === 'new'")


async def test_a_revoked_token_is_replaced_by_a_new_one(served: Served, page: Page) -> None:
    async with served.client("plat") as plat:
        assert (await plat.post("/platform/users/pat/revoke")).status_code < 300
    await page.until("states.at(-1) === 'open' && states.includes('waiting 4401')")
    assert await page.evaluate("reloads") == 1


async def test_a_device_that_its_user_ended_stays_away(served: Served, page: Page) -> None:
    async with served.client("pat") as pat:
        device = (await pat.get("/me/sockets")).json()["items"][0]
        assert (await pat.delete(f"/me/sockets/{device['id']}")).status_code == 204
    await page.until("states.at(-1) === 'closed 1000'")
    assert await page.evaluate("say('late').catch((error) => error.message)") == "closed"


async def test_a_refused_message_is_told_and_the_next_one_goes_out(page: Page) -> None:
    refused = await page.evaluate("say(' ').catch((error) => error.problem.code)")
    assert refused == "invalid_request"
    await page.evaluate("say('Hello')")
    assert await page.evaluate("say('x'.repeat(70_000)).catch((error) => error.message)") == "too big"
    assert await page.evaluate("states") == ["connecting", "open"]


async def type_(carol: httpx.AsyncClient, typing: bool = True) -> None:
    answer = await carol.post("/chat/booking/booking-1/typing", json={"typing": typing})
    assert answer.status_code == 204


@pytest.mark.parametrize("hurry", [10])
async def test_typing_that_is_heard_fades_by_itself_or_with_a_message(served: Served, page: Page) -> None:
    async with served.client("carol") as carol:
        await type_(carol)
        await page.until("typing().length === 2")
        await type_(carol, False)
        await type_(carol)
        await say(carol, "written")
        await page.until("messages().at(-1)[1] === 'written'")
    heard = await page.evaluate("typing()")
    assert heard[:2] == [True, False]
    assert heard[-1] is False


async def test_typing_is_told_once_however_many_keys_are_pressed(served: Served, page: Page) -> None:
    url = served.address.replace("http", "ws", 1) + "/realtime"
    async with connect(url, additional_headers={"Authorization": f"Bearer {token('carol')}"}, proxy=None) as carol:
        await carol.send('{"type": "hello", "id": 1}')
        while "welcome" not in str(await carol.recv()):
            pass
        await page.evaluate("['I', ' ', 'a', 'm'].forEach(() => porchlight.typing('booking-1'))")
        await page.evaluate("porchlight.typing('booking-1', false); say('I am here')")
        heard: list[Any] = []
        async with asyncio.timeout(30):
            while "message.created" not in [frame["type"] for frame in heard]:
                heard.append(json.loads(await carol.recv()))
    assert [frame["data"]["typing"] for frame in heard if frame["type"] == "typing"] == [True, False]


async def test_a_message_is_marked_as_delivered_and_as_read(served: Served, page: Page) -> None:
    await page.evaluate("say('Hello')")
    assert await page.evaluate("mark()") == "sent"
    async with served.client("carol") as carol:
        await carol.get("/chat/booking/booking-1/history")
        await page.until("mark() === 'delivered'")
        await carol.post("/chat/messages/read", json={"bookingId": "booking-1", "seq": DEMO + 1})
        await page.until("mark() === 'read'")


async def test_a_picture_is_stored_sent_and_shown(served: Served, page: Page) -> None:
    sent = await page.evaluate("sendPicture('tap.png')")
    assert (sent["type"], [file["name"] for file in sent["attachments"]]) == ("image", ["tap.png"])
    # From the event's plain address, with the token; images from elsewhere would be refused.
    await page.until("document.querySelector('img')?.naturalWidth === 480")
    async with served.client("carol") as carol:
        page_of_carol = (await carol.get("/chat/booking/booking-1/history")).json()["items"]
    assert page_of_carol[-1]["attachments"][0]["id"] == sent["attachments"][0]["id"]


async def test_an_upload_survives_a_broken_line_and_stays_one(served: Served, network: Network, page: Page) -> None:
    network.losing = True
    await page.evaluate("window.upload = porchlight.upload(new File(['A note.'], 'note.txt')); undefined")
    await network.lost.wait()
    network.losing = False
    network.cut()
    stored = await page.evaluate("upload")
    assert stored["name"] == "note.txt"
    with contextlib.closing(sqlite3.connect(served.folder / "porchlight.db")) as conn:
        assert conn.execute("select id from files").fetchall() == [(stored["id"],)]
