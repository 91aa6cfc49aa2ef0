"""The JSON schema by which editors check front matter while it is typed: python -m api.help.schema"""

from pathlib import Path

import msgspec

from api.help.types import FrontMatter

FILE = Path(__file__).parents[2] / "docs" / "front-matter.schema.json"


def front_matter_schema() -> bytes:
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(FrontMatter)}
    return msgspec.json.format(msgspec.json.encode(schema), indent=2) + b"\n"


if __name__ == "__main__":
    FILE.write_bytes(front_matter_schema())
