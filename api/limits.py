"""Token buckets: how much each caller may do, told in the headers of draft-ietf-httpapi-ratelimit-headers."""

import ipaddress
import math
import time
from collections.abc import Callable
from typing import Literal

import msgspec

from api.errors import RateLimited

Bucket = Literal["read", "write", "send", "search", "upload", "typing"]
CALLERS = 50_000


class Policy(msgspec.Struct, frozen=True):
    """`quota` requests at once, given back evenly over `window` seconds."""

    quota: int
    window: int


POLICIES: dict[Bucket, Policy] = {
    "read": Policy(300, 60),
    "write": Policy(120, 60),
    "send": Policy(60, 30),
    "search": Policy(120, 60),
    "upload": Policy(30, 60),
    "typing": Policy(60, 60),
}
# The service role speaks for the whole platform.
SERVICE_FACTOR = 100


class Limits:
    """The buckets of this process."""

    def __init__(self, factor: float = 1.0, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._policies = {bucket: _scaled(policy, factor) for bucket, policy in POLICIES.items()}
        self._service = {bucket: _scaled(policy, factor * SERVICE_FACTOR) for bucket, policy in POLICIES.items()}
        self._levels: dict[tuple[str, Bucket, bool], tuple[float, float]] = {}

    def take(self, caller: str, bucket: Bucket, *, service: bool = False) -> list[tuple[bytes, bytes]]:
        """Take one request out of a bucket; the headers that say what is left. Raises RateLimited."""
        policy = (self._service if service else self._policies)[bucket]
        rate = policy.quota / policy.window
        now = self._monotonic()
        level, stamp = self._levels.pop((caller, bucket, service), (float(policy.quota), now))
        level = min(policy.quota, level + (now - stamp) * rate)
        allowed = level >= 1
        # Put back at the end: the callers who have been quiet the longest are the first to be forgotten.
        self._levels[caller, bucket, service] = (level - allowed, now)
        if len(self._levels) > CALLERS:
            self._levels.pop(next(iter(self._levels)))
        headers = _headers(bucket, policy, level - allowed)
        if not allowed:
            wait = max(1, math.ceil((1 - level) / rate))
            raise RateLimited(
                f"At most {policy.quota} requests of this kind in {policy.window} seconds.",
                headers={"Retry-After": str(wait)} | {name.decode(): value.decode() for name, value in headers},
            )
        return headers


def _scaled(policy: Policy, factor: float) -> Policy:
    return Policy(max(1, round(policy.quota * factor)), policy.window)


def _headers(bucket: Bucket, policy: Policy, level: float) -> list[tuple[bytes, bytes]]:
    until_full = math.ceil((policy.quota - level) * policy.window / policy.quota)
    return [
        (b"ratelimit-policy", b'"%b";q=%d;w=%d' % (bucket.encode(), policy.quota, policy.window)),
        (b"ratelimit", b'"%b";r=%d;t=%d' % (bucket.encode(), int(level), until_full)),
    ]


def address_prefix(address: str) -> str:
    """What an anonymous caller is counted under: an IPv4 address, or the /64 of an IPv6 one. No user id has a slash."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return "unknown/"
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is None:
        return str(ipaddress.ip_network((int(ip) >> 64 << 64, 64)))
    return f"{getattr(ip, 'ipv4_mapped', None) or ip}/32"
