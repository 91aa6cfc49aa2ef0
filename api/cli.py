"""The command `porchlight`."""

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from api import __version__, backup, demo, keys
from api.app import create_app
from api.auth import ROLES, make_token
from api.chat.filter import rules as filter_rules
from api.clock import system_clock
from api.db import Closed, open_database
from api.db.open import data_folder
from api.files import keyring, reseal, scan
from api.files.files import Files
from api.files.queries import count_sealed_otherwise
from api.ids import is_platform_id
from api.logs import logging_to_stderr
from api.server import Server, bound
from api.settings import BadSettings, Settings, load, shown
from api.site.build import BuildFailed, build


@click.group()
@click.version_option(__version__)
def main() -> None:
    """Help centre and support desk for people who work in other people's homes."""


@contextmanager
def explained() -> Iterator[None]:
    """What the operator can mend is told in a line each, without a traceback."""
    try:
        yield
    except BadSettings as error:
        for mistake in error.mistakes:
            click.echo(mistake, err=True)
        sys.exit(1)
    except Closed as error:
        click.echo(f"porchlight: {error}", err=True)
        sys.exit(1)


def step(text: str) -> None:
    click.echo(f"* {text}")


@main.command()
def serve() -> None:
    """Serve API and site in one process; settings come from the environment (see `porchlight check`)."""
    os.umask(0o077)
    with explained():
        settings = _settings()
        with data_folder(settings), logging_to_stderr(settings.log_level):
            step(f"data folder {settings.data_dir}")
            sockets = bound(settings)
            if settings.development and Path("mkdocs.yml").exists():
                _build_site(Path(), settings)
            # What is wrong with the database is told in a line here, not by a server that cannot start.
            asyncio.run(_make_demo(settings, quiet=True) if settings.development else _open_and_close(settings))
            server = Server(create_app(settings), settings, step)
            server.run(sockets)
    sys.exit(0 if server.started else 1)


@main.command()
@click.argument("project", default=".", type=click.Path(exists=True, file_okay=False, path_type=Path))
def site(project: Path) -> None:
    """Build the help site from PROJECT (mkdocs.yml, docs) into PORCHLIGHT_SITE_DIR; running servers pick it up."""
    with explained():
        sys.exit(0 if _build_site(project, load(os.environ, keys=False)) else 1)


@main.command()
def migrate() -> None:
    """Bring the database to the newest migration."""
    with explained():
        settings = _settings()
        with data_folder(settings):
            asyncio.run(_open_and_close(settings))
    step("the database is up to date")


@main.command(name="demo")
def make_demo() -> None:
    """Fill an empty database with a small cast, and print who they are."""
    with explained():
        settings = _settings()
        with data_folder(settings):
            asyncio.run(_make_demo(settings, quiet=False))


@main.command()
@click.argument("role", type=click.Choice(ROLES))
@click.argument("user_id", metavar="ID")
@click.option("--name", help="The person's name, for a user not known yet.")
@click.option("--ttl", default=3600, show_default=True, type=click.IntRange(min=1), help="Seconds it is good for.")
def token(role: str, user_id: str, name: str | None, ttl: int) -> None:
    """Print a token for a user, and nothing else. Needs PORCHLIGHT_JWT_SECRET, which development makes by itself."""
    if not is_platform_id(user_id):
        raise click.BadParameter("1 to 64 letters, digits and any of . _ : -", param_hint="ID")
    with explained():
        settings = _settings()
        if not settings.jwt_secret:
            raise BadSettings(["PORCHLIGHT_JWT_SECRET: needed to sign; tokens of public keys are signed elsewhere"])
    click.echo(make_token(settings, role, user_id, name=name, ttl=ttl, now=system_clock() // 1000))  # type: ignore[arg-type]


@main.command()
def check() -> None:
    """Print every setting as it is in effect, secrets masked, or every mistake at once."""
    with explained():
        settings = _settings()
        for line in shown(settings):
            click.echo(line)
        for key in keyring.described(settings):
            click.echo(key)


@main.command(name="backup")
@click.argument("into", type=click.Path(file_okay=False, path_type=Path))
def make_backup(into: Path) -> None:
    """Back up into a new folder in INTO, also while Porchlight runs, and check what was written."""
    os.umask(0o077)
    with explained():
        folder, notes = backup.backup(_settings(), into)
    for note in notes:
        click.echo(f"warning: {note}", err=True)
    step(f"backed up to {folder}")


@main.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def restore(folder: Path) -> None:
    """Put the backup in FOLDER in the place of what is there. Porchlight must be stopped."""
    os.umask(0o077)
    with explained():
        settings = _settings()
        with data_folder(settings, restoring=True):
            aside = backup.restore(settings, folder)
    step(f"restored {folder}; what was there before is in {aside}")


@main.command(name="rotate-keys")
def rotate_keys() -> None:
    """Seal all stored files anew with the first key of PORCHLIGHT_ENCRYPTION_KEY.

    A running Porchlight does it by itself, a little each minute; this does it at once.
    """
    os.umask(0o077)
    with explained():
        settings = _settings()
        with data_folder(settings):
            done, left = asyncio.run(_rotate(settings))
    step(f"{done} files sealed anew, {left} still need an older key")
    sys.exit(1 if left else 0)


async def _rotate(settings: Settings) -> tuple[int, int]:
    """How many files were sealed anew, and how many could not be."""
    db, files = open_database(settings), Files(settings, system_clock, {})
    try:
        await db.open(step)
        files.open(alone=False)
        done = 0
        while some := await reseal.step(files, db):
            done += some
            step(f"{done} files sealed anew")
        return done, await db.read(count_sealed_otherwise, files.store.keyring.current.id)
    finally:
        await files.close()
        await db.close()


def _settings() -> Settings:
    return load(os.environ, more=_more_mistakes)


def _more_mistakes(settings: Settings) -> list[str]:
    return [
        *filter_rules.mistakes(settings),
        *keys.mistakes(settings),
        *keyring.mistakes(settings),
        *scan.mistakes(settings),
    ]


def _build_site(project: Path, settings: Settings) -> bool:
    """Whether the published site is that of the docs; what is wrong with them is told by file and line."""
    step("help site: looking for changes")
    try:
        built = build(project, settings.site_dir, f"{settings.base_url}/", settings.help_center_search_enabled)
    except (BuildFailed, OSError) as error:
        click.echo(f"{error}\nhelp site: not built; an earlier one stays", err=True)
        return False
    step(f"help site: {'nothing has changed' if built.skipped else f'built in {built.seconds:.1f} s'}")
    return True


async def _open_and_close(settings: Settings) -> None:
    db = open_database(settings)
    try:
        await db.open(step)
    finally:
        await db.close()


async def _make_demo(settings: Settings, *, quiet: bool) -> None:
    db = open_database(settings)
    try:
        await db.open(step)
        made = await db.write(demo.make, settings)
    finally:
        await db.close()
    if made:
        step("made a demo: two providers, three customers, five bookings, one conversation")
    if made or not quiet:
        for line in demo.introduction(settings, system_clock):
            click.echo(line)


if __name__ == "__main__":
    main()
