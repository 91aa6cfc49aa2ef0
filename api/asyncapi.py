"""The AsyncAPI 3.0 document of the socket, made from the frames it takes and the events it tells."""

from collections.abc import Mapping
from functools import cache
from typing import Any, get_args, get_type_hints
from urllib.parse import urlsplit

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from api import __version__
from api.db.rows import Record
from api.live import wire
from api.live.routes import Topic
from api.live.wire import FrameKind

CHANNEL = "#/channels/realtime"
INTRODUCTION = (
    "One WebSocket for each device, text frames of JSON. Every frame of a client gets one ack or error with its `id`. "
    "Durable events have a position in their topic and are repeated after a break; the others pass by once."
)
MOMENT = {"type": "string", "format": "date-time"}
NAME = {"type": "string"}
Schema = dict[str, Any]


class Events(msgspec.Struct, frozen=True):
    """What the `data` of each kind of event is."""

    durable: Mapping[str, type[Record]]
    passing: Mapping[str, type[Record]]


def document(base_url: str, path: str, kinds: Mapping[str, FrameKind], events: Events) -> Schema:
    """`path` is where the socket is opened on the server at `base_url`."""
    types: list[Any] = [wire.Hello, wire.Ping, wire.Done, *wire.ANSWERS]
    types += [kind.body for kind in kinds.values()] + [_result(kind) for kind in kinds.values()]
    types += [*events.durable.values(), *events.passing.values()]
    found, schemas = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    refs = dict(zip(types, found, strict=True))
    asked = {"hello": wire.Hello, "ping": wire.Ping} | {name: kind.body for name, kind in kinds.items()}
    results = {"hello": wire.Done, "ping": wire.Ping} | {name: _result(kind) for name, kind in kinds.items()}
    frame_id = schemas["Ack"]["properties"]["id"]
    messages = {name: _message(_frame(name, body, schemas[body.__name__], frame_id)) for name, body in asked.items()}
    messages |= {f"{name}.ack": _message(_ack(refs[result], frame_id)) for name, result in results.items()}
    messages |= {str(frame.__struct_config__.tag): _message(refs[frame]) for frame in wire.ANSWERS if frame != wire.Ack}
    told = {name: _event(name, refs[kind], durable=True) for name, kind in events.durable.items()}
    told |= {name: _event(name, refs[kind], durable=False) for name, kind in events.passing.items()}
    messages |= {f"{name}.event": _message(event) for name, event in told.items()}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Porchlight's socket", "version": __version__, "description": INTRODUCTION},
        "defaultContentType": "application/json",
        "servers": {"porchlight": _server(base_url)},
        "channels": {"realtime": _channel(path, list(messages))},
        "operations": {name: _taken(name) for name in asked} | {"tell": _tell(told)},
        "components": {
            "schemas": schemas,
            "messages": messages,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def route(base_url: str, path: str, kinds: Mapping[str, FrameKind], events: Events) -> HTTPRouteHandler:
    """Serves the document, which is made when somebody first asks for it."""

    @cache
    def encoded() -> bytes:
        return msgspec.json.encode(document(base_url, path, kinds, events))

    @get("/api/asyncapi.json", opt={"public": True}, include_in_schema=False)
    async def asyncapi() -> Response[bytes]:
        headers = {"Cache-Control": "no-cache"}
        return Response(encoded(), headers=headers, media_type="application/vnd.aai.asyncapi+json")

    return asyncapi


def _result(kind: FrameKind) -> Any:
    return get_type_hints(kind.handle)["return"]


def _server(base_url: str) -> Schema:
    address = urlsplit(base_url)
    return {
        "host": address.netloc,
        "protocol": "wss" if address.scheme == "https" else "ws",
        "description": "The token goes into the Authorization header or into the hello.",
        "security": [{"$ref": "#/components/securitySchemes/token"}],
    }


def _channel(path: str, messages: list[str]) -> Schema:
    return {
        "address": path,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
        "bindings": {"ws": {"method": "GET", "bindingVersion": "0.1.0"}},
        "x-close-codes": [
            {"code": close.code, "reason": close.reason, "reconnect": close.reconnect} for close in wire.CLOSES
        ],
    }


def _refs(*names: str) -> list[Schema]:
    return [{"$ref": f"{CHANNEL}/messages/{name}"} for name in names]


def _taken(name: str) -> Schema:
    answers = [f"{name}.ack", "error"] + (["welcome"] if name == "hello" else [])
    return {
        "action": "receive",
        "channel": {"$ref": CHANNEL},
        "messages": _refs(name),
        "reply": {"channel": {"$ref": CHANNEL}, "messages": _refs(*answers)},
    }


def _tell(told: Mapping[str, Schema]) -> Schema:
    messages = _refs(*(f"{name}.event" for name in told), "mode", "restarting")
    return {"action": "send", "channel": {"$ref": CHANNEL}, "messages": messages}


def _message(payload: Schema) -> Schema:
    return {"payload": payload}


def _frame(name: str, body: type, schema: Schema, frame_id: Schema) -> Schema:
    """The fields of a body, with the type and the id of its frame."""
    return schema | {
        "title": f"{body.__name__} as a frame",
        "properties": {"type": {"const": name}, "id": frame_id, **schema["properties"]},
        "required": ["type", "id", *schema.get("required", [])],
    }


def _ack(result: Schema, frame_id: Schema) -> Schema:
    return _object({"type": {"const": "ack"}, "id": frame_id, "result": result})


def _event(name: str, content: Schema, *, durable: bool) -> Schema:
    # What was edited or deleted since holds nothing.
    place = {"topic": {"enum": list(get_args(Topic))}, "position": {"type": "integer", "minimum": 1}} if durable else {}
    data = {"anyOf": [content, {"type": "null"}]} if durable else content
    return _object({"type": {"const": name}, **place, "at": MOMENT, "data": data})


def _object(properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
