"""The MkDocs plugin `porchlight`: hands pages to our own parsing, checking and catalogue."""

import os
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

import jinja2
import msgspec
from mkdocs.config.base import Config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import BasePlugin, event_priority
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url

from api.help import catalogue
from api.help.articles import SHELVES, ArticleMistakes, Mistake, missing_icon, read_all
from api.help.search import INDEX, with_keywords
from api.help.types import CATEGORY_TITLES
from api.site import csp, dates, markup
from api.site.marks import HEADERS, RENDERING, Headers


class NoOptions(Config):  # type: ignore[no-untyped-call]
    pass


class PorchlightPlugin(BasePlugin[NoOptions]):  # type: ignore[no-untyped-call]
    def on_config(self, config: MkDocsConfig) -> None:
        docs, self.built = Path(config.docs_dir), Path(config.site_dir)
        (self.built / RENDERING).parent.mkdir(parents=True, exist_ok=True)
        self.rendering = os.open(self.built / RENDERING, os.O_CREAT | os.O_WRONLY)
        self.pages: dict[str, catalogue.Page] = {}
        self.inline: dict[str, set[str]] = {}
        self.changed = dates.last_changes(docs)
        own = [*config.extra_css, *map(str, config.extra_javascript)]
        self.hashed = {path: _hashed(docs, path) for path in own}
        config.extra_css = [self.hashed[path] for path in config.extra_css]
        config.extra_javascript = [self.hashed[str(path)] for path in config.extra_javascript]

    def on_files(self, files: Files, /, *, config: MkDocsConfig) -> Files:
        try:
            texts = {file.src_uri: _text(file) for file in files.documentation_pages()}
            self.docs = read_all(
                {path: text for path, text in texts.items() if path.partition("/")[0] in CATEGORY_TITLES}
            )
            self._check_icons(texts, config)
        except ArticleMistakes as wrong:
            folder = Path(config.docs_dir).name
            raise PluginError("\n".join(f"{folder}/{mistake}" for mistake in wrong.mistakes)) from wrong
        config.nav = self._nav(files)
        return self._with_hashed_names(files, config)

    def on_page_markdown(self, markdown: str, /, *, page: Page, config: MkDocsConfig, files: Files) -> str:
        path = page.file.src_uri
        os.pwrite(self.rendering, f"{path}\n".encode(), 0)
        if source := self.docs.sources.get(path):
            page.meta["description"] = source.front.summary
            return source.body
        page.meta["search"] = {"exclude": True}
        if path == "index.md":
            page.meta.update(template="home.html", hide=["navigation", "toc", "footer"])
        if category := SHELVES.get(path):
            page.meta.update(title=CATEGORY_TITLES[category], description=self.docs.shelves[category].summary)
            page.meta.update(template="category.html", hide=["toc", "footer"])
        return markdown

    def on_page_content(self, html: str, /, *, page: Page, config: MkDocsConfig, files: Files) -> str:
        path = page.file.src_uri
        if found := markup.active_content(html):
            raise PluginError(f"{Path(config.docs_dir).name}/{path}: {'; '.join(found)}")
        if source := self.docs.sources.get(path):
            url = page.canonical_url or f"/{page.url}"
            self.pages[source.front.id] = catalogue.Page(page.url, url, html, self.changed[path])
        return html

    def on_env(self, env: jinja2.Environment, /, *, config: MkDocsConfig, files: Files) -> jinja2.Environment:
        os.close(self.rendering)
        (self.built / RENDERING).unlink()
        sources = list(self.docs.sources.values())
        self.contents = catalogue.catalogue(sources, self.pages, self.docs.shelves, config.site_url or "/")
        articles = {article.id: article for article in self.contents.articles}
        env.globals.update(
            categories=self.contents.categories,
            shelves=self.docs.shelves,
            article_on={path: articles[source.front.id] for path, source in self.docs.sources.items()},
            changed_on={article: page.updated_at for article, page in self.pages.items()},
            location_of={article: location for location, article in self.contents.locations.items()},
        )
        self.env = env
        return env

    def on_post_page(self, output: str, /, *, page: Page, config: MkDocsConfig) -> str:
        self._check_scripts(page.file.src_uri, output, get_relative_url(".", page.url), config)
        return output

    def on_post_template(self, output_content: str, /, *, template_name: str, config: MkDocsConfig) -> str:
        self._check_scripts(template_name, output_content, urlsplit(config.site_url or "/").path, config)
        return output_content

    @event_priority(-100)
    def on_post_build(self, *, config: MkDocsConfig) -> None:
        catalogue.write(self.built, self.contents)
        self._add_keywords()
        policy = csp.policy(set().union(*self.inline.values()))
        (self.built / HEADERS).write_bytes(msgspec.json.encode(Headers(policy)))

    def _add_keywords(self) -> None:
        """Into the index itself: so the search box and the API find an article by the same words."""
        index = self.built / INDEX
        if index.is_file():
            keywords = {source.front.id: source.front.keywords for source in self.docs.sources.values()}
            words = {page.location: keywords[article] for article, page in self.pages.items()}
            index.write_bytes(with_keywords(index.read_bytes(), words))

    def _check_icons(self, texts: dict[str, str], config: MkDocsConfig) -> None:
        folders = [Path(folder) / ".icons" for folder in config.theme.dirs]
        missing = [
            missing_icon(path, texts[path], icon)
            for path, category in SHELVES.items()
            for icon in [self.docs.shelves[category].icon]
            if not any((folder / f"{icon}.svg").is_file() for folder in folders)
        ]
        if missing:
            raise ArticleMistakes(missing)

    def _nav(self, files: Files) -> list[dict[str, str | list[str]]]:
        nav: list[dict[str, str | list[str]]] = [{"Home": "index.md"}]
        for category, title in CATEGORY_TITLES.items():
            shelved = catalogue.on_shelf(self.docs.sources.values(), category, self.docs.shelves[category])
            nav.append({title: [f"{category}/index.md", *(source.path for source in shelved)]})
        developers = sorted(path for path in files.src_uris if path.startswith("developers/") and path.endswith(".md"))
        developers.sort(key=lambda path: path != "developers/index.md")
        return [*nav, {"For developers": developers}]

    def _with_hashed_names(self, files: Files, config: MkDocsConfig) -> Files:
        for path, hashed in self.hashed.items():
            plain = files.src_uris[path]
            files.remove(plain)
            files.append(File.generated(config, hashed, content=plain.content_bytes))
        for source_map in [file for file in files if file.src_uri.endswith(".map")]:
            files.remove(source_map)
        return files

    def _check_scripts(self, path: str, html: str, base_url: str, config: MkDocsConfig) -> None:
        if base_url not in self.inline:
            context = {"config": config, "features": config.theme.get("features", [])}
            self.inline[base_url] = csp.theme_scripts(self.env, base_url, context)
        if csp.inline_scripts(html) - self.inline[base_url]:
            raise PluginError(f"{path}: an inline script that is not the theme's")


def _text(file: File) -> str:
    """Raises ArticleMistakes."""
    try:
        return file.content_string
    except UnicodeDecodeError as broken:
        line = broken.object.count(b"\n", 0, broken.start) + 1
        raise ArticleMistakes([Mistake(file.src_uri, line, "is not UTF-8 text")]) from broken


def _hashed(docs: Path, path: str) -> str:
    stem, dot, suffix = path.rpartition(".")
    return f"{stem}.{sha256((docs / path).read_bytes()).hexdigest()[:8]}{dot}{suffix}"
