"""`make bench`, second half: the help site and its search, as one table, printed and kept in `results/`.

A page from memory is compared with Litestar's own static files, and the build of 1,000 pages with plain Material's of
the same Markdown, both in the same run and alternately.
"""

import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from urllib.parse import quote_plus

import uvicorn
from litestar import Litestar, get
from litestar.static_files import create_static_files_router

from api.app import PREFIX
from api.help.types import CATEGORY_TITLES
from api.site.build import build
from tests.bench import machine
from tests.bench.processes import BENCH, running, wait_for_rest
from tests.bench.wrk import Load, Round, http, run
from tests.conftest import PROJECT

RESULTS = Path(__file__).with_name("results")
LITESTAR = (sys.executable, "-m", "tests.bench.site", "litestar")
PAGE = "/communication/quiet-hours/"
PAGE_BAR, BUILD_BAR = 10.0, 1.25
READERS = 10
PATIENCE_SECONDS = 20.0
BASE_URL = "http://127.0.0.1:8000/"
QUERIES = ["late payout", "photo", "how to report a customer", "no-show", "a"]
PLAIN = """
site_name: Plain
site_url: http://127.0.0.1:8000/
theme: {name: material, font: false, features: [navigation.tabs, navigation.prune, navigation.indexes]}
plugins: [search]
markdown_extensions: [attr_list, sane_lists, tables, {toc: {permalink: true}}, pymdownx.highlight, pymdownx.superfences]
"""


def main() -> None:
    if sys.argv[1:] == ["litestar"]:
        _serve_with_litestar()
        return
    quick = "--quick" in sys.argv
    rounds, pages = (1, 200) if quick else (3, 1000)
    with tempfile.TemporaryDirectory() as folder:
        table = "\n".join(_table(Path(folder), rounds, pages)) + "\n"
    sys.stdout.write(table)
    if not quick:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{date.today().isoformat()}-{machine.commit().rstrip('+')}-site.md").write_text(table)  # noqa: DTZ011


def _table(folder: Path, rounds: int, pages: int) -> Iterator[str]:
    yield f"# {date.today().isoformat()}, commit {machine.commit()}: the help site"  # noqa: DTZ011
    yield ""
    yield f"{machine.described()}. Medians of {rounds} rounds, taken alternately."
    yield ""
    yield _row("Figure", "Porchlight", "Compared with", "Bar")
    yield "|---|---|---|---|"
    yield from _page_rows(folder / "small", rounds)
    yield from _build_rows(folder / "large", rounds, pages)


def _page_rows(folder: Path, rounds: int) -> Iterator[str]:
    build(PROJECT, folder / "site", BASE_URL)
    page = Load("page", [http("GET", PAGE, "")], READERS)
    taken: list[tuple[Round, Round]] = []
    for _ in range(rounds):
        machine.wait_for_calm(PATIENCE_SECONDS)
        taken.append((_asked(BENCH, folder, page), _asked(LITESTAR, folder, page)))
    ours, theirs = zip(*taken, strict=True)
    ratio = _median(ours, "rate") / _median(theirs, "rate")
    yield _row(
        f"A page, {READERS} readers", _speed(ours), f"Litestar's static files: {_speed(theirs)}", _at_least(ratio)
    )
    spent = [_median(rounds, "loop_us") + _median(rounds, "threads_us") for rounds in (ours, theirs)]
    yield _row(
        "CPU of the server for each page",
        f"{spent[0]:.0f} µs",
        f"{spent[1]:.0f} µs",
        f"{spent[1] / spent[0]:.1f} times",
    )
    yield _row("Generator: share of its core; other processes", _share(ours), _share(theirs))
    yield from _search_rows(folder, "the real articles")


def _build_rows(folder: Path, rounds: int, pages: int) -> Iterator[str]:
    generate(folder, pages)
    (folder / "plain.yml").write_text(PLAIN)
    command = [sys.executable, "-m", "mkdocs", "build", "-f", "plain.yml", "-d", "plain"]
    ours, plain = [], []
    for _ in range(rounds):
        machine.wait_for_calm(PATIENCE_SECONDS)
        plain.append(_timed(command, folder))
        shutil.rmtree(folder / "site", ignore_errors=True)
        ours.append(build(folder, folder / "site", BASE_URL).seconds)
    # The best of each: what others do on the machine only ever slows down.
    best, theirs = min(ours), min(plain)
    told = f"plain Material: {theirs:.1f} s"
    yield _row(f"Build of {pages:,} generated pages, best", f"{best:.1f} s", told, _at_most(best / theirs))
    yield from _search_rows(folder, f"{pages:,} generated articles")


def _search_rows(folder: Path, of: str) -> Iterator[str]:
    with running(BENCH, folder) as server:
        wait_for_rest(server.pid)
        yield _row(f"Start with {of} until /healthz answers", f"{server.seconds:.2f} s")
        for query in QUERIES:
            asked = Load(query, [http("GET", f"{PREFIX}/help/search?q={quote_plus(query)}", "")], 1)
            found = run(asked, server, 2)
            yield _row(f"Search `{query}` in {of}, p50 and p99", f"{found.p50:.1f} and {found.p99:.1f} ms")


def _asked(command: Sequence[str], folder: Path, load: Load) -> Round:
    with running(command, folder) as server:
        wait_for_rest(server.pid)
        run(load, server, 1)
        return run(load, server, 3)


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


def _serve_with_litestar() -> None:
    @get("/healthz", sync_to_thread=False)
    def healthz() -> None: ...

    current = Path(os.environ["PORCHLIGHT_SITE_DIR"]) / "current"
    router = create_static_files_router(path="/", directories=[current], html_mode=True)
    port = int(os.environ["PORCHLIGHT_PORT"])
    uvicorn.run(Litestar([healthz, router]), port=port, log_level="warning", access_log=False, http="httptools")


def _timed(command: Sequence[str], folder: Path) -> float:
    began = time.monotonic()
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return time.monotonic() - began


def _median(rounds: Sequence[Round], of: str) -> float:
    return float(statistics.median(getattr(one, of) for one in rounds))


def _speed(rounds: Sequence[Round]) -> str:
    return f"{_median(rounds, 'rate'):,.0f}/s, {_median(rounds, 'p50'):.1f} and {_median(rounds, 'p99'):.1f} ms"


def _share(rounds: Sequence[Round]) -> str:
    return f"{_median(rounds, 'generator'):.0%}; {_median(rounds, 'others'):.0%}"


def _at_least(ratio: float) -> str:
    return f"at least {PAGE_BAR:g} times: {'met' if ratio >= PAGE_BAR else '**missed**'} ({ratio:.1f})"


def _at_most(ratio: float) -> str:
    return f"at most {BUILD_BAR:g} times: {'met' if ratio <= BUILD_BAR else '**missed**'} ({ratio:.2f})"


def _row(figure: str, ours: str, compared: str = "", bar: str = "") -> str:
    return f"| {figure} | {ours} | {compared} | {bar} |"


if __name__ == "__main__":
    main()
