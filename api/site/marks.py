"""What a build says about itself, in a folder no static route serves."""

from pathlib import Path

from msgspec import Struct

FOLDER = Path(".porchlight")
HEADERS = FOLDER / "headers.json"
FINGERPRINT = FOLDER / "fingerprint"
# Its first line names the page in work, so that a build that hangs can say which one it was.
RENDERING = FOLDER / "rendering"


class Headers(Struct, frozen=True, rename="camel"):
    content_security_policy: str
