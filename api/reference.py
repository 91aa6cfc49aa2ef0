"""The OpenAPI 3.1 document, and a page of it that loads nothing from anywhere."""

import base64
import hashlib
from functools import lru_cache
from html import escape
from typing import Any

import msgspec
from litestar import Litestar, MediaType, Response, Router, get
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme
from litestar.response.redirect import Redirect
from litestar.routes import HTTPRoute

from api import __version__
from api.errors import (
    Forbidden,
    IdempotencyInProgress,
    IdempotencyMismatch,
    InvalidRequest,
    MalformedBody,
    Overloaded,
    PreconditionFailed,
    PreconditionRequired,
    Problem,
    ProblemDetails,
    RateLimited,
    ReadOnly,
    TooLarge,
    Unauthenticated,
    Unavailable,
    UnsupportedMediaType,
)
from api.requests import Request

INTRODUCTION = (
    "Chat, notifications, support tickets, customer reports and the help centre. Times are RFC 3339 UTC with "
    "milliseconds, ids are strings, every error is `application/problem+json` with a stable `code`."
)

config = OpenAPIConfig(
    title="Porchlight",
    version=__version__,
    description=INTRODUCTION,
    use_handler_docstrings=True,
    components=Components(
        security_schemes={"token": SecurityScheme(type="http", scheme="bearer", bearer_format="JWT")}
    ),
    # Litestar serves a document and pages of its own, which load scripts from elsewhere: nobody has the role for them.
    render_plugins=[],
    openapi_router=Router("/api/unserved", route_handlers=[], include_in_schema=False, opt={"roles": ()}),
)


@get("/", opt={"public": True}, include_in_schema=False)
async def home() -> Redirect:
    return Redirect("/api/reference")


@get("/api/openapi.json", opt={"public": True}, include_in_schema=False)
async def openapi(request: Request) -> Response[bytes]:
    headers = {"Cache-Control": "no-cache"}
    return Response(_encoded(request.app), headers=headers, media_type="application/vnd.oai.openapi+json")


@get("/api/reference", opt={"public": True}, include_in_schema=False)
async def page(request: Request) -> Response[str]:
    headers = {"Cache-Control": "no-cache", "Content-Security-Policy": POLICY}
    return Response(_page(request.app), headers=headers, media_type=MediaType.HTML)


handlers = [home, openapi, page]


@lru_cache(maxsize=8)
def _encoded(app: Litestar) -> bytes:
    return msgspec.json.encode(document(app))


@lru_cache(maxsize=8)
def _page(app: Litestar) -> str:
    return html(document(app))


def document(app: Litestar) -> dict[str, Any]:
    """Litestar's document, with the answers that the boundary gives on every route and our own shape of errors."""
    schema: dict[str, Any] = app.openapi_schema.to_schema()
    schemas = schema["components"].setdefault("schemas", {})
    problem, parts = msgspec.json.schema_components([ProblemDetails], ref_template="#/components/schemas/{name}")
    schemas |= parts
    for route in app.routes:
        if isinstance(route, HTTPRoute) and route.path_format in schema["paths"]:
            for method, (handler, _) in route.route_handler_map.items():
                if operation := schema["paths"][route.path_format].get(method.lower()):
                    _complete(operation, method, handler, problem[0])
                if body := handler.parsed_fn_signature.parameters.get("data"):
                    # Litestar does not say that a request takes no other fields.
                    schemas[body.annotation.__name__]["additionalProperties"] = False
    return schema


def _complete(operation: dict[str, Any], method: str, handler: Any, problem: dict[str, Any]) -> None:
    raised: list[type[Problem]] = [InvalidRequest, *(handler.raises or [])]
    raised += [RateLimited] if handler.opt.get("bucket") else []
    if not handler.opt.get("public"):
        operation["security"] = [{"token": []}]
        operation["x-roles"] = list(handler.opt["roles"])
        raised += [Unauthenticated, Forbidden, RateLimited, Overloaded, Unavailable]
    if method != "GET":
        raised += [ReadOnly]
    if "requestBody" in operation:
        raised += [MalformedBody, TooLarge, UnsupportedMediaType]
    if method == "POST":
        raised += [IdempotencyInProgress, IdempotencyMismatch]
        operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
    if PreconditionFailed in raised:
        operation.setdefault("parameters", []).append(IF_MATCH | {"required": PreconditionRequired in raised})
    if "304" in operation["responses"]:
        operation.setdefault("parameters", []).append(IF_NONE_MATCH)
    answers = {status: answer for status, answer in operation["responses"].items() if int(status) < 400}
    for bodiless in answers.keys() & {"204", "304"}:
        answers[bodiless].pop("content", None)
    for error in sorted(raised, key=lambda error: error.status_code):
        answer = answers.setdefault(str(error.status_code), {"description": "", "x-codes": []})
        # A status that the route itself describes, such as a 503 of /readyz, keeps its own body.
        if "x-codes" in answer and error.code not in answer["x-codes"]:
            answer["x-codes"].append(error.code)
            answer["description"] = "; ".join(filter(None, [answer["description"], error.title]))
            answer["content"] = {"application/problem+json": {"schema": problem}}
    operation["responses"] = answers


IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "1 to 255 visible ASCII characters. A repeat within 24 hours gets the first answer.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}

IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "description": "ETags of the state that this is meant for; another one is answered 412.",
    "schema": {"type": "string"},
}
IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "ETags of what you have; it is answered 304.",
    "schema": {"type": "string"},
}

STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --accent: #b45309; }
@media (prefers-color-scheme: dark) { :root { --accent: #fbbf24; } }
* { box-sizing: border-box; }
body { font: 16px/1.55 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem; }
h1 { margin: .5rem 0; } h2 { border-bottom: 2px solid var(--accent); margin-top: 2.5rem; }
h3 { font: 600 1rem ui-monospace, monospace; margin: 2rem 0 .5rem; overflow-wrap: anywhere; }
h3 a { color: inherit; text-decoration: none; } h3 b { color: var(--accent); }
pre, table { background: var(--soft); border-radius: .4rem; overflow-x: auto; width: 100%; }
pre { font-size: .85rem; line-height: 1.45; padding: .75rem; }
table { border-collapse: collapse; display: block; font-size: .9rem; margin: .75rem 0; }
td, th { border-bottom: 1px solid var(--line); padding: .35rem .6rem; text-align: left; vertical-align: top; }
code { font-size: .9em; overflow-wrap: anywhere; } td code { overflow-wrap: normal; white-space: nowrap; }
td:last-child { min-width: 12rem; }
nav li { margin: .35rem 0; overflow-wrap: anywhere; }
a { color: var(--accent); } summary { cursor: pointer; padding: .4rem 0; }
"""
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = (
    # The picture is the empty icon, without which a browser asks for /favicon.ico.
    f"default-src 'none'; img-src data:; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


def html(schema: dict[str, Any]) -> str:
    """The document for people: a list of all operations, then each with its fields, answers and errors."""
    groups: dict[str, list[tuple[str, str, dict[str, Any]]]] = {}
    for path, item in schema["paths"].items():
        for method, operation in item.items():
            groups.setdefault(operation["tags"][0], []).append((method.upper(), path, operation))
    links = "".join(
        f"<li><a href='#{_anchor(method, path)}'><code>{method} {escape(path)}</code></a>"
        for group in groups.values()
        for method, path, _ in group
    )
    sections = "".join(
        f"<h2>{escape(tag)}</h2>" + "".join(_operation(schema, *entry) for entry in group)
        for tag, group in groups.items()
    )
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'><link rel='icon' href='data:,'>"
        f"<title>Porchlight API reference</title><style>{STYLE}</style></head><body><main>"
        f"<h1>Porchlight API {escape(schema['info']['version'])}</h1><p>{_prose(schema['info']['description'])}</p>"
        "<p>The same as a machine reads it: <a href='/api/openapi.json'>openapi.json</a> (OpenAPI 3.1). "
        "What travels over the socket: <a href='/api/asyncapi.json'>asyncapi.json</a> (AsyncAPI 3.0).</p>"
        f"<nav aria-label='Operations'><ul>{links}</ul></nav>{sections}</main></body></html>"
    )


def _anchor(method: str, path: str) -> str:
    return escape(f"{method.lower()}{path}".replace("/", "-").replace("{", "").replace("}", ""), quote=True)


def _operation(schema: dict[str, Any], method: str, path: str, operation: dict[str, Any]) -> str:
    anchor = _anchor(method, path)
    parts = [f"<h3 id='{anchor}'><a href='#{anchor}'><b>{method}</b> {escape(path)}</a></h3>"]
    parts += [f"<p>{_prose(text)}</p>" for text in operation.get("description", "").split("\n\n")]
    parts.append(
        f"<p>For {escape(', '.join(operation['x-roles']))}.</p>" if "x-roles" in operation else "<p>Public.</p>"
    )
    if parameters := operation.get("parameters"):
        parts.append(_table(["Parameter", "In", "Type", ""], [_parameter(item) for item in parameters]))
    if body := operation.get("requestBody"):
        parts.append(f"<p>Body</p>{_shape_block(schema, body)}")
    rows = [
        [status, _codes(answer), _prose(answer["description"])] for status, answer in operation["responses"].items()
    ]
    parts.append(_table(["Status", "Codes", "Meaning"], rows))
    for status, answer in operation["responses"].items():
        if int(status) < 300 and answer.get("content"):
            parts.append(f"<details><summary>Body of a {status}</summary>{_shape_block(schema, answer)}</details>")
    return "".join(parts)


def _codes(answer: dict[str, Any]) -> str:
    return " ".join(f"<code>{code}</code>" for code in answer.get("x-codes", []))


def _parameter(item: dict[str, Any]) -> list[str]:
    needed = " (required)" if item.get("required") else ""
    name = f"<code>{escape(item['name'])}</code>{needed}"
    return [name, item["in"], f"<code>{escape(shape(item['schema'], {}))}</code>", _prose(item.get("description", ""))]


def _table(heads: list[str], rows: list[list[str]]) -> str:
    head = "".join(f"<th scope='col'>{name}</th>" for name in heads)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _shape_block(schema: dict[str, Any], holder: dict[str, Any]) -> str:
    content = next(iter(holder["content"].values()))["schema"]
    return f"<pre tabindex='0'>{escape(shape(content, schema['components']['schemas']))}</pre>"


def shape(schema: dict[str, Any], known: dict[str, Any], indent: str = "") -> str:
    """A JSON schema in the way people write JSON: `{text: string (1..), seq: integer}`."""
    if "$ref" in schema:
        return shape(known[schema["$ref"].rpartition("/")[2]], known, indent)
    if options := schema.get("oneOf") or schema.get("anyOf"):
        return " | ".join(shape(option, known, indent) for option in options)
    if "enum" in schema or "const" in schema:
        return " | ".join(msgspec.json.encode(value).decode() for value in schema.get("enum", [schema.get("const")]))
    kind = schema.get("type", "any")
    if kind == "array":
        return f"[{shape(schema.get('items', {}), known, indent)}, …]"
    if kind == "object" and schema.get("properties"):
        return _object(schema, known, indent)
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"{{name: {shape(schema['additionalProperties'], known, indent)}, …}}"
    return str(schema.get("format") or kind) + _range(schema)


def _object(schema: dict[str, Any], known: dict[str, Any], indent: str) -> str:
    inner = indent + "  "
    required = schema.get("required", [])
    lines = [
        f"{inner}{name}{'' if name in required else '?'}: {shape(field, known, inner)}"
        for name, field in schema["properties"].items()
    ]
    return "{\n" + "\n".join(lines) + f"\n{indent}}}"


def _range(schema: dict[str, Any]) -> str:
    low = schema.get("minimum", schema.get("minLength"))
    high = schema.get("maximum", schema.get("maxLength"))
    return "" if low is None and high is None else f" ({'' if low is None else low}..{'' if high is None else high})"


def _prose(text: str) -> str:
    """Escaped, with `code` in backquotes kept."""
    parts = escape(" ".join(text.split())).split("`")
    return "".join(f"<code>{part}</code>" if i % 2 else part for i, part in enumerate(parts))
