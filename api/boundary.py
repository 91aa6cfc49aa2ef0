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
from litestar.params import PathParameter, QueryParameter
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
from api.requests import told
from api.settings import Settings
from api.site.static import METHODS, StaticSite

log = logging.getLogger("porchlight.request")
Headers = list[tuple[bytes, bytes]]

SECURITY_HEADERS: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"vary", b"Origin"),
]
NO_STORE = (b"cache-control", b"no-store")
# Everything else is the help site's.
OURS = re.compile(r"/(api(/|$)|healthz$|readyz$)")
# What CHAT_WEBSOCKET_PORT answers.
OF_SOCKET_PORT = ("/api/provider-communication/realtime", "/healthz")
REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
NUMBER = re.compile(r"-?(0|[1-9][0-9]*)")
# Enough for every number below 2^53; each route has its own limits besides.
LONGEST_NUMBER = 17
MISSING = re.compile(r"Missing required query parameter '(\w+)'")
EXPOSED = b"ETag, Location, Retry-After, RateLimit, RateLimit-Policy, Idempotency-Replayed, X-Request-Id"
ACCEPTED = b"Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Request-Id"


class Passage(msgspec.Struct):
    """What the boundary knows of one request; `scope["passage"]`."""

    request_id: str
    headers: Headers
    # Of the answer only the headers are wanted.
    head: bool = False


class Boundary:
    """The outermost ASGI app: in front of the API and, once there is one, of the help site at all other addresses."""

    def __init__(self, app: Any, settings: Settings, clock: Clock, site: StaticSite) -> None:
        self._app = app
        self._site = site
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
        request_id, origin, hosts = _seen(scope["headers"])
        allowed = origin in self._origins
        passage = self._passage(request_id, origin if allowed else b"")
        head = scope["method"] == "HEAD"
        if head:
            # A copy: the server looks at its own scope to know that no body follows.
            scope = {**scope, "method": "GET"}
            passage.head = True
        scope["passage"] = passage
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
            _refuse_odd_address(scope, hosts)
            self._check_port(scope)
            on_site = self._site.ready and not OURS.match(scope["path"])
            if scope["method"] == "OPTIONS":
                methods = METHODS.encode() if on_site else _methods(self._app, scope["path"])
                await _options(methods, scope, respond, allowed)
            elif on_site:
                await self._site(scope, receive, respond)
            else:
                await self._app(scope, receive, respond)
        except Exception as error:
            if started:
                raise
            await _send_problem(problem_of(error, scope), self._settings, passage, respond)

    def _check_port(self, scope: Any) -> None:
        port = self._settings.chat_websocket_port
        if port is not None and scope["server"][1] == port and scope["path"] not in OF_SOCKET_PORT:
            raise NotFound("This port is for the socket.")

    def _passage(self, request_id: bytes, origin: bytes) -> Passage:
        if not REQUEST_ID.fullmatch(request_id):
            request_id = ids.new("req", self._clock()).encode()
        passage = Passage(request_id.decode(), [*SECURITY_HEADERS, (b"x-request-id", request_id)])
        if origin:
            passage.headers += [(b"access-control-allow-origin", origin), (b"access-control-expose-headers", EXPOSED)]
        return passage


def admit(settings: Settings, tokens: Tokens, limits: Limits) -> Callable[[ASGIApp], ASGIApp]:
    """Deny by default: a route is open to those without a token only when it says `public=True` itself."""

    known: dict[BaseRouteHandler, dict[str, bool]] = {}

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
                if handler not in known:
                    known[handler] = _declared(handler)
                _check_query(scope["query_string"], known[handler])
            await app(scope, receive, send)

        return admitted

    return middleware


async def _options(methods: bytes, scope: Any, send: Send, allowed: bool) -> None:
    """A preflight, or the methods of an address; it tells nothing that the reference does not."""
    headers = [(b"allow", methods)]
    if allowed and any(name == b"access-control-request-method" for name, _ in scope["headers"]):
        headers += [
            (b"access-control-allow-methods", methods),
            (b"access-control-allow-headers", ACCEPTED),
            (b"access-control-max-age", b"600"),
        ]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _enter(scope: Any, handler: BaseRouteHandler, tokens: Tokens, limits: Limits) -> None:
    scope["passage"].headers.append(NO_STORE)
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


def _check_query(query: bytes, known: dict[str, bool]) -> None:
    """Parameters are known, stand once, say something, and numbers are written with digits only."""
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, errors="strict")
    except ValueError:
        raise InvalidRequest("The query is not UTF-8 text.") from None
    seen: set[str] = set()
    for name, value in pairs:
        if name not in known:
            raise InvalidRequest.at("?", "unknown_parameter", "a parameter that this address does not have")
        if name in seen:
            raise InvalidRequest.at(f"?{name}", "duplicate_parameter", "stands twice")
        if known[name] and not NUMBER.fullmatch(value):
            raise InvalidRequest.at(f"?{name}", "invalid", "is not a whole number, written without leading zeros")
        if known[name] and len(value) > LONGEST_NUMBER:
            raise InvalidRequest.at(f"?{name}", "out_of_range", "is a number out of range")
        if not value or "\0" in value:
            raise InvalidRequest.at(f"?{name}", "invalid", "is not text" if value else "is empty")
        seen.add(name)


def _declared(handler: BaseRouteHandler) -> dict[str, bool]:
    """The query parameters of a route, and whether each is a whole number."""
    found = {}
    for field in handler.parsed_fn_signature.parameters.values():
        if isinstance(field.kwarg_definition, QueryParameter):
            kinds = field.inner_types or [field]
            found[field.kwarg_definition.name or field.name] = any(kind.annotation is int for kind in kinds)
    return found


def _seen(headers: Headers) -> tuple[bytes, bytes, int]:
    """The request id and the origin that were sent, and how many hosts; one walk, because every request pays for it."""
    request_id = origin = b""
    hosts = 0
    for name, value in headers:
        if name == b"host":
            hosts += 1
        elif name == b"x-request-id":
            request_id = value
        elif name == b"origin":
            origin = value
    return request_id, origin, hosts


def _refuse_odd_address(scope: Any, hosts: int) -> None:
    if hosts != 1 and scope["http_version"] == "1.1":
        # RFC 9112 section 3.2; whoever disagrees with a proxy about the host is not to send a second request.
        raise InvalidRequest("Send one header Host.", headers={"Connection": "close"})
    if not scope["path"].isprintable() or "\ufffd" in scope["path"]:
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
    problem = problem_of(error, request.scope)
    headers, body = render(problem, request.app.state.settings.base_url, request.scope["passage"].request_id)
    return Response(body, status_code=problem.status_code, headers=headers, media_type=headers.pop("content-type"))


def problem_of(error: Exception, scope: Any) -> Problem:
    """What a caller is told of an error; denials and our own mistakes leave their one line in the log here."""
    problem = _known(error, scope)
    if problem is None:
        log.error("unhandled", exc_info=error, extra={"request_id": scope["passage"].request_id})
        return Internal()
    if problem.status_code in (401, 403, 404, 429):
        actor: Actor | None = scope.get("user")
        log.info(
            "denied",
            extra={
                "request_id": scope["passage"].request_id,
                "code": problem.code,
                "method": scope["method"],
                "route": scope.get("path_template", ""),
                "caller": actor.id if actor else _address(scope),
            },
        )
    return problem


def _known(error: Exception, scope: Any) -> Problem | None:
    match error:
        case Problem():
            return error
        case NotFoundException():
            return NotFound()
        case MethodNotAllowedException():
            allow = _with_head((error.headers or {}).get("allow", ""))
            return MethodNotAllowed(f"It takes {allow}.", headers={"Allow": allow})
        case ValidationException():
            return _invalid_parameters(error, scope["route_handler"])
        case HTTPException(status_code=413):
            return TooLarge()
        case ClientException():
            return InvalidRequest("The request cannot be read.")
    return None


def _invalid_parameters(error: ValidationException, handler: BaseRouteHandler) -> InvalidRequest:
    found = []
    for item in error.extra if isinstance(error.extra, list) else []:
        if item["key"] == "data":
            found.append(FieldError("", "required", "is missing: send a JSON object"))
        else:
            definition = handler.parsed_fn_signature.parameters[item["key"]].kwarg_definition
            name = getattr(definition, "name", None) or item["key"]
            pointer = f"{{{name}}}" if isinstance(definition, PathParameter) else f"?{name}"
            found.append(FieldError(pointer, "invalid", told(item["message"])))
    if missing := MISSING.match(error.detail):
        found.append(FieldError(f"?{missing[1]}", "required", "is missing"))
    detail = "; ".join(f"{item.pointer or 'The body'}: {item.message}" for item in found)
    return InvalidRequest(detail, errors=found)
