"""From a token to the one who calls: verified once, remembered until it expires or is revoked."""

import asyncio
import logging
import math
import re
import unicodedata
from collections import defaultdict
from typing import Any, Literal

import jwt
import msgspec

from api.clock import Clock
from api.db import Database, Tx
from api.errors import InvalidToken, Problem, RoleChanged, TokenExpired, TokenRevoked, Unauthenticated, UserDisabled
from api.ids import is_platform_id
from api.keys import Keys
from api.settings import Settings

Role = Literal["provider", "customer", "agent", "admin", "service"]
ROLES: tuple[Role, ...] = ("provider", "customer", "agent", "admin", "service")
LEEWAY_SECONDS = 60
REMEMBERED = 20_000
LONGEST_TOKEN = 8192
LONGEST_NAME = 200
# PyJWT skips what is not base64: one token would have endless spellings, each remembered.
TOKEN = re.compile(rb"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
WATCH_SECONDS = 1.0
# Clocks of several processes differ, and a commit takes a while to be seen: look back further than the last look.
WATCH_OVERLAP_MS = 10_000
log = logging.getLogger("porchlight.auth")


class Actor(msgspec.Struct, frozen=True):
    """Whoever calls, as the platform's record has them."""

    id: str
    role: Role
    name: str


class Claims(msgspec.Struct, frozen=True):
    sub: str
    role: Role
    iat: int
    exp: int
    name: str


class Known(msgspec.Struct, frozen=True):
    """What the record says about whether a user's tokens are good. `revoked_at` in seconds."""

    role: Role
    name: str
    disabled: bool
    revoked_at: int | None


def known_user(tx: Tx, user_id: str) -> Known | None:
    return tx.one(Known, "select role, name, disabled, revoked_at from users where id = $1", user_id)


def add_user(tx: Tx, claims: Claims) -> Known:
    """A valid token of an unknown `sub` gets a row with its role and name."""
    tx.run(
        "insert into users (id, role, name, created_at, updated_at) values ($1, $2, $3, $4, $4) "
        "on conflict (id) do nothing",
        claims.sub,
        claims.role,
        claims.name,
        tx.now,
    )
    return known_user(tx, claims.sub) or Known(claims.role, claims.name, disabled=False, revoked_at=None)


def changed_since(tx: Tx, moment: int) -> list[str]:
    """Ids of users revoked, disabled or given another role since then (epoch milliseconds)."""
    return tx.all(str, "select id from users where auth_changed_at >= $1", moment)


class Tokens:
    """Verified tokens by their Authorization header, so that a request costs one look into a dict."""

    def __init__(self, settings: Settings, db: Database, clock: Clock) -> None:
        self._settings = settings
        self._db = db
        self._clock = clock
        self._keys = Keys(settings)
        self._actors: dict[bytes, tuple[Actor, int]] = {}
        self._headers_of: dict[str, set[bytes]] = defaultdict(set)
        self._forgotten = 0

    def remembered(self, header: bytes) -> Actor | None:
        found = self._actors.get(header)
        if found is None:
            return None
        actor, expires = found
        if self._clock() >= expires:
            self._drop(header, actor.id)
            return None
        return actor

    async def verify(self, header: bytes) -> Actor:
        """The actor of an Authorization header. Raises a subclass of Unauthenticated that says what is wrong."""
        claims = await self._claims(_bearer(header))
        forgotten = self._forgotten
        known = await self._db.read(known_user, claims.sub)
        if known is None:
            known = await self._db.write(add_user, claims)
        if known.disabled:
            raise UserDisabled
        if known.role != claims.role:
            raise RoleChanged
        if known.revoked_at is not None and claims.iat <= known.revoked_at:
            raise TokenRevoked
        actor = Actor(claims.sub, known.role, known.name)
        # Somebody was revoked while we looked: our look may be from before it, so it is good for this request only.
        if forgotten == self._forgotten:
            self._remember(header, actor, claims.exp)
        return actor

    def forget(self, user_id: str) -> None:
        """Every token of a user is looked at afresh from now on."""
        self._forgotten += 1
        for header in self._headers_of.pop(user_id, ()):
            self._actors.pop(header, None)

    async def watch(self) -> None:
        """Once a second, forget the users whom other processes have changed."""
        since = self._clock()
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            now = self._clock()
            try:
                changed = await self._db.read(changed_since, since - WATCH_OVERLAP_MS)
            except Exception as error:
                # What we could not look at may have been revoked: trust nothing that is remembered.
                self._forget_everybody()
                trace = None if isinstance(error, Problem) else error
                log.warning("revocations cannot be read", exc_info=trace, extra={"code": getattr(error, "code", "")})
                continue
            for user_id in changed:
                self.forget(user_id)
            since = now

    def _forget_everybody(self) -> None:
        self._forgotten += 1
        self._actors.clear()
        self._headers_of.clear()

    def _remember(self, header: bytes, actor: Actor, expires_seconds: int) -> None:
        if len(self._actors) >= REMEMBERED:
            oldest = next(iter(self._actors))
            self._drop(oldest, self._actors[oldest][0].id)
        self._actors[header] = actor, (expires_seconds + LEEWAY_SECONDS) * 1000
        self._headers_of[actor.id].add(header)

    def _drop(self, header: bytes, user_id: str) -> None:
        self._actors.pop(header, None)
        self._headers_of[user_id].discard(header)
        if not self._headers_of[user_id]:
            del self._headers_of[user_id]

    async def _claims(self, token: str) -> Claims:
        try:
            header = jwt.get_unverified_header(token)
        except (jwt.InvalidTokenError, RecursionError):
            raise InvalidToken from None
        if "crit" in header or str(header.get("typ", "JWT")).upper() not in ("JWT", "AT+JWT"):
            raise InvalidToken
        for key in await self._keys.matching(header):
            try:
                payload = jwt.decode(
                    token,
                    key.material,
                    algorithms=[key.algorithm],
                    audience=self._settings.jwt_audience,
                    issuer=self._settings.jwt_issuer,
                    # Times are checked below, on our own clock and with their leeway.
                    options={"require": ["aud", "iss"], "verify_exp": False, "verify_iat": False, "verify_nbf": False},
                )
            except jwt.InvalidTokenError:
                continue
            return _checked(payload, self._clock() // 1000)
        raise InvalidToken


def _bearer(header: bytes) -> str:
    scheme, _, token = header.partition(b" ")
    if scheme.lower() != b"bearer" or not token:
        raise Unauthenticated
    if len(token) > LONGEST_TOKEN or not TOKEN.fullmatch(token):
        raise InvalidToken
    return token.decode()


def _checked(payload: dict[str, Any], now: int) -> Claims:
    sub, role = payload.get("sub"), payload.get("role")
    issued, expires, not_before = (_seconds(payload.get(claim)) for claim in ("iat", "exp", "nbf"))
    if not isinstance(sub, str) or not is_platform_id(sub) or role not in ROLES or issued is None or expires is None:
        raise InvalidToken
    if issued > now + LEEWAY_SECONDS or (not_before or 0) > now + LEEWAY_SECONDS:
        raise InvalidToken("The token is not valid yet: is the clock of its issuer right?")
    if expires <= now - LEEWAY_SECONDS:
        raise TokenExpired
    return Claims(sub, role, issued, expires, _name(payload.get("name")) or sub)


def _name(claim: Any) -> str:
    """As much of the optional claim as can be stored and shown."""
    text = "".join(filter(str.isprintable, claim[:LONGEST_NAME])) if isinstance(claim, str) else ""
    return unicodedata.normalize("NFC", text).strip()[:LONGEST_NAME]


def _seconds(value: Any) -> int | None:
    """RFC 7519 NumericDate; what is no number or beyond the year 9999 is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return int(value) if 0 <= value < 253_402_300_800 else None


def make_token(settings: Settings, role: Role, user_id: str, *, name: str | None, ttl: int, now: int) -> str:
    """A token signed with the secret, for development and tests; `ttl` and `now` in seconds."""
    claims: dict[str, Any] = {
        "sub": user_id,
        "role": role,
        "iss": settings.jwt_issuer,
        "aud": settings.jwt_audience,
        "iat": now,
        "exp": now + ttl,
    }
    return jwt.encode(claims | ({"name": name} if name else {}), settings.jwt_secret, "HS256")
