import asyncio
import time
from pathlib import Path

import httpx
import pytest

from api.files import files, upload
from api.settings import Settings
from tests.conftest import Cast
from tests.faults.process import served, until
from tests.files import wire
from tests.files.conftest import uploaded
from tests.files.wire import END, FILE, PURPOSE, form, post

LIMIT = 10_485_760


@pytest.fixture
def database_url() -> str:
    """A body that is refused meets no database."""
    return ""


def on_disk(settings: Settings) -> list[Path]:
    return [path for path in (settings.data_dir / "files").rglob("*") if path.is_file()]


async def test_the_limit_is_accepted_to_the_byte_and_one_more_is_not(cast: Cast, settings: Settings) -> None:
    accepted = await post(cast.pat, form(b"a" * LIMIT))
    assert (accepted.status_code, accepted.json()["size"]) == (201, LIMIT)
    refused = await post(cast.pat, form(b"a" * (LIMIT + 1)))
    assert (refused.status_code, refused.json()["code"]) == (413, "too_large")
    assert len(on_disk(settings)) == 1


async def test_a_body_without_a_length_is_cut_at_the_limit(cast: Cast, settings: Settings) -> None:
    piece = b"10000\r\n" + b"a" * 65_536 + b"\r\n"
    head = b"%x\r\n" % len(PURPOSE + FILE) + PURPOSE + FILE + b"\r\n"
    async with wire.begin(cast.pat, "Transfer-Encoding: chunked") as line:
        await line.send([head, *[piece] * 162])
        status, answer = await line.answer()
    assert (status, b"too_large" in answer, on_disk(settings)) == (413, True, [])


async def test_a_length_beyond_the_limit_is_refused_before_a_byte_has_come(cast: Cast, settings: Settings) -> None:
    async with wire.begin(cast.pat, "Content-Length: 999999999999") as line:
        status, answer = await line.answer()
    assert (status, b"connection: close" in answer.lower(), on_disk(settings)) == (413, True, [])


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
async def test_an_upload_that_is_cut_leaves_nothing_behind(cast: Cast, settings: Settings, part: float) -> None:
    body = form(b"a" * 1_000_000)
    async with wire.begin(cast.pat, f"Content-Length: {len(body)}") as line:
        await line.send([body[: int(len(body) * part)]])
        await until(lambda: on_disk(settings))
    await until(lambda: not on_disk(settings))
    assert (await cast.pat.get("/chat/unread-count")).status_code == 200


async def test_an_upload_that_does_not_come_on_is_given_up(
    cast: Cast, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload, "GRACE_SECONDS", 0.5)
    async with wire.begin(cast.pat, "Content-Length: 1000") as line:
        await line.send([PURPOSE + FILE + b"a"])
        status, answer = await line.answer()
    assert (status, b"too_slow" in answer, on_disk(settings)) == (408, True, [])


async def test_a_repeat_is_put_off_while_the_first_body_is_still_coming(cast: Cast, settings: Settings) -> None:
    body = form()
    async with wire.begin(cast.pat, f"Content-Length: {len(body)}", "Idempotency-Key: u-1") as line:
        await line.send([body[:50]])
        await until(lambda: on_disk(settings))
        repeat = await post(cast.pat, body, Idempotency_Key="u-1")
        assert (repeat.status_code, repeat.json()["code"]) == (409, "idempotency_in_progress")
        assert repeat.headers["retry-after"] == "1"
        await line.send([body[50:]])
        assert (await line.answer())[0] == 201
    later = await post(cast.pat, body, Idempotency_Key="u-1")
    assert (later.status_code, later.headers["idempotency-replayed"]) == (201, "true")


async def test_one_user_has_only_so_many_uploads_on_their_way(
    cast: Cast, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "ARRIVING", 2)
    async with wire.begin(cast.pat, "Content-Length: 1000"), wire.begin(cast.pat, "Content-Length: 1000"):
        await until(lambda: len(on_disk(settings)) == 2)
        refused = await post(cast.pat, form())
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
        assert (await post(cast.carol, form())).status_code == 201
    await until(lambda: len(on_disk(settings)) == 1)
    assert (await post(cast.pat, form())).status_code == 201


PART = b'--owl\r\nContent-Disposition: form-data; name="%s"\r\n%s\r\n%s\r\n'
# What parsers were broken with, each answered by 400 but where another status says it better.
SHAPES = {
    "no body": (b"", 400),
    "no end": (PURPOSE + FILE + b"A note.", 400),
    "another boundary": (form().replace(b"owl", b"elk"), 400),
    "nothing but the end": (b"--owl--\r\n", 400),
    "junk before": (b"junk" * 1000 + form(), 400),
    "what mail calls an epilogue": (form() + b"junk", 201),
    "bare line feeds": (form().replace(b"\r\n", b"\n"), 400),
    "no name": (b"--owl\r\nContent-Disposition: form-data\r\n\r\nx" + END, 400),
    "no disposition": (b"--owl\r\nX-Y: z\r\n\r\nx" + END, 400),
    "a header that is none": (b"--owl\r\nbroken\r\n\r\nx" + END, 400),
    "a header without end": (b"--owl\r\nX-Y: " + b"z" * 100_000 + b"\r\n\r\nx" + END, 400),
    "a hundred headers": (b"--owl\r\n" + b"X-Y: z\r\n" * 100 + b"\r\nx" + END, 400),
    "ten thousand parts": (PART % (b"file", b"", b"x") * 10_000 + END[2:], 400),
    "negative length of a part": (PURPOSE + PART % (b"file", b"Content-Length: -1\r\n", b"x") + END[2:], 400),
    "two files": (PURPOSE + FILE + b"One\r\n" + FILE + b"Two" + END, 400),
    "a field of another name": (PURPOSE + PART % (b"owner", b"", b"pat") + FILE + b"A note." + END, 400),
    "no file": (PURPOSE + END[2:], 400),
    "no purpose": (FILE + b"A note." + END, 400),
    "another purpose": (form().replace(b"chat", b"fun!"), 400),
    "a purpose without end": (PART % (b"purpose", b"", b"x" * 60_000) + FILE + b"A note." + END, 400),
    "an empty file": (form(b""), 400),
    "no such charset": (PART % (b"purpose", b"Content-Type: text/plain; charset=klingon\r\n", b"chat") + END[2:], 400),
    "a charset with a NUL": (PART % (b"file", b'Content-Type: text/plain; charset="a\0b"\r\n', b"x") + END[2:], 400),
    "a charset of other bytes": (PART % (b"purpose", b"Content-Type: a/b; charset=utf-16\r\n", b"chat") + END[2:], 400),
    "a purpose that is no UTF-8": (PART % (b"purpose", b"", b"\xff\xfe") + FILE + b"A note." + END, 400),
    "a name that is no UTF-8": (form().replace(b"note.txt", b"\xff\xfe.txt"), 400),
    "a name of backslashes": (form().replace(b"note.txt", b"a\\" * 2000), 201),
}


@pytest.mark.parametrize("shape", SHAPES)
async def test_a_form_as_it_should_not_be_is_answered_at_once(cast: Cast, settings: Settings, shape: str) -> None:
    body, status = SHAPES[shape]
    start = time.monotonic()
    answer = await post(cast.pat, body)
    assert (answer.status_code, time.monotonic() - start < 5) == (status, True)
    assert len(on_disk(settings)) == (1 if answer.is_success else 0)


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json", 415),
        ("multipart/mixed; boundary=owl", 415),
        ("multipart/form-data", 400),
        ("multipart/form-data; boundary=", 400),
        ("multipart/form-data; boundary=" + "o" * 71, 400),
        ("multipart/form-data; boundary=owl; charset=klingon", 400),
        ('multipart/form-data; boundary="owl', 400),
        ("multipart/form-data; " + "a=b; " * 2000 + "boundary=owl", 201),
        ("multipart/form-data; boundary=owl", 201),
    ],
)
async def test_the_type_of_a_body_is_a_form_with_a_boundary(cast: Cast, kind: str, status: int) -> None:
    assert (await post(cast.pat, form(), kind)).status_code == status


def resident(pid: int) -> int:
    """Kilobytes."""
    (line,) = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1])


async def test_memory_stays_flat_while_large_files_come_in(settings: Settings) -> None:
    pieces = [PURPOSE + FILE, *[b"a" * 65_536] * 160, END]
    peaks: list[int] = []

    async def send(pat: httpx.AsyncClient, pid: int) -> None:
        async with wire.begin(pat, f"Content-Length: {sum(map(len, pieces))}", "Connection: close") as line:
            for piece in pieces:
                await line.send([piece])
                peaks.append(resident(pid))
            assert (await line.answer())[0] == 201

    with served(settings) as server:
        async with server.client("pat") as pat:
            await uploaded(pat, b"a" * 1_000_000)
            before = resident(server.process.pid)
            await asyncio.gather(*(send(pat, server.process.pid) for _ in range(8)))
    # Of eight times 10 MiB no more is held than what is on its way to the disk.
    assert max(peaks) - before < 20_000
