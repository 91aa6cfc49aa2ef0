import re

import httpx
import pytest

from tests.boundary.conftest import ORIGIN
from tests.conftest import Cast

PREFLIGHT = {
    "Origin": ORIGIN,
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "content-type",
}

# Who asks what, to see one answer of each kind.
KINDS = {
    "answer": ("pat", "GET", "/chat/conversations"),
    "no content": ("plat", "POST", "/platform/users/olga/revoke"),
    "invalid": ("pat", "GET", "/chat/conversations?limit=0"),
    "anonymous": ("anon", "GET", "/chat/conversations"),
    "role": ("pat", "GET", "/platform/users/pat"),
    "no object": ("pat", "GET", "/chat/booking/9/history"),
    "no route": ("anon", "GET", "/nothing"),
    "odd path": ("anon", "GET", "/%00"),
    "method": ("pat", "DELETE", "/chat/conversations"),
    "options": ("anon", "OPTIONS", "/chat/conversations"),
    "head": ("pat", "HEAD", "/chat/conversations"),
    "health": ("anon", "GET", "http:/healthz"),
    "readiness": ("anon", "GET", "http:/readyz"),
    "reference": ("anon", "GET", "http:/api/reference"),
    "document": ("anon", "GET", "http:/api/openapi.json"),
    "redirect": ("anon", "GET", "http:/"),
}


async def ask(cast: Cast, kind: str, **headers: str) -> httpx.Response:
    who, method, path = KINDS[kind]
    client: httpx.AsyncClient = getattr(cast, who)
    url = client.base_url.join(path.removeprefix("http:")) if path.startswith("http:") else path
    return await client.request(method, url, headers=headers)


@pytest.mark.parametrize("kind", KINDS)
async def test_every_answer_has_the_security_headers_and_sets_no_cookie(cast: Cast, kind: str) -> None:
    headers = (await ask(cast, kind)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["content-security-policy"].startswith("default-src 'none'; ")
    assert re.search(r"frame-ancestors 'none'", headers["content-security-policy"])
    assert headers["vary"] == "Origin"
    assert "set-cookie" not in headers


@pytest.mark.parametrize("kind", [kind for kind, (who, _, _) in KINDS.items() if who != "anon"])
async def test_what_somebody_with_a_token_sees_is_stored_nowhere(cast: Cast, kind: str) -> None:
    assert (await ask(cast, kind)).headers["cache-control"] == "no-store"


@pytest.mark.parametrize("kind", KINDS)
async def test_a_request_id_comes_back(cast: Cast, kind: str) -> None:
    assert (await ask(cast, kind, **{"X-Request-Id": "their.id-1"})).headers["x-request-id"] == "their.id-1"


@pytest.mark.parametrize("given", ["", "a b", "a" * 65, "a/b", "a;b", '{"a":1}'])
async def test_a_request_id_that_is_none_is_replaced_by_ours(cast: Cast, given: str) -> None:
    answer = await ask(cast, "anonymous", **{"X-Request-Id": given})
    assert re.fullmatch(r"req_[0-9a-f]{32}", answer.headers["x-request-id"])
    assert answer.json()["requestId"] == answer.headers["x-request-id"]


@pytest.mark.parametrize("path", ["/chat/conversations", "/chat/booking/1/history", "/chat/booking/9/history", "/no"])
async def test_head_answers_what_get_does_without_the_body(cast: Cast, path: str) -> None:
    get, head = await cast.pat.get(path), await cast.pat.head(path)
    assert (head.status_code, head.content) == (get.status_code, b"")
    differing = {"date", "x-request-id", "ratelimit"}
    assert {k: v for k, v in head.headers.items() if k not in differing} == {
        k: v for k, v in get.headers.items() if k not in differing
    }


async def test_a_connection_goes_on_after_head(cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        assert (await cast.pat.head("/chat/conversations")).status_code == 200
    assert (await cast.pat.get("/chat/conversations")).json()["items"]
    assert caplog.messages == []


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/chat/conversations", "GET, HEAD, OPTIONS"),
        ("/chat/booking/9/message", "OPTIONS, POST"),
        ("/platform/users/nobody", "GET, HEAD, OPTIONS, PUT"),
    ],
)
async def test_options_names_the_methods_of_an_address(cast: Cast, path: str, methods: str) -> None:
    answer = await cast.anon.options(path)
    assert (answer.status_code, answer.headers["allow"], answer.content) == (204, methods, b"")


async def test_options_of_no_address_is_a_404(cast: Cast) -> None:
    assert (await cast.anon.options("/nothing")).status_code == 404


async def test_an_allowed_origin_may_ask_and_read(cast: Cast) -> None:
    headers = (await cast.anon.options("/chat/booking/1/message", headers=PREFLIGHT)).headers
    assert headers["access-control-allow-origin"] == ORIGIN
    assert headers["access-control-allow-methods"] == "OPTIONS, POST"
    assert "Authorization" in headers["access-control-allow-headers"]
    headers = (await cast.pat.get("/chat/conversations", headers={"Origin": ORIGIN})).headers
    assert headers["access-control-allow-origin"] == ORIGIN
    assert "X-Request-Id" in headers["access-control-expose-headers"]
    assert "access-control-allow-credentials" not in headers


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "*",
        "",
        "http://app.example.com",
        "https://appXexample.com",
        "https://app.example.com.evil.test",
        "https://evil-app.example.com",
        "https://app.example.com:8443",
        "https://APP.example.com",
        "https://app.example.com/",
        "https://app.example.com, https://evil.test",
    ],
)
async def test_no_other_origin_may(cast: Cast, origin: str) -> None:
    preflight = await cast.anon.options("/chat/booking/1/message", headers=PREFLIGHT | {"Origin": origin})
    answer = await cast.pat.get("/chat/conversations", headers={"Origin": origin})
    for headers in (preflight.headers, answer.headers):
        assert headers["vary"] == "Origin"
        assert not [name for name in headers if name.startswith("access-control-")]


@pytest.mark.parametrize(
    "header",
    [
        "X-Remote-User",
        "X-Forwarded-User",
        "X-Auth-Request-User",
        "X-User-Id",
        "X-Role",
        "Cookie",
        "Proxy-Authorization",
    ],
)
async def test_no_header_but_the_token_says_who_calls(cast: Cast, header: str) -> None:
    assert (await cast.anon.get("/chat/conversations", headers={header: "ada"})).status_code == 401
    assert (await cast.pat.get("/platform/users/pat", headers={header: "plat"})).status_code == 403


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
async def test_no_header_changes_the_method(cast: Cast, header: str) -> None:
    answer = await cast.plat.get("/platform/users/pat", headers={header: "PUT"})
    assert (answer.status_code, answer.json()["id"]) == (200, "pat")


@pytest.mark.parametrize("header", ["X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Prefix"])
async def test_no_header_changes_the_address(cast: Cast, header: str) -> None:
    answer = await cast.pat.get("/chat/booking/2/history", headers={header: "/api/provider-communication/healthz"})
    assert answer.status_code == 404


@pytest.mark.parametrize("host", ["evil.test", "127.0.0.1:99999", "a/?", "[::1]", "exampleXcom"])
async def test_links_are_made_of_the_configured_address(cast: Cast, host: str) -> None:
    answer = await cast.pat.get("/chat/booking/9/history", headers={"Host": host, "X-Forwarded-Host": host})
    assert answer.status_code in (400, 404)
    assert answer.json()["type"].startswith("http://127.0.0.1:8000/developers/errors/#")
    assert host not in answer.text
