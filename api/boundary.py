"""The request boundary: what every request passes on its way in, and every answer on its way out.

`Boundary` wraps the whole app (request id, security headers, CORS, HEAD, the last catch); `admit` runs once the route
is known (token, role, rate limit, parameters) and before a byte of the body is read.
"""

import logging
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from litestar.exceptions import (
    ClientException,
    HTTPException,
    MethodNotAllowedException,
    NotFoundException,
    ValidationException,
)
from litestar.handlers import BaseRouteHandler
from litestar.params import QueryParameter
from litestar.response import Response
from litestar.types import ASGIApp, Message, Receive, Send
from litestar.utils import normalize_path

from api import ids
from api.auth import Actor, Tokens
from api.clock import Clock
from api.errors import (
    FieldError,
    Forbidden,
    Internal,
    InvalidRequest,
    InvalidToken,
    MethodNotAllowed,
    NotFound,
    Problem,
    TooLarge,
    Unauthenticated,
    render,
)
from api.limits import Limits, address_prefix
from api.settings import Settings

log = logging.getLogger("porchlight.request")
Headers = list[tuple[bytes, bytes]]

SECURITY_HEADERS: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
API_POLICY = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
NO_STORE = (b"cache-control", b"no-store")
REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
NUMBER = re.compile(r"-?[0-9]{1,15}")
EXPOSED = b"ETag, Location, Retry-After, RateLimit, RateLimit-Policy, Idempotency-Replayed, X-Request-Id"
ACCEPTED = b"Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Request-Id"


class Passage(msgspec.Struct):
    """What the boundary knows of one request; `scope["passage"]`."""

    request_id: str
    headers: Headers


class Boundary:
    """The outermost ASGI app."""

    def __init__(self, app: Any, settings: Settings, clock: Clock) -> None:
        self._app = app
        self._settings = settings
        self._clock = clock
        self._origins = {origin.encode() for origin in settings.allowed_origins}

    def stopping(self) -> None:
        """From now on /readyz answers 503."""
        self._app.state.stopping = True

    async def drain(self) -> None:
        """Tell everybody who is connected when to come back, and let them go."""
        await self._app.state.live.drain()

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        passage = Passage(_request_id(scope, self._clock), list(SECURITY_HEADERS))
        scope["passage"] = passage
        passage.headers.append((b"x-request-id", passage.request_id.encode()))
        self._allow_origin(scope, passage)
        head = scope["method"] == "HEAD"
        if head:
            scope["method"] = "GET"
        started = False

        async def respond(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = _merged(list(message["headers"]), passage.headers)
            elif head and message["type"] == "http.response.body":
                message["body"] = b""
            await send(message)

        try:
            if scope["method"] == "OPTIONS":
                await self._options(scope, respond)
            else:
                _refuse_odd_path(scope["path"])
                await self._app(scope, receive, respond)
        except Exception as error:
            if started:
                raise
            await _send_problem(problem_of(error, passage), self._settings, passage, respond)

    def _allow_origin(self, scope: Any, passage: Passage) -> None:
        passage.headers.append((b"vary", b"Origin"))
        origin = _header(scope, b"origin")
        if origin in self._origins:
            passage.headers += [(b"access-control-allow-origin", origin), (b"access-control-expose-headers", EXPOSED)]

    async def _options(self, scope: Any, send: Send) -> None:
        """A preflight, or the methods of an address; it tells nothing that the reference does not."""
        methods = _methods(self._app, scope["path"])
        headers = [(b"allow", methods)]
        if _header(scope, b"access-control-request-method") and _header(scope, b"origin") in self._origins:
            headers += [
                (b"access-control-allow-methods", methods),
                (b"access-control-allow-headers", ACCEPTED),
                (b"access-control-max-age", b"600"),
            ]
        await send({"type": "http.response.start", "status": 204, "headers": headers})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def admit(settings: Settings, tokens: Tokens, limits: Limits) -> Callable[[ASGIApp], ASGIApp]:
    """Deny by default: a route is open to those without a token only when it says `public=True` itself."""

    def middleware(app: ASGIApp) -> ASGIApp:
        async def admitted(scope: Any, receive: Receive, send: Send) -> None:
            handler: BaseRouteHandler = scope["route_handler"]
            if scope["type"] == "websocket" and handler.opt.get("public"):
                # A socket may bring its token in its first frame: it looks after itself.
                await app(scope, receive, send)
                return
            if not handler.opt.get("public"):
                await _enter(scope, handler, tokens, limits)
            elif handler.opt.get("bucket"):
                _take(scope, limits, address_prefix(_address(scope)), handler.opt["bucket"])
            if scope["query_string"]:
                _check_query(scope, handler)
            await app(scope, receive, send)

        return admitted

    return middleware


async def _enter(scope: Any, handler: BaseRouteHandler, tokens: Tokens, limits: Limits) -> None:
    scope["passage"].headers += [NO_STORE, API_POLICY]
    given = [value for name, value in scope["headers"] if name == b"authorization"]
    if len(given) != 1:
        _take(scope, limits, address_prefix(_address(scope)), "read")
        raise (InvalidToken if given else Unauthenticated)
    actor = tokens.remembered(given[0])
    if actor is None:
        # Verifying costs more than remembering: whoever guesses is slowed by address before each guess.
        limits.take(address_prefix(_address(scope)), "write", service=True)
        actor = await tokens.verify(given[0])
    scope["user"] = actor
    bucket = handler.opt.get("bucket") or ("read" if scope["method"] == "GET" else "write")
    _take(scope, limits, actor.id, bucket, service=actor.role == "service")
    if actor.role not in handler.opt["roles"]:
        raise Forbidden(f"The role {actor.role} may not do this.")


def _take(scope: Any, limits: Limits, caller: str, bucket: Any, *, service: bool = False) -> None:
    scope["passage"].headers += limits.take(caller, bucket, service=service)


def _address(scope: Any) -> str:
    return scope["client"][0] if scope.get("client") else ""


_parameters: dict[int, dict[str, bool]] = {}


def _check_query(scope: Any, handler: BaseRouteHandler) -> None:
    """Parameters are known, stand once, and numbers are written with digits only."""
    known = _parameters.get(id(handler))
    if known is None:
        known = _parameters[id(handler)] = _declared(handler)
    try:
        pairs = parse_qsl(scope["query_string"].decode("ascii"), keep_blank_values=True, errors="strict")
    except ValueError:
        raise InvalidRequest("The query is not UTF-8 text.") from None
    seen: set[str] = set()
    for name, value in pairs:
        if name not in known:
            raise InvalidRequest.at("?", "unknown_parameter", "a parameter that this address does not have")
        if name in seen:
            raise InvalidRequest.at(f"?{name}", "duplicate_parameter", "stands twice")
        if "\0" in value or (known[name] and not NUMBER.fullmatch(value)):
            raise InvalidRequest.at(f"?{name}", "invalid", "is not a whole number" if known[name] else "is not text")
        seen.add(name)


def _declared(handler: BaseRouteHandler) -> dict[str, bool]:
    """The query parameters of a route, and whether each is a whole number."""
    found = {}
    for field in handler.parsed_fn_signature.parameters.values():
        if isinstance(field.kwarg_definition, QueryParameter):
            kinds = field.inner_types or [field]
            found[field.kwarg_definition.name or field.name] = any(kind.annotation is int for kind in kinds)
    return found


def _request_id(scope: Any, clock: Clock) -> str:
    given = _header(scope, b"x-request-id")
    return given.decode() if given and REQUEST_ID.fullmatch(given) else ids.new("req", clock())


def _header(scope: Any, name: bytes) -> bytes:
    return next((value for key, value in scope["headers"] if key == name), b"")


def _refuse_odd_path(path: str) -> None:
    if not path.isprintable() or "\ufffd" in path:
        raise InvalidRequest("The path holds a character that no address has.")


def _methods(app: Any, path: str) -> bytes:
    try:
        app.asgi_router.handle_routing(path=normalize_path(path), method="NONE")
    except MethodNotAllowedException as error:
        return _with_head((error.headers or {}).get("allow", "")).encode()
    raise NotFound


def _with_head(allow: str) -> str:
    methods = {method.strip() for method in allow.split(",")}
    return ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))


def _merged(own: Headers, ours: Headers) -> Headers:
    names = {name.lower() for name, _ in own}
    return own + [(name, value) for name, value in ours if name not in names]


async def _send_problem(problem: Problem, settings: Settings, passage: Passage, send: Send) -> None:
    headers, body = render(problem, settings.base_url, passage.request_id)
    encoded = [(name.lower().encode(), value.encode("latin-1", "replace")) for name, value in headers.items()]
    encoded.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": problem.status_code, "headers": encoded})
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def refuse_socket(problem: Problem, settings: Settings, clock: Clock, send: Send) -> None:
    """Answer a handshake with a problem instead of a socket."""
    passage = Passage(ids.new("req", clock()), list(SECURITY_HEADERS))

    async def respond(message: Any) -> None:
        headers: Any = {"headers": [*message["headers"], *passage.headers]} if "headers" in message else {}
        answered: Any = {**message, **headers, "type": f"websocket.{message['type']}"}
        await send(answered)

    await _send_problem(problem, settings, passage, respond)


def answer_problem(request: Any, error: Exception) -> Response[bytes]:
    """Litestar's exception handler for everything."""
    passage = request.scope["passage"]
    problem = problem_of(error, passage)
    _log_denial(problem, request.scope, passage)
    headers, body = render(problem, request.app.state.settings.base_url, passage.request_id)
    return Response(body, status_code=problem.status_code, headers=headers, media_type=headers.pop("content-type"))


def _log_denial(problem: Problem, scope: Any, passage: Passage) -> None:
    if problem.status_code in (401, 403, 404, 429):
        actor: Actor | None = scope.get("user")
        log.info(
            "denied",
            extra={
                "request_id": passage.request_id,
                "code": problem.code,
                "method": scope["method"],
                "route": scope.get("path_template", ""),
                "caller": actor.id if actor else _address(scope),
            },
        )


def problem_of(error: Exception, passage: Passage) -> Problem:
    match error:
        case Problem():
            return error
        case NotFoundException():
            return NotFound()
        case MethodNotAllowedException():
            allow = _with_head((error.headers or {}).get("allow", ""))
            return MethodNotAllowed(f"It takes {allow}.", headers={"Allow": allow})
        case ValidationException():
            return _invalid_parameters(error)
        case HTTPException(status_code=413):
            return TooLarge("The body is larger than this address takes.")
        case ClientException():
            return InvalidRequest("The request cannot be read.")
    log.error("unhandled", exc_info=error, extra={"request_id": passage.request_id})
    return Internal()


def _invalid_parameters(error: ValidationException) -> InvalidRequest:
    found = []
    for item in error.extra if isinstance(error.extra, list) else []:
        message = item["message"].replace("`", "").partition(" - at $")[0]
        pointer = "" if item.get("key") == "data" else f"?{item.get('key', '')}"
        found.append(FieldError(pointer, "invalid", "A JSON body is required" if not pointer else message))
    detail = "; ".join(f"{item.pointer or 'body'}: {item.message}" for item in found)
    return InvalidRequest(detail, errors=found)
