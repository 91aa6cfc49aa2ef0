"""Measures the site's build and its static server: python -m tests.site.measure [pages]

Prints one JSON object. The server part needs `wrk` and two cores: it serves on the first and asks from the second.
"""

import json
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import uvicorn
from litestar import Litestar
from litestar.static_files import create_static_files_router

from api.help.types import CATEGORY_TITLES
from api.site.build import build
from api.site.static import StaticSite

PROJECT = Path(__file__).parents[2]
# The best of these counts, taken alternately: other work on the machine only ever slows down.
ROUNDS = 3
PLAIN = """
site_name: Plain
site_url: http://localhost:8000/
theme: {name: material, font: false, features: [navigation.tabs, navigation.prune, navigation.indexes]}
plugins: [search]
markdown_extensions: [attr_list, sane_lists, tables, {toc: {permalink: true}}, pymdownx.highlight, pymdownx.superfences]
"""


def generate(project: Path, pages: int) -> None:
    """A project with the real look and `pages` articles made from the paragraphs of the real ones."""
    for name in ("docs", "overrides"):
        shutil.copytree(PROJECT / name, project / name)
    shutil.copy(PROJECT / "mkdocs.yml", project)
    written = [path for path in (project / "docs").glob("*/*.md") if path.name != "index.md"]
    texts = {path: path.read_text() for path in written if path.parent.name in CATEGORY_TITLES}
    blocks = [block for text in texts.values() for block in text.split("---\n", 2)[2].split("\n\n")]
    blocks = [re.sub(r"\]\([^)]*\)", "](index.md)", block) for block in blocks]
    draw = random.Random(1)
    for number in range(pages - len(texts)):
        path, text = draw.choice(list(texts.items()))
        front = re.sub(r"^id: .*$", f"id: article-{number}", text.split("---\n", 2)[1], flags=re.MULTILINE)
        body = "\n\n".join(draw.choice(blocks) for _ in range(30))
        (path.parent / f"article-{number}.md").write_text(f"---\n{front}---\n{body}\n")


def seconds_of_builds(pages: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        generate(project, pages)
        (project / "plain.yml").write_text(PLAIN)
        ours, plain = [], []
        for number in range(ROUNDS):
            plain.append(_timed([sys.executable, "-m", "mkdocs", "build", "-f", "plain.yml", "-d", "plain"], project))
            ours.append(build(project, project / f"site{number}", "http://localhost:8000/").seconds)
    return {"ours": min(ours), "plain": min(plain), "ratio": min(ours) / min(plain)}


def rates_of_a_page() -> dict[str, dict[str, float]]:
    """By the clock, and by the server's processor time, which does not count what others do on the machine."""
    taken = [(_rates("memory"), _rates("litestar")) for _ in range(ROUNDS)]
    best = {unit: [max(rates[kind][unit] for rates in taken) for kind in (0, 1)] for unit in ("second", "cpu_second")}
    return {unit: {"memory": ours, "litestar": theirs, "ratio": ours / theirs} for unit, (ours, theirs) in best.items()}


def _rates(kind: str) -> dict[str, float]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(["taskset", "-c", "0", sys.executable, "-m", "tests.site.measure", kind, str(port)])
    try:
        _until_it_answers(port)
        before = _cpu_seconds(server.pid)
        answered, seconds = _ask(f"http://127.0.0.1:{port}/communication/quiet-hours/")
        return {"second": answered / seconds, "cpu_second": answered / (_cpu_seconds(server.pid) - before)}
    finally:
        server.terminate()
        server.wait()


def _ask(url: str) -> tuple[int, float]:
    wrk = ["taskset", "-c", "1", "wrk", "-t1", "-c16", "-d4s", url]
    said = subprocess.run(wrk, capture_output=True, text=True, check=True).stdout
    found = re.search(r"(\d+) requests in ([\d.]+)s", said)
    if not found or "Non-2xx" in said:
        raise ValueError(said)
    return int(found[1]), float(found[2])


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _until_it_answers(port: int) -> None:
    for _ in range(200):
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing answers on port {port}")


def _serve(kind: str, port: int) -> None:
    site_dir = PROJECT / "build" / "site"
    site = StaticSite(site_dir)
    site.refresh()
    router = create_static_files_router(path="/", directories=[site_dir / "current"], html_mode=True)
    app = site if kind == "memory" else Litestar([router])
    uvicorn.run(app, port=port, log_level="warning", access_log=False, lifespan="off", loop="uvloop", http="httptools")


def _timed(command: list[str], folder: Path) -> float:
    began = time.monotonic()
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return time.monotonic() - began


def main() -> None:
    if sys.argv[1:2] in (["memory"], ["litestar"]):
        _serve(sys.argv[1], int(sys.argv[2]))
        return
    pages = int(sys.argv[1]) if sys.argv[1:] else 1000
    build(PROJECT, PROJECT / "build" / "site", "http://localhost:8000/")
    print(json.dumps({"build": seconds_of_builds(pages), "page": rates_of_a_page()}, indent=2))


if __name__ == "__main__":
    main()
