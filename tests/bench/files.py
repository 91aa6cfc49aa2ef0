"""`make bench`, third part: files that come in and go out, and what others feel of it meanwhile."""

import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date
from pathlib import Path

import httpx
from PIL import Image

from api.app import PREFIX
from tests.bench import cast, machine
from tests.bench.processes import BENCH, running, wait_for_rest
from tests.bench.server import EMPTY
from tests.files.pictures import encoded

RESULTS = Path(__file__).with_name("results")
PHOTOS, OTHERS = 12, 4


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, running(BENCH, Path(folder)) as server:
        wait_for_rest(server.pid)
        table = "\n".join(asyncio.run(_table(f"http://127.0.0.1:{server.port}", server.pid))) + "\n"
    sys.stdout.write(table)
    if "--quick" not in sys.argv:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{date.today().isoformat()}-{machine.commit().rstrip('+')}-files.md").write_text(table)  # noqa: DTZ011


async def _table(address: str, pid: int) -> list[str]:
    headers = {"Authorization": f"Bearer {cast.token(cast.provider('0'))}"}
    async with httpx.AsyncClient(base_url=address, headers=headers, timeout=60) as client:
        return [row async for row in _rows(client, pid)]


async def _rows(client: httpx.AsyncClient, pid: int) -> AsyncIterator[str]:
    photo, pdf = _photo(), b"%PDF-1.7\n" + random.randbytes(10_000_000)
    yield f"# {date.today().isoformat()}, commit {machine.commit()}: files"  # noqa: DTZ011
    yield ""
    yield f"{machine.described()}. A photo of 12 million pixels has {len(photo) / 1e6:.1f} MB here."
    yield ""
    yield "| Figure | Porchlight |"
    yield "|---|---|"
    before = await _quiet(client)
    yield f"| Upload of a photo, one at a time, median of {PHOTOS} | {_ms(await _each(client, photo, 'tap.jpg', 1))} |"
    crowd = asyncio.create_task(_each(client, photo, "tap.jpg", OTHERS))
    meanwhile = await _quiet(client, crowd.done)
    yield f"| Upload of a photo, {OTHERS} at once | {_ms(await crowd)} |"
    yield f"| Empty POST, p99: with nothing else, and beside those | {_p99(before)} and {_p99(meanwhile)} |"
    yield f"| Upload of a PDF of 10 MB | {_ms(await _each(client, pdf, 'scan.pdf', 1))} |"
    found = (await _upload(client, pdf, "scan.pdf")).json()["id"]
    yield f"| Download of the same | {_ms([await _timed(_download(client, found)) for _ in range(PHOTOS)])} |"
    yield f"| Memory of the server afterwards, the decoder beside it | {machine.resident_mebibytes(pid):.0f} MiB |"


def _photo() -> bytes:
    """With as much in it as a camera finds."""
    noise = Image.effect_noise((4000, 3000), 24)
    return encoded(Image.merge("RGB", (noise, noise, noise)), "JPEG", quality=80)


async def _each(client: httpx.AsyncClient, content: bytes, name: str, at_once: int) -> list[float]:
    async def some() -> list[float]:
        return [await _timed(_upload(client, content, name)) for _ in range(PHOTOS // at_once)]

    return [seconds for found in await asyncio.gather(*(some() for _ in range(at_once))) for seconds in found]


async def _upload(client: httpx.AsyncClient, content: bytes, name: str) -> httpx.Response:
    answer = await client.post(f"{PREFIX}/files", data={"purpose": "chat"}, files={"file": (name, content)})
    return answer.raise_for_status()


async def _download(client: httpx.AsyncClient, file_id: str) -> None:
    (await client.get(f"{PREFIX}/files/{file_id}")).raise_for_status()


async def _quiet(client: httpx.AsyncClient, done: Callable[[], bool] | None = None) -> list[float]:
    """The latencies of one who sends and waits."""
    taken: list[float] = []
    while len(taken) < 500 if done is None else not done():
        taken.append(await _timed(client.post(EMPTY)))
    return taken


async def _timed(work: Awaitable[object]) -> float:
    start = time.perf_counter()
    await work
    return time.perf_counter() - start


def _ms(seconds: list[float]) -> str:
    return f"{statistics.median(seconds) * 1000:.0f} ms"


def _p99(seconds: list[float]) -> str:
    return f"{statistics.quantiles(seconds, n=100)[98] * 1000:.1f} ms"


if __name__ == "__main__":
    main()
