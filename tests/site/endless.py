"""A Markdown extension that never comes back from one line, as a slow pattern would."""

import itertools

from markdown import Extension, Markdown
from markdown.preprocessors import Preprocessor


class Endless(Preprocessor):
    def run(self, lines: list[str]) -> list[str]:
        if "endless" in lines:
            for _ in itertools.count():
                pass
        return lines


class EndlessExtension(Extension):
    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802
        md.preprocessors.register(Endless(md), "endless", 0)


def makeExtension(**options: object) -> EndlessExtension:  # noqa: N802
    return EndlessExtension(**options)
