import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.conftest import free_port

ROOT = Path(__file__).parent.parent
PAGES = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"]


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, list[str], dict[str, str]]]:
    """`porchlight serve` on an empty folder in development: its port, what it printed, and its environment."""
    port = free_port()
    folder = tmp_path_factory.mktemp("data")
    environ = os.environ | {
        "PORCHLIGHT_ENV": "development",
        "PORCHLIGHT_DATA_DIR": str(folder),
        "PORCHLIGHT_SITE_DIR": str(folder / "site"),
        "PORCHLIGHT_PORT": str(port),
    }
    command = [".venv/bin/porchlight", "serve"]
    with subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line.rstrip("\n"))
            if line.startswith("* serving"):
                break
        yield port, lines, environ
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0


def blocks(page: str) -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)


def run(script: str, environ: dict[str, str]) -> str:
    done = subprocess.run(["bash", "-euc", script], cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_three_printed_curl_lines_work_as_printed(printed: tuple[int, list[str], dict[str, str]]) -> None:
    _, lines, environ = printed
    curls = [line for line in lines if line.startswith("curl ")]
    answers = [run(line, environ) for line in curls]
    assert ["booking-1" in answer and "problem" not in answer for answer in answers] == [True, True, True]
    assert '"text":"I am at the door."' in answers[2]


def test_a_token_is_printed_for_each_of_the_demo(printed: tuple[int, list[str], dict[str, str]]) -> None:
    port, lines, _ = printed
    tokens = [line.strip() for line in lines if line.startswith("  eyJ")]
    for token in tokens:
        url = f"http://127.0.0.1:{port}/api/provider-communication/chat/unread-count"
        assert httpx.get(url, headers={"Authorization": f"Bearer {token}"}).status_code == 200
    assert len(tokens) == 5


def test_the_readmes_commands_work_as_written(printed: tuple[int, list[str], dict[str, str]]) -> None:
    port, _, environ = printed
    answers = run("\n".join(blocks("README.md")).replace(":8000", f":{port}"), environ)
    assert '"readSeq"' in answers
    assert '"clientMessageId":"readme-1"' in answers
    assert '"code":"unknown_field"' in answers
    assert '"id":"late-withdrawal"' in answers
    assert '"id":"booking-6"' in answers


@pytest.mark.parametrize("page", ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_every_file_a_page_names_is_there(page: str) -> None:
    text = (ROOT / page).read_text()
    named = set(re.findall(r"`((?:api|tests|docs)/[\w./-]+)`", text)) | set(re.findall(r"\]\(([\w./-]+\.md)\)", text))
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_invariant_names_a_test_that_exists() -> None:
    section = (ROOT / "ARCHITECTURE.md").read_text().partition("## What always holds")[2]
    rows = section.split("\n- ")[1:]
    assert len(rows) > 10
    sources = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    for row in rows:
        names = re.findall(r"`(test_\w+)`", row)
        assert names, row
        assert [name for name in names if f"def {name}(" not in sources] == []


def test_every_make_target_a_page_names_is_there() -> None:
    text = "".join((ROOT / page).read_text() for page in PAGES)
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    named = set(re.findall(r"(?:^    |`)make ([a-z-]+)", text, re.MULTILINE))
    assert {"serve", "test"} <= named <= set(targets)
