import random
from typing import Any

import pytest

from tests.conftest import Cast
from tests.files.conftest import PDF, TEXT, WORD, document, uploaded
from tests.files.pictures import photo

CONTENT = b"%PDF-1.7\n" + random.Random(1).randbytes(200_000)
SIZE = len(CONTENT)


@pytest.fixture
def database_url() -> str:
    """What is served is the same on any database."""
    return ""


@pytest.mark.parametrize(
    ("asked", "first", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-65535", 0, 65_536),
        ("bytes=65535-65536", 65_535, 65_537),
        ("bytes=65536-131071", 65_536, 131_072),
        ("bytes=100-", 100, SIZE),
        ("bytes=-1", SIZE - 1, SIZE),
        ("bytes=-999999", 0, SIZE),
        ("bytes=199999-999999", 199_999, SIZE),
    ],
)
async def test_a_range_is_what_it_says(cast: Cast, asked: str, first: int, end: int) -> None:
    found = await uploaded(cast.pat, CONTENT, "scan.pdf")
    answer = await cast.pat.get(f"/files/{found['id']}", headers={"Range": asked})
    whole = (first, end) == (0, SIZE)
    assert (answer.status_code, answer.content == CONTENT[first:end]) == (200 if whole else 206, True)
    assert answer.headers.get("content-range") == (None if whole else f"bytes {first}-{end - 1}/{SIZE}")


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "bytes=5-1", "lines=0-1", "bytes=", "bytes=a-b", "bytes=0-1-2"])
async def test_a_range_that_is_none_or_several_gets_the_whole(cast: Cast, asked: str) -> None:
    found = await uploaded(cast.pat, CONTENT, "scan.pdf")
    answer = await cast.pat.get(f"/files/{found['id']}", headers={"Range": asked})
    assert (answer.status_code, len(answer.content)) == (200, SIZE)


async def test_a_range_behind_the_end_is_416_with_the_length(cast: Cast) -> None:
    found = await uploaded(cast.pat)
    answer = await cast.pat.get(f"/files/{found['id']}", headers={"Range": "bytes=4711-"})
    assert (answer.status_code, answer.json()["code"]) == (416, "range_not_satisfiable")
    assert answer.headers["content-range"] == f"bytes */{len(TEXT)}"


async def test_a_download_is_gone_on_with_only_where_the_file_is_the_same(cast: Cast) -> None:
    found = await uploaded(cast.pat, CONTENT, "scan.pdf")
    path = f"/files/{found['id']}"
    etag = (await cast.pat.get(path)).headers["etag"]
    same = await cast.pat.get(path, headers={"Range": "bytes=9-", "If-Range": etag})
    other = await cast.pat.get(path, headers={"Range": "bytes=9-", "If-Range": '"other"'})
    known = await cast.pat.get(path, headers={"If-None-Match": etag})
    assert [answer.status_code for answer in (same, other, known)] == [206, 200, 304]


async def test_head_answers_the_headers_alone(cast: Cast) -> None:
    found = await uploaded(cast.pat, CONTENT, "scan.pdf")
    head, get = [await cast.pat.request(method, f"/files/{found['id']}") for method in ("HEAD", "GET")]
    names = ("content-length", "content-type", "etag", "content-disposition", "accept-ranges")
    assert (head.content, [head.headers[name] for name in names]) == (b"", [get.headers[name] for name in names])


@pytest.mark.parametrize(
    ("content", "name", "kind", "shown"),
    [
        (photo(), "tap.jpg", "image/jpeg", "inline"),
        (PDF, "scan.pdf", "application/pdf", "attachment"),
        (TEXT, "note.txt", "text/plain", "attachment"),
        (b"a,b\n1,2\n", "list.csv", "text/csv", "attachment"),
    ],
)
async def test_nothing_that_is_served_can_run(cast: Cast, content: bytes, name: str, kind: str, shown: str) -> None:
    found = await uploaded(cast.pat, content, name)
    headers = (await cast.pat.get(f"/files/{found['id']}")).headers
    assert headers["content-type"].partition(";")[0] == kind
    assert headers["content-disposition"] == f"{shown}; filename=\"{name}\"; filename*=UTF-8''{name}"
    assert "sandbox" in headers["content-security-policy"]
    assert (headers["x-content-type-options"], headers["cache-control"]) == ("nosniff", "no-store")


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("../../../etc/passwd", "passwd.txt"),
        ("..\\..\\windows\\system32\\x.txt", "x.txt"),
        ("\\\\host\\share\\note.txt", "note.txt"),
        ("/absolute/note.txt", "note.txt"),
        ("a\u202etxt.exe", "atxt.exe.txt"),
        ("no\u200bte\u00ad.txt", "note.txt"),
        ("note.txt.", "note.txt"),
        ("..", "file.txt"),
        ("", "file.txt"),
        ("   ", "file.txt"),
        (".htaccess", "htaccess.txt"),
        ("CON.txt", "_CON.txt"),
        ("note", "note.txt"),
        ("note.TXT", "note.txt"),
        ("note.txt.php", "note.txt.php.txt"),
        ("note.PhTmL", "note.PhTmL.txt"),
        ('a"b;c.txt', "a_b;c.txt"),
        ("Rechnung März.txt", "Rechnung März.txt"),
        ("x" * 500 + ".txt", "x" * 120 + ".txt"),
    ],
)
async def test_a_name_is_cleaned_and_is_never_a_place_on_disk(cast: Cast, settings: Any, sent: str, shown: str) -> None:
    root = settings.data_dir
    before = {path for path in root.rglob("*") if path.parts[len(root.parts)] != "files"}
    found = await uploaded(cast.pat, TEXT, sent)
    assert found["name"] == shown
    header = (await cast.pat.get(f"/files/{found['id']}")).headers["content-disposition"]
    assert header.isascii()
    assert {path for path in root.rglob("*") if path.parts[len(root.parts)] != "files"} == before
    assert [path for path in (root / "files").rglob("*") if "passwd" in path.name or "note" in path.name] == []


async def test_an_archive_that_is_a_document_is_served_as_one(cast: Cast) -> None:
    found = await uploaded(cast.pat, document(WORD), "offer.docx")
    assert (found["name"], found["type"].rpartition(".")[2]) == ("offer.docx", "document")
