import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.conftest import SECRET, free_port, free_socket

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """`porchlight` with these arguments and settings, on a data folder of its own."""

    def call(*arguments: str, **environ: str) -> "subprocess.CompletedProcess[str]":
        command = [str(Path(sys.executable).with_name("porchlight")), *arguments]
        ours = {"PATH": os.environ["PATH"], "PORCHLIGHT_DATA_DIR": str(tmp_path / "data")}
        ours["PORCHLIGHT_ENCRYPTION_KEY"] = SECRET
        ours["PORCHLIGHT_SITE_DIR"] = str(tmp_path / "site")
        return subprocess.run(command, env=ours | environ, capture_output=True, text=True, timeout=60, check=False)

    return call


def test_token_prints_a_token_and_nothing_else(run: Run) -> None:
    done = run("token", "agent", "agnes", "--name", "Agn\u00e8s", "--ttl", "60", PORCHLIGHT_JWT_SECRET=SECRET)
    assert (done.returncode, done.stderr, done.stdout.count("\n")) == (0, "", 1)
    claims = jwt.decode(done.stdout.strip(), SECRET, ["HS256"], audience="porchlight", issuer="porchlight")
    assert (claims["sub"], claims["role"], claims["name"]) == ("agnes", "agent", "Agn\u00e8s")
    assert claims["exp"] - claims["iat"] == 60


def test_development_needs_no_secret_for_a_token(run: Run, tmp_path: Path) -> None:
    done = run("token", "provider", "pat", PORCHLIGHT_ENV="development")
    secret = (tmp_path / "data" / "jwt-secret").read_text()
    assert jwt.decode(done.stdout.strip(), secret, ["HS256"], audience="porchlight")["role"] == "provider"


@pytest.mark.parametrize(
    "arguments", [["king", "pat"], ["provider", "a b"], ["provider"], ["agent", "a", "--ttl", "0"]]
)
def test_a_token_that_would_be_refused_is_not_made(run: Run, arguments: list[str]) -> None:
    done = run("token", *arguments, PORCHLIGHT_JWT_SECRET=SECRET)
    assert (done.returncode, done.stdout) == (2, "")


def test_a_token_cannot_be_signed_with_public_keys(run: Run) -> None:
    done = run("token", "agent", "agnes", PORCHLIGHT_JWT_PUBLIC_KEYS="https://keys.example.com")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)


def test_check_shows_what_is_in_effect_without_secrets(run: Run) -> None:
    done = run("check", PORCHLIGHT_JWT_SECRET=SECRET, PORCHLIGHT_PORT="9001", CHAT_MESSAGE_LIMIT="500")
    lines = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, "")
    assert {"PORCHLIGHT_PORT=9001", "CHAT_MESSAGE_LIMIT=500", "PORCHLIGHT_JWT_SECRET=(set, hidden)"} <= set(lines)
    assert SECRET not in done.stdout


def test_check_tells_every_mistake(run: Run) -> None:
    done = run("check", PORCHLIGHT_PORT="x", PORCHLIGHT_JWT_SECERT="y", PORCHLIGHT_BASE_URL="z")
    keys = run("check", PORCHLIGHT_PORT="x", PORCHLIGHT_JWT_PUBLIC_KEYS="/nowhere/keys.pem")
    assert [line.partition(":")[0] for line in keys.stderr.splitlines()] == [
        "PORCHLIGHT_PORT",
        "PORCHLIGHT_JWT_PUBLIC_KEYS",
    ]
    assert (done.returncode, done.stdout, "Traceback" in done.stderr) == (1, "", False)
    assert [line.partition(":")[0] for line in done.stderr.splitlines()] == [
        "PORCHLIGHT_JWT_SECERT",
        "PORCHLIGHT_PORT",
        "PORCHLIGHT_BASE_URL",
        "PORCHLIGHT_JWT_SECRET",
    ]


@pytest.mark.parametrize("command", ["check", "serve"])
def test_keys_that_cannot_be_read_are_told_in_a_line(run: Run, command: str) -> None:
    done = run(command, PORCHLIGHT_JWT_PUBLIC_KEYS="/nowhere/keys.pem")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith("PORCHLIGHT_JWT_PUBLIC_KEYS: ")


@pytest.mark.parametrize("command", ["serve", "migrate", "demo"])
@pytest.mark.parametrize(
    "mistake",
    [
        {"PORCHLIGHT_DATA_DIR": "/etc/passwd"},
        {"PORCHLIGHT_DATA_DIR": "/proc/x"},
        {"PORCHLIGHT_DATABASE_URL": "postgresql://h:abc/x y="},
    ],
)
def test_what_cannot_be_opened_is_told_in_a_line(run: Run, command: str, mistake: dict[str, str]) -> None:
    done = run(command, **({"PORCHLIGHT_JWT_SECRET": SECRET} | mistake))
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith("porchlight: ")


def test_a_port_in_use_is_told_in_a_line(run: Run, tmp_path: Path) -> None:
    with free_socket() as listener:
        listener.listen()
        port = str(listener.getsockname()[1])
        done = run("serve", PORCHLIGHT_PORT=port, PORCHLIGHT_JWT_SECRET=SECRET)
    assert done.returncode == 1
    assert done.stderr == f"porchlight: cannot listen on 127.0.0.1 port {port}: Address already in use\n"
    assert not (tmp_path / "data" / "porchlight.db").exists()


@pytest.mark.parametrize("secret", ["", "short", "change-me-" * 5, "x" * 40])
def test_outside_development_serve_refuses_a_secret_that_is_none(run: Run, tmp_path: Path, secret: str) -> None:
    done = run("serve", PORCHLIGHT_JWT_SECRET=secret)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"PORCHLIGHT_JWT_SECRET: [^\n]+ `openssl rand -base64 48` makes [^\n]+\n", done.stderr)
    assert not (tmp_path / "data").exists()


def test_in_development_a_demo_needs_no_secret_of_ours(run: Run, tmp_path: Path) -> None:
    done = run("demo", PORCHLIGHT_ENV="development")
    assert done.returncode == 0
    assert len(re.findall(r"^curl ", done.stdout, re.MULTILINE)) == 3
    assert (tmp_path / "data" / "porchlight.db").stat().st_mode & 0o077 == 0


def test_a_demo_on_ipv6_prints_addresses_that_work(run: Run) -> None:
    done = run("demo", PORCHLIGHT_ENV="development", PORCHLIGHT_HOST="::1", PORCHLIGHT_PORT="8127")
    assert len(re.findall(r" 'http://\[::1\]:8127/api/", done.stdout)) == 3


def test_a_demo_for_tokens_of_public_keys_prints_none(run: Run) -> None:
    key = ed25519.Ed25519PrivateKey.generate().public_key()
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    done = run("demo", PORCHLIGHT_ENV="development", PORCHLIGHT_JWT_PUBLIC_KEYS=pem)
    assert (done.returncode, done.stderr, "eyJ" in done.stdout) == (0, "", False)


def test_the_version_is_printed(run: Run) -> None:
    assert re.fullmatch(r"porchlight, version \d+\.\d+\.\d+\n", run("--version").stdout)


async def test_serve_answers_and_leaves_with_exit_0(tmp_path: Path) -> None:
    port = str(free_port())
    ours = {"PORCHLIGHT_DATA_DIR": str(tmp_path), "PORCHLIGHT_PORT": port, "PORCHLIGHT_JWT_SECRET": SECRET}
    ours["PORCHLIGHT_ENCRYPTION_KEY"] = SECRET
    ours["PORCHLIGHT_SITE_DIR"] = str(tmp_path / "site")
    command = [str(Path(sys.executable).with_name("porchlight")), "serve"]
    pipe = asyncio.subprocess.PIPE
    server = await asyncio.create_subprocess_exec(*command, env=os.environ | ours, stdout=pipe, stderr=pipe)
    assert server.stdout
    async with asyncio.timeout(60):
        while f"serving at http://127.0.0.1:{port}".encode() not in await server.stdout.readline():
            assert server.returncode is None
        server.terminate()
        _, errors = await server.communicate()
    assert (server.returncode, errors) == (0, b"")
