import hashlib
import random

import pytest

from tests.conftest import Cast
from tests.files.conftest import PDF, TEXT, upload, uploaded


async def test_an_upload_answers_what_was_stored(cast: Cast) -> None:
    found = await uploaded(cast.pat, TEXT, "note.txt")
    assert found["id"].startswith("file_")
    assert {name: found[name] for name in ("name", "type", "size", "sha256", "state")} == {
        "name": "note.txt",
        "type": "text/plain",
        "size": len(TEXT),
        "sha256": hashlib.sha256(TEXT).hexdigest(),
        "state": "ready",
    }


@pytest.mark.parametrize("size", [1, 65_535, 65_536, 65_537, 131_072, 300_001])
async def test_what_comes_back_is_what_was_sent(cast: Cast, size: int) -> None:
    content = b"%PDF-1.7\n" + random.Random(size).randbytes(size)
    found = await uploaded(cast.pat, content, "scan.pdf")
    answer = await cast.pat.get(f"/files/{found['id']}")
    assert (answer.status_code, answer.content == content) == (200, True)
    assert answer.headers["content-length"] == str(len(content))


async def test_an_unattached_file_is_its_uploaders_alone(cast: Cast) -> None:
    found = await uploaded(cast.pat, PDF, "scan.pdf")
    answers = [await who.get(f"/files/{found['id']}") for who in (cast.carol, cast.otto, cast.ada)]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(404, "not_found")] * 3
    assert (await cast.pat.get(f"/files/{found['id']}")).status_code == 200


async def test_a_repeated_key_answers_the_first_upload(cast: Cast) -> None:
    first, again = [await upload(cast.pat, key="u-1") for _ in range(2)]
    assert (first.content, "idempotency-replayed" in first.headers) == (again.content, False)
    assert again.headers["idempotency-replayed"] == "true"
    other = await upload(cast.pat, PDF, key="u-1")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")
