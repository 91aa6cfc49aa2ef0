import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from api.app import create_app
from api.db import Health
from api.health import strained
from api.reference import POLICY, html
from api.settings import Settings
from tests.conftest import SECRET, serving


class Elements(HTMLParser):
    """All start tags with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


# Engine-independent: the document is made from the routes and reads no database.
@pytest.fixture
async def public(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(Settings(env="development", data_dir=tmp_path, site_dir=tmp_path / "site", jwt_secret=SECRET))
    async with serving(app) as address, httpx.AsyncClient(base_url=address, timeout=30) as client:
        yield client


async def document(public: httpx.AsyncClient) -> Any:
    answer = await public.get("/api/openapi.json")
    assert answer.headers["content-type"] == "application/vnd.oai.openapi+json"
    return answer.json()


async def test_the_front_door_leads_to_the_reference(public: httpx.AsyncClient) -> None:
    answer = await public.get("/")
    assert (answer.status_code, answer.headers["location"]) == (302, "/api/reference")


async def test_the_page_asks_nobody_else_for_anything(public: httpx.AsyncClient) -> None:
    answer = await public.get("/api/reference")
    elements = Elements(answer.text).found
    assert not {tag for tag, _ in elements} & {"script", "img", "iframe", "object", "embed", "form", "base", "video"}
    addresses = [
        value or "" for _, attributes in elements for name, value in attributes.items() if name in ("href", "src")
    ]
    others = {address for address in addresses if not address.startswith("#")}
    assert others == {"data:,", "/api/openapi.json", "/api/asyncapi.json"}
    assert not re.search(r"url\(|@import|style=|\son\w+=|http-equiv", answer.text)
    assert answer.headers["content-security-policy"] == POLICY


async def test_the_page_fits_a_phone(public: httpx.AsyncClient) -> None:
    elements = Elements((await public.get("/api/reference")).text).found
    assert ("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}) in elements
    assert ("html", {"lang": "en"}) in elements


async def test_the_page_shows_every_operation_and_every_code(public: httpx.AsyncClient) -> None:
    text, schema = (await public.get("/api/reference")).text, await document(public)
    anchors = {attributes.get("id") for tag, attributes in Elements(text).found if tag == "h3"}
    links = {attributes.get("href") for tag, attributes in Elements(text).found if tag == "a"}
    operations = [operation for item in schema["paths"].values() for operation in item.values()]
    assert len(anchors) == len(operations)
    assert {f"#{anchor}" for anchor in anchors} <= links
    codes = {code for item in operations for answer in item["responses"].values() for code in answer.get("x-codes", [])}
    assert not [code for code in codes if f"<code>{code}</code>" not in text]


def test_what_a_description_says_is_text() -> None:
    evil = "<script>alert(1)</script>"
    operation = {"tags": [evil], "description": evil, "responses": {"200": {"description": evil}}}
    page = html({"paths": {f"/{evil}": {"get": operation}}, "info": {"version": evil, "description": evil}})
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 5


async def test_the_document_is_openapi_3_1_and_states_limits_and_errors(public: httpx.AsyncClient) -> None:
    schema = await document(public)
    assert schema["openapi"].startswith("3.1")
    send = schema["paths"]["/api/provider-communication/chat/booking/{bookingId}/message"]["post"]
    assert send["security"] == [{"token": []}]
    assert {"201", "400", "401", "403", "404", "409", "413", "415", "422", "429", "503"} == set(send["responses"])
    assert [item["name"] for item in send["parameters"]] == ["bookingId", "Idempotency-Key"]
    place = schema["components"]["schemas"]["Location"]
    assert (place["required"], place["properties"]["latitude"]["maximum"]) == (["latitude", "longitude"], 90)
    assert schema["components"]["schemas"]["Draft"]["additionalProperties"] is False


async def test_health_and_the_document_are_public_and_the_same_for_everybody(public: httpx.AsyncClient) -> None:
    bare = await public.get("/api/openapi.json")
    with_token = await public.get("/api/openapi.json", headers={"Authorization": "Bearer nonsense"})
    assert (bare.content, bare.headers["cache-control"]) == (with_token.content, "no-cache")
    assert (await public.get("/healthz")).json() == {"status": "ok"}
    ready = (await public.get("/readyz")).json()
    assert (ready["status"], ready["problems"], ready["database"]["engine"]) == ("ready", [], "sqlite")


async def test_readyz_says_that_it_is_stopping(tmp_path: Path) -> None:
    app = create_app(Settings(env="development", data_dir=tmp_path, site_dir=tmp_path / "site", jwt_secret=SECRET))
    async with serving(app) as address, httpx.AsyncClient(base_url=address, timeout=30) as client:
        app.stopping()
        answer = await client.get("/readyz")
        assert (answer.status_code, answer.json()["problems"]) == (503, ["stopping"])
        assert (await client.get("/healthz")).status_code == 200


def test_the_strain_of_a_database_is_named() -> None:
    calm = Health("sqlite", 0, 0, 0, 1 << 40, [])
    tired = msgspec.structs.replace(calm, waiting=9, lag_ms=1001, wal_bytes=1 << 30, disk_free_bytes=1 << 20)
    assert strained(calm) == []
    assert [problem.split()[1] for problem in strained(tired)] == ["wait", "WAL", "disk"]
