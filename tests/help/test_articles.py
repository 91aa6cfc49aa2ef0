import pytest

from api.help.articles import SHELVES, ArticleMistakes, read_all, read_article
from api.help.types import CATEGORY_TITLES

PATH = "payments-earnings/late-withdrawal.md"
SHELF = "---\nsummary: What belongs on this shelf.\nicon: material/cash\n---\n"


def shelves() -> dict[str, str]:
    return dict.fromkeys(SHELVES, SHELF)


def mistakes_of(text: str, path: str = PATH) -> list[str]:
    with pytest.raises(ArticleMistakes) as refused:
        read_article(path, text)
    return [str(mistake) for mistake in refused.value.mistakes]


def test_an_article_is_its_front_matter_and_the_text_after_it(article: str) -> None:
    source = read_article(PATH, article)
    assert (source.front.id, source.front.context.screen) == ("late-withdrawal", ["earnings"])
    assert source.body == "Look at the last notification.\n"
    assert article.splitlines()[source.first_line - 1] == "Look at the last notification."


@pytest.mark.parametrize(
    ("written", "instead", "line", "about"),
    [
        ("id: late-withdrawal", "id: Late Withdrawal", 2, "id: "),
        ("title: A withdrawal is late", "title: Late", 3, "title: "),
        ("title: A withdrawal is late", "title: A <b>withdrawal</b>", 3, "title: "),
        ("tags: [withdrawals]", "tags:\n  - money\n  - No Slug", 8, "tags: "),
        ("audience: [provider]", "audience: [agent]", 7, "audience: "),
        ("context: {screen: [earnings]}", "context:\n  screen: [earnings]\n  mood: [bad]", 11, "context.mood: "),
        ("owner: payments", "owner: payments\ncolour: red", 11, "colour: "),
        ("reviewBy: 2027-05-01", "reviewBy: soon", 11, "reviewBy: "),
        ("tags: [withdrawals]", "tags: [withdrawals", 7, "front matter: "),
        ("owner: payments\n", "", 2, "front matter: "),
    ],
)
def test_a_mistake_in_the_front_matter_names_file_and_line(
    article: str, written: str, instead: str, line: int, about: str
) -> None:
    (mistake,) = mistakes_of(article.replace(written, instead))
    assert mistake.startswith(f"{PATH}:{line}: {about}")


def test_a_file_without_front_matter_is_refused() -> None:
    assert mistakes_of("# Late\n") == [f"{PATH}:1: begins with front matter between two lines of ---"]


def test_an_article_lies_in_the_folder_of_its_category(article: str) -> None:
    assert mistakes_of(article, "communication/late.md") == [
        "communication/late.md:5: category: payments-earnings, but the file is in communication"
    ]


@pytest.mark.parametrize(
    "line",
    [
        "<script>alert(1)</script>",
        "Press <b onclick=x>here</b>",
        "<!-- hidden -->",
        "[press](javascript:alert(1))",
        "![dot](data:image/png;base64,AA)",
        "Press here {: onclick=alert(1) }",
        "Red text {style='color:red'}",
        '--8<-- "../../.env"',
        "# A second title",
    ],
)
def test_what_could_run_or_reach_out_is_refused_with_its_line(article: str, line: str) -> None:
    (mistake,) = mistakes_of(f"{article}\nfine\n\n{line}\n")
    assert mistake.startswith(f"{PATH}:17: ")


@pytest.mark.parametrize("line", ["Write `<b>` in code.", "5 < 6 and a -> b", "personal data: none", "```\n<b>\n```"])
def test_code_and_plain_signs_are_allowed(article: str, line: str) -> None:
    assert line in read_article(PATH, f"{article}\n{line}\n").body


def test_all_mistakes_of_all_files_are_told_at_once(article: str) -> None:
    broken = article.replace("title: A withdrawal is late", "title: Late")
    with pytest.raises(ArticleMistakes) as refused:
        read_all(shelves() | {PATH: broken, "communication/other.md": "nothing"})
    assert [mistake.path for mistake in refused.value.mistakes] == [PATH, "communication/other.md"]


def test_an_id_is_used_once(article: str) -> None:
    twin = "payments-earnings/twin.md"
    with pytest.raises(ArticleMistakes, match=f"{twin}:2: id: late-withdrawal is taken by {PATH}"):
        read_all(shelves() | {PATH: article, twin: article})


def test_a_shelf_names_only_articles_it_has(article: str) -> None:
    wrong = SHELF.replace("icon", "order: [late-withdrawal]\nicon")
    with pytest.raises(ArticleMistakes, match=r"communication/index\.md:2: order: no article late-withdrawal"):
        read_all(shelves() | {PATH: article, "communication/index.md": wrong})


def test_every_category_has_its_shelf(article: str) -> None:
    with pytest.raises(ArticleMistakes, match="is missing") as refused:
        read_all({PATH: article})
    assert len(refused.value.mistakes) == len(CATEGORY_TITLES)
