"""What a notification says, in the language of whoever reads it. A language is a folder of `templates`."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from jinja2 import Environment, FileSystemLoader, StrictUndefined, meta

from api.notifications.kinds import KINDS

FOLDER = Path(__file__).parent / "templates"
DEFAULT = "en"
LETTER = "letter.html"
DIGEST = "digest.txt"
LETTER_TAKES = frozenset(("title", "body", "action", "preferences"))


def text(locale: str | None, kind: str, values: Mapping[str, Any]) -> tuple[str, str]:
    """Title and body: the first line of the template, and what stands below the empty line after it."""
    if KINDS[kind].worded:
        return str(values["title"]), str(values["body"])
    template = _environment(FOLDER).get_template(f"{language(locale)}/{kind}.txt")
    # What people wrote may have lines of its own; the title is the template's first one.
    title, _, body = template.render(_one_line(values)).partition("\n")
    return title.strip(), body.strip()


def digest(locale: str | None, told: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """Several notifications, each its title and body, as one."""
    template = _environment(FOLDER).get_template(f"{language(locale)}/{DIGEST}")
    title, _, body = template.render(
        count=len(told), items=[{"title": head, "body": text} for head, text in told]
    ).partition("\n")
    return title.strip(), body.strip()


def letter(locale: str | None, **values: Any) -> str:
    """The HTML of a mail; everything in it is escaped."""
    return _environment(FOLDER).get_template(f"{language(locale)}/{LETTER}").render(values)


def language(locale: str | None) -> str:
    """The folder for a BCP 47 tag: `de-AT`, else `de`, else English."""
    there = languages(FOLDER)
    tag = (locale or "").replace("_", "-").lower()
    return next((name for name in (tag, tag.partition("-")[0]) if name in there), DEFAULT)


def _one_line(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: " ".join(value.split()) if isinstance(value, str) else value for name, value in values.items()}


@cache
def languages(folder: Path) -> frozenset[str]:
    return frozenset(path.name for path in folder.iterdir() if path.is_dir())


@cache
def _environment(folder: Path) -> Environment:
    return Environment(
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        autoescape=jinja2.select_autoescape(("html",)),
        keep_trailing_newline=False,
        auto_reload=False,
    )


def mistakes(folder: Path = FOLDER) -> list[str]:
    """A line for each text that is missing in a language, or asks for a value that nobody gives it."""
    wanted = {LETTER: LETTER_TAKES, DIGEST: frozenset(("count", "items"))} | {
        f"{kind}.txt": row.takes for kind, row in KINDS.items() if not row.worded
    }
    return [
        mistake
        for name in sorted(languages(folder))
        for file, takes in wanted.items()
        for mistake in _mistakes_of(folder, f"{name}/{file}", takes)
    ]


def _mistakes_of(folder: Path, name: str, takes: frozenset[str]) -> list[str]:
    environment = _environment(folder)
    try:
        source, _, _ = environment.loader.get_source(environment, name)  # type: ignore[union-attr]
        unknown = meta.find_undeclared_variables(environment.parse(source)) - takes
    except jinja2.TemplateNotFound:
        return [f"{name}: is missing"]
    except jinja2.TemplateSyntaxError as error:
        return [f"{name}:{error.lineno}: {error.message}"]
    return [f"{name}: there is no {{{{ {word} }}}}" for word in sorted(unknown)]
