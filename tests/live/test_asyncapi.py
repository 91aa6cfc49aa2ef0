"""The AsyncAPI document: by the rules of the specification, beside the code, and against what a socket really sends."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import jsonschema_rs
import pytest

from api import asyncapi
from api.app import SOCKET
from api.live import wire
from tests.conftest import Cast
from tests.live.test_socket_docs import KINDS, PAGE, example, section

# The fields that AsyncAPI 3.0.0 has for those objects which are used here, and which of them it requires.
FIELDS: dict[str, tuple[set[str], set[str]]] = {
    "root": (
        {"asyncapi", "id", "info", "servers", "defaultContentType", "channels", "operations", "components"},
        {"asyncapi", "info"},
    ),
    "info": (
        {"title", "version", "description", "termsOfService", "contact", "license", "tags", "externalDocs"},
        {"title", "version"},
    ),
    "server": (
        {"host", "protocol", "protocolVersion", "pathname", "title", "summary", "description", "variables", "security"}
        | {"tags", "externalDocs", "bindings"},
        {"host", "protocol"},
    ),
    "channel": (
        {"address", "messages", "title", "summary", "description", "servers", "parameters", "tags", "externalDocs"}
        | {"bindings"},
        set(),
    ),
    "operation": (
        {"action", "channel", "title", "summary", "description", "security", "tags", "externalDocs", "bindings"}
        | {"traits", "messages", "reply"},
        {"action", "channel"},
    ),
    "reply": ({"address", "channel", "messages"}, set()),
    "message": (
        {"headers", "payload", "correlationId", "contentType", "name", "title", "summary", "description", "tags"}
        | {"externalDocs", "bindings", "examples", "traits"},
        set(),
    ),
    "components": (
        {"schemas", "servers", "channels", "operations", "messages", "securitySchemes", "serverVariables", "parameters"}
        | {"correlationIds", "replies", "replyAddresses", "externalDocs", "tags", "operationTraits", "messageTraits"}
        | {"serverBindings", "channelBindings", "operationBindings", "messageBindings"},
        set(),
    ),
}


@pytest.fixture
async def described(cast: Cast) -> Any:
    answer = await cast.anon.get(cast.anon.base_url.join("/api/asyncapi.json"))
    assert answer.headers["content-type"] == "application/vnd.aai.asyncapi+json"
    return answer.json()


def objects(document: Any) -> Iterator[tuple[str, Any]]:
    yield from (("root", document), ("info", document["info"]), ("components", document["components"]))
    yield from (("server", server) for server in document["servers"].values())
    yield from (("channel", channel) for channel in document["channels"].values())
    yield from (("message", message) for message in document["components"]["messages"].values())
    for operation in document["operations"].values():
        yield "operation", operation
        if "reply" in operation:
            yield "reply", operation["reply"]


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from ([value["$ref"]] if "$ref" in value else [])
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from references(item)


def resolved(document: Any, reference: str) -> Any:
    found = document
    for name in reference.removeprefix("#/").split("/"):
        found = found[name]
    return found


async def test_objects_have_the_fields_of_the_specification(described: Any) -> None:
    assert described["asyncapi"] == "3.0.0"
    for kind, value in objects(described):
        known, required = FIELDS[kind]
        names = {name for name in value if not name.startswith("x-")}
        assert names <= known, kind
        assert required <= names, kind


async def test_every_reference_leads_somewhere_and_names_are_those_allowed(described: Any) -> None:
    for reference in set(references(described)):
        assert resolved(described, reference)
    for name in [name for part in described["components"].values() for name in part]:
        assert re.fullmatch(r"[A-Za-z0-9._-]+", name)
    (server,) = described["servers"].values()
    assert (server["protocol"], "/" in server["host"]) == ("ws", False)


async def test_operations_use_the_messages_of_their_channel_and_all_of_them(described: Any) -> None:
    (channel,) = described["channels"].values()
    assert channel["address"] == SOCKET
    assert {operation["action"] for operation in described["operations"].values()} == {"send", "receive"}
    holders = [holder for kind, holder in objects(described) if kind in ("operation", "reply")]
    used = {reference for holder in holders for reference in references(holder["messages"])}
    assert used == {f"#/channels/realtime/messages/{name}" for name in channel["messages"]}


async def test_every_payload_is_a_json_schema(described: Any) -> None:
    for schema in described["components"]["schemas"].values():
        jsonschema_rs.meta.validate(schema)
    for message in described["components"]["messages"].values():
        jsonschema_rs.meta.validate(message["payload"])


async def test_it_names_every_frame_event_and_close_of_the_page_and_no_other(described: Any) -> None:
    events = set(re.findall(r"^(?:### )?`([a-z.]+)`(?:: |$)", section("Events"), re.MULTILINE))
    asked = {"hello", "ping", *KINDS}
    answers = {"welcome", "error", "mode", "restarting"}
    expected = asked | {f"{name}.ack" for name in asked} | {f"{name}.event" for name in events - answers} | answers
    assert set(described["components"]["messages"]) == expected
    (channel,) = described["channels"].values()
    assert [close["code"] for close in channel["x-close-codes"]] == [close.code for close in wire.CLOSES]


def validator(described: Any, name: str) -> Any:
    """Of a message, with no field that is not described."""
    strict = json.loads(json.dumps(described))
    for schema in strict["components"]["schemas"].values():
        if "properties" in schema:
            schema["additionalProperties"] = False
    return jsonschema_rs.validator_for({"$ref": f"#/components/messages/{name}/payload", **strict})


async def test_what_a_socket_sends_is_as_described(cast: Cast, device: Callable[..., Any], described: Any) -> None:
    carol, pat = await device("carol"), await device("pat")
    frames = {"welcome": pat.welcome, "presence.event": {"type": "presence", "at": "", "data": await carol.presence()}}
    draft = {"text": "Hi", "clientMessageId": "c-1"}
    asked: dict[str, dict[str, Any]] = {
        "ping": {},
        "typing": {"bookingId": "1", "typing": True},
        "location": {"bookingId": "1", "latitude": 1, "longitude": 1.5},
        "message.send": {"bookingId": "1", "message": draft},
        "messages.read": {"bookingId": "1", "seq": 1},
    }
    for kind, fields in asked.items():
        validator(described, kind).validate({"type": kind, "id": 1, **fields})
        frames[f"{kind}.ack"] = await pat.ask(kind, **fields)
        frames["error"] = await pat.ask(kind, **fields, more=1)
        assert not validator(described, kind).is_valid({"type": kind, "id": 1, **fields, "more": 1})
    while not {"typing.event", "location.event", "message.created.event"} <= frames.keys():
        event = await carol.event()
        frames[f"{event['type']}.event"] = event
    for name, frame in frames.items():
        validator(described, name).validate(frame)


@pytest.mark.parametrize("kind", sorted(set(re.findall(r'^  "type": "([a-z.]+)"', PAGE, re.MULTILINE))))
async def test_the_examples_of_the_page_are_as_described(described: Any, kind: str) -> None:
    name = kind if kind in ("welcome", "error") else f"{kind}.event"
    validator(described, name).validate(example(kind))


def test_an_address_behind_tls_is_wss() -> None:
    (server,) = asyncapi.document("https://help.example.com", SOCKET, {}, asyncapi.Events({}, {}))["servers"].values()
    assert (server["protocol"], server["host"]) == ("wss", "help.example.com")
