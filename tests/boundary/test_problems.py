import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.errors import Unavailable, catalogue, render
from tests.conftest import Cast

MESSAGE = "/chat/booking/1/message"
TEXT = {"text": "Hello"}
USER = {"role": "provider", "name": "Pat"}
BOOKING = {"providerId": "pat", "customerId": "nobody", "service": "Tap", "status": "confirmed"}

# Who asks what, and the status and code of the answer.
PROBLEMS: dict[str, tuple[str, str, str, dict[str, Any], int, str]] = {
    "invalid": ("pat", "POST", MESSAGE, {"json": {"text": 3}}, 400, "invalid_request"),
    "malformed": ("pat", "POST", MESSAGE, {"content": b"{", "headers": {"Content-Type": "application/json"}}, 400, ""),
    "cursor": ("pat", "GET", "/chat/conversations?cursor=x", {}, 400, "invalid_cursor"),
    "anonymous": ("anon", "GET", "/chat/conversations", {}, 401, "unauthenticated"),
    "bad token": ("anon", "GET", "/chat/conversations", {"headers": {"Authorization": "Bearer x"}}, 401, ""),
    "role": ("pat", "GET", "/platform/users/pat", {}, 403, "forbidden"),
    "no route": ("pat", "GET", "/nothing/here", {}, 404, "not_found"),
    "no object": ("pat", "GET", "/chat/booking/9/history", {}, 404, "not_found"),
    "not yours": ("pat", "POST", "/chat/booking/2/message", {"json": TEXT}, 404, "not_found"),
    "method": ("pat", "DELETE", MESSAGE, {}, 405, "method_not_allowed"),
    "conflict": ("plat", "PUT", "/platform/bookings/3", {"json": BOOKING}, 409, "unknown_user"),
    "stale": ("plat", "PUT", "/platform/users/pat", {"json": USER, "headers": {"If-Match": '"0.x"'}}, 412, ""),
    "large": ("pat", "POST", MESSAGE, {"json": {"text": "x" * 65_536}}, 413, "too_large"),
    "media type": ("pat", "POST", MESSAGE, {"content": b"{}", "headers": {"Content-Type": "text/plain"}}, 415, ""),
}


def check_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Exactly what contract.md promises of an error."""
    problem: dict[str, Any] = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    members = {"type", "title", "status", "detail", "code", "requestId", "retryable"}
    assert members <= set(problem) <= members | {"errors", "allowed"}
    known = {kind.code: kind for kind in catalogue()}[problem["code"]]
    assert problem["type"] == f"http://127.0.0.1:8000/developers/errors/#{problem['code']}"
    assert (problem["title"], problem["status"], problem["retryable"]) == (known.title, status, known.retryable)
    assert problem["requestId"] == answer.headers["x-request-id"]
    assert code in ("", problem["code"])
    return problem


@pytest.mark.parametrize("name", PROBLEMS)
async def test_every_refusal_is_a_problem_with_the_promised_members(cast: Cast, name: str) -> None:
    who, method, path, more, status, code = PROBLEMS[name]
    answer = await getattr(cast, who).request(method, path, **more)
    check_problem(answer, status, code)
    assert "set-cookie" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"


async def test_a_used_key_with_another_body_is_a_problem(cast: Cast) -> None:
    key = {"Idempotency-Key": "a-key"}
    await cast.pat.post(MESSAGE, json=TEXT, headers=key)
    check_problem(await cast.pat.post(MESSAGE, json={"text": "Other"}, headers=key), 422, "idempotency_mismatch")


@pytest.mark.parametrize("kind", [kind for kind in catalogue() if kind.status_code == 503], ids=lambda kind: kind.code)
def test_a_503_says_when_to_come_back(kind: type[Unavailable]) -> None:
    headers, body = render(kind(), "https://help.example.com", "an-id")
    assert (headers["Retry-After"], headers["content-type"]) == ("1", "application/problem+json")
    assert b'"retryable":true' in body


async def test_a_405_names_the_methods_that_work(cast: Cast) -> None:
    answer = await cast.pat.put("/chat/booking/1/history")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"
    assert answer.json()["detail"] == "It takes GET, HEAD, OPTIONS."


@pytest.mark.parametrize(("sent", "challenge"), [(None, "Bearer"), ("Bearer x.y.z", 'Bearer error="invalid_token"')])
async def test_a_401_says_how_to_authenticate(cast: Cast, sent: str | None, challenge: str) -> None:
    answer = await cast.anon.get("/chat/unread-count", headers={"Authorization": sent} if sent else {})
    assert answer.headers["www-authenticate"] == challenge


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/chat/conversations?bookingStatus=canary", None),
        ("GET", "/chat/conversations?canary=1", None),
        ("GET", "/chat/conversations?cursor=canary", None),
        ("GET", "/chat/conversations?limit=canary", None),
        ("GET", "/canary", None),
        ("GET", "/chat/booking/canary%20canary/history", None),
        ("POST", "/chat/booking/canary/message", {"text": "canary"}),
        ("POST", MESSAGE, {"text": "", "clientMessageId": "canary canary"}),
        ("POST", MESSAGE, {"text": "a", "type": "canary"}),
    ],
)
async def test_a_problem_echoes_nothing_and_shows_no_inside(cast: Cast, method: str, path: str, body: Any) -> None:
    answer = await cast.pat.request(method, path, json=body)
    assert answer.status_code in (400, 404)
    assert not re.search(r"canary|Draft|Struct|litestar|msgspec|api/|\.py|select |booking_|Traceback", answer.text)


def test_every_error_code_has_its_row_in_the_docs_and_the_reverse(rows: Callable[[str], dict[str, list[str]]]) -> None:
    documented = rows("errors")
    assert {kind.code: str(kind.status_code) for kind in catalogue()} == {
        code: cells[0] for code, cells in documented.items()
    }
    text = Path("docs/developers/errors.md").read_text()
    assert [code for code in documented if f'<a id="{code}"></a>' not in text] == []
