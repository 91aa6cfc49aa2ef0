"""Runs MkDocs once, in a process of its own: python -m api.site.render PROJECT INTO BASE_URL [--without-search]"""

import gzip
import logging
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jinja2
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort, MkDocsException

COMPRESSIBLE = {".html", ".css", ".js", ".json", ".svg", ".xml", ".txt", ".webmanifest", ".md"}
SMALLEST = 512
_BAD_LINK = re.compile(r"Doc file '(?P<page>[^']+)' (?P<fault>contains .*?link '(?P<link>[^']+)'.*)", re.DOTALL)


class Placed(logging.Formatter):
    """MkDocs names the page of a bad link; a writer wants the line as well."""

    def __init__(self, docs: Path) -> None:
        super().__init__("%(message)s")
        self._docs = docs

    def format(self, record: logging.LogRecord) -> str:
        message = super().format(record)
        found = _BAD_LINK.fullmatch(message)
        if not found:
            return message
        lines = (self._docs / found["page"]).read_text("utf-8-sig").splitlines()
        line = next((number for number, text in enumerate(lines, 1) if found["link"] in text), 1)
        return f"{self._docs.name}/{found['page']}:{line}: {found['fault']}"


def render(project: Path, into: Path, base_url: str, search: bool) -> None:
    config = load_config(str(project / "mkdocs.yml"), site_dir=str(into), site_url=base_url, strict=True)
    if not search:
        config.plugins["material/search"].config["enabled"] = False
    config.plugins.on_startup(command="build", dirty=False)
    try:
        build(config)
    finally:
        config.plugins.on_shutdown()
    compress(into)


def compress(built: Path) -> None:
    """Put a .gz beside each file that gets smaller by it: here, because the server must not spend its time on it."""
    texts = [path for path in built.rglob("*") if path.suffix in COMPRESSIBLE and path.stat().st_size >= SMALLEST]
    with ThreadPoolExecutor() as pool:
        list(pool.map(_compress, texts))


def _compress(path: Path) -> None:
    path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes(), 6, mtime=0))


def main() -> None:
    project, into, base_url, *flags = sys.argv[1:]
    # In strict mode each warning refuses the build: all of them reach the writer.
    handler = logging.StreamHandler()
    handler.setFormatter(Placed(Path(project) / "docs"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    try:
        render(Path(project), Path(into), base_url, "--without-search" not in flags)
    except (MkDocsException, Abort) as refused:
        sys.exit(str(refused))
    except jinja2.TemplateSyntaxError as broken:
        template = Path(broken.filename or "").relative_to(project)
        sys.exit(f"{template}:{broken.lineno}: {broken.message}")


if __name__ == "__main__":
    main()
