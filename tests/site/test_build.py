import json
from collections.abc import Callable
from pathlib import Path

import pytest

from api.help.library import read_build
from api.help.search import INDEX
from api.site import publish
from api.site.build import BuildFailed, Built
from api.site.marks import HEADERS

ARTICLE = "communication/quiet-hours.md"
Rebuild = Callable[..., Built]


def edit(project: Path, written: str, instead: str, path: str = f"docs/{ARTICLE}") -> None:
    file = project / path
    assert written in file.read_text()
    file.write_text(file.read_text().replace(written, instead, 1))


def test_an_unchanged_project_is_not_built_again(rebuild: Rebuild) -> None:
    first = rebuild()
    again = rebuild()
    assert (first.skipped, again.skipped, again.path) == (False, True, first.path)


@pytest.mark.parametrize("path", ["docs/index.md", "mkdocs.yml", "overrides/404.html", "docs/assets/porchlight.css"])
def test_any_changed_ingredient_is_a_reason_to_build(rebuild: Rebuild, project: Path, path: str) -> None:
    first = rebuild()
    with (project / path).open("a") as file:
        file.write("\n")
    assert rebuild().path != first.path


def test_a_damaged_build_is_built_again(rebuild: Rebuild) -> None:
    first = rebuild()
    (first.path / INDEX).write_bytes((first.path / INDEX).read_bytes()[:1000])
    assert not rebuild().skipped


@pytest.mark.parametrize(
    ("written", "instead", "complaint"),
    [
        ("title: Sleep", "heading: Sleep", f"docs/{ARTICLE}:3: heading: "),
        ("Six", "<script>alert(1)</script>", "raw HTML"),
        ("Six", "![x](../../../secret.png)", "secret.png"),
        ("Six", "[x](nowhere.md)", rf"docs/{ARTICLE}:19: contains a link 'nowhere.md'"),
        ("Six", "[x](quick-responses.md#nowhere)", rf"docs/{ARTICLE}:19: contains a link .* anchor '#nowhere'"),
    ],
)
def test_a_mistake_leaves_the_old_build_published(
    rebuild: Rebuild, project: Path, tmp_path: Path, written: str, instead: str, complaint: str
) -> None:
    edit(project, "## Set them\n", "## Set them\n\nSix\n")
    good = rebuild()
    edit(project, written, instead)
    with pytest.raises(BuildFailed, match=complaint):
        rebuild()
    assert publish.current(tmp_path / "site") == good.path
    assert publish.builds(tmp_path / "site") == [good.path]


def test_a_byte_that_is_no_text_is_told_by_file_and_line(rebuild: Rebuild, project: Path) -> None:
    with (project / "docs" / ARTICLE).open("ab") as file:
        file.write(b"caf\xe9\n")
    lines = (project / "docs" / ARTICLE).read_bytes().count(b"\n")
    with pytest.raises(BuildFailed, match=rf"docs/{ARTICLE}:{lines}: is not UTF-8 text"):
        rebuild()


def test_an_icon_that_is_not_there_is_told_by_file_and_line(rebuild: Rebuild, project: Path) -> None:
    edit(project, "icon: material/", "icon: material/no-", "docs/communication/index.md")
    with pytest.raises(BuildFailed, match=r"^docs/communication/index\.md:3: icon: the theme has no material/no-"):
        rebuild()


def test_a_mistake_in_a_template_is_told_by_file_and_line(rebuild: Rebuild, project: Path) -> None:
    edit(project, "{% include", "{% if %}{% include", "overrides/404.html")
    with pytest.raises(BuildFailed, match=r"^overrides/404\.html:7: "):
        rebuild()


@pytest.mark.parametrize("place", ["docs/assets/photo.png", "docs/communication/more", "overrides/assets"])
def test_a_link_brings_nothing_in(rebuild: Rebuild, project: Path, tmp_path: Path, place: str) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "secret.md").write_text("canary")
    (project / place).symlink_to(tmp_path / "secrets")
    with pytest.raises(BuildFailed, match=f"^{place}: is a link"):
        rebuild()


def test_a_page_that_is_no_markdown_is_refused(rebuild: Rebuild, project: Path) -> None:
    (project / "docs" / "assets" / "page.HTML").write_text("<script src=evil.js></script>")
    with pytest.raises(BuildFailed, match=r"^docs/assets/page\.HTML: pages are written in Markdown"):
        rebuild()


def test_a_file_inclusion_brings_nothing_in(rebuild: Rebuild, project: Path) -> None:
    (project / ".env").write_text("canary")
    edit(project, "## Set them\n", '## Set them\n\n--8<-- "../../.env"\n')
    with pytest.raises(BuildFailed, match=rf"docs/{ARTICLE}:\d+: no file inclusion"):
        rebuild()


def test_an_inline_script_in_a_template_fails_the_build(rebuild: Rebuild, project: Path) -> None:
    edit(project, "<h1>", "<script>alert(1)</script><h1>", "overrides/404.html")
    with pytest.raises(BuildFailed, match=r"404\.html: an inline script that is not the theme's"):
        rebuild()


def test_a_build_that_hangs_is_ended_and_names_the_page(rebuild: Rebuild, project: Path) -> None:
    edit(project, "  - attr_list", "  - tests.site.endless\n  - attr_list", "mkdocs.yml")
    edit(project, "## Set them\n", "## Set them\n\nendless\n")
    with pytest.raises(BuildFailed, match=f"stopped after 4 s while rendering {ARTICLE}"):
        rebuild(time_limit=4)


def test_the_search_box_goes_where_search_is_switched_off(rebuild: Rebuild) -> None:
    page = rebuild(search=False).path / "index.html"
    assert "md-search" not in page.read_text()
    assert "pl-ask" not in page.read_text()
    assert not (page.parent / INDEX).exists()


def test_developers_pages_are_no_search_results(built: Path) -> None:
    pages = {entry["location"].split("/")[0] for entry in json.loads((built / INDEX).read_text())["docs"]}
    assert (built / "developers" / "index.html").exists()
    assert pages == {category.id for category in read_build(built)[0].categories}


def test_the_first_page_asks_first_and_then_shows_the_topics(built: Path) -> None:
    html = (built / "index.html").read_text()
    asked = html.index('class="pl-ask"')
    assert [html.count('class="pl-card"'), html.index('class="pl-cards"') > asked] == [5, True]


def test_no_page_asks_another_host_for_anything(built: Path) -> None:
    for page in built.rglob("*.html"):
        html = page.read_text()
        assert not [tag for tag in ('src="http', 'src="//', 'rel="preconnect"', "@import") if tag in html]


def test_own_assets_carry_their_hash(built: Path) -> None:
    (style,) = (built / "assets").glob("porchlight.*.css")
    assert style.name in (built / "index.html").read_text()
    assert not list(built.rglob("*.map"))


def test_the_policy_allows_no_inline_code_but_the_themes(built: Path) -> None:
    policy = json.loads((built / HEADERS).read_text())["contentSecurityPolicy"]
    assert "unsafe" not in policy
    assert policy.count("'sha256-") == 7
