"""Fails when the locks pin a version with a known hole; run by `make check`."""

import re
import sys
from pathlib import Path

# Each with what is wrong below it.
FLOORS = {
    "litestar": ("2.25", "host header and route-cache holes"),
    "pyjwt": ("2.12", "CVE-2026-32597: `crit` ignored"),
    "h11": ("0.16", "CVE-2025-43859: chunked bodies"),
    "multipart": ("1.3.1", "CVE-2026-28356: regular expression in option headers"),
    "mkdocs-material": ("9.7.7", "script in the search's address"),
    "pymdown-extensions": ("11.0.1", "files from outside the docs, patterns that never end"),
    "cryptography": ("46", "older ones carry an OpenSSL with known holes"),
}


def pinned(lock: Path) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)", lock.read_text(), re.MULTILINE))


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


def below(versions: dict[str, str]) -> list[str]:
    return [
        f"{name} {versions.get(name, 'missing')} is below {floor} ({reason})"
        for name, (floor, reason) in FLOORS.items()
        if name not in versions or numbers(versions[name]) < numbers(floor)
    ]


def addresses(lock: Path) -> list[str]:
    return [f"{lock}: holds an address" for _ in re.findall(r"://|--index-url|--find-links", lock.read_text())]


if __name__ == "__main__":
    locks = [Path("requirements.lock"), Path("requirements-dev.lock")]
    mistakes = [mistake for lock in locks for mistake in below(pinned(lock)) + addresses(lock)]
    print("\n".join(mistakes) or f"dependency floors: {len(FLOORS)} met in {len(locks)} locks")
    sys.exit(bool(mistakes))
