import shutil
from pathlib import Path

import pytest

from api.notifications import texts


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The languages that ship, and German, to be changed."""
    shutil.copytree(texts.FOLDER, tmp_path / "templates")
    shutil.copytree(texts.FOLDER / "en", tmp_path / "templates" / "de")
    return tmp_path / "templates"


def test_every_text_is_there_and_asks_only_for_what_it_is_given() -> None:
    assert texts.mistakes() == []


def test_a_language_is_a_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "de" / "payment.received.txt").write_text("{{ amount }} sind da\n\nSie stehen bei den Einnahmen.\n")
    monkeypatch.setattr(texts, "FOLDER", folder)
    spoken = {
        tag: texts.text(tag, "payment.received", {"amount": "80 €"})[0] for tag in ("de-AT", "DE_de", "en", "fr", None)
    }
    assert spoken == {
        "de-AT": "80 € sind da",
        "DE_de": "80 € sind da",
        "en": "Payment received: 80 €",
        "fr": "Payment received: 80 €",
        None: "Payment received: 80 €",
    }


def test_a_missing_text_and_an_unknown_value_are_named(folder: Path) -> None:
    (folder / "de" / "payment.received.txt").write_text("{{ total }}\n\nHier.\n")
    (folder / "de" / "review.created.txt").write_text("{% if %}\n")
    (folder / "de" / "letter.html").unlink()
    named = [mistake.partition(":")[0] for mistake in texts.mistakes(folder)]
    assert named == ["de/letter.html", "de/payment.received.txt", "de/review.created.txt"]


@pytest.mark.parametrize("hostile", ["{{ 7 * 7 }}", "{% raw %}", "{0.__class__}", "${x}", "%(x)s", "a\nb"])
def test_what_people_wrote_is_never_a_template(hostile: str) -> None:
    title, _ = texts.text("en", "message.waiting", {"count": 1, "service": hostile, "sender": "Carol"})
    assert title == "New message: " + " ".join(hostile.split())


def test_a_letter_escapes_everything() -> None:
    page = texts.letter("en", title="<b>", body="<script>x</script>", action='" onclick="x', preferences=None)
    assert not any(raw in page for raw in ("<script>", "<b>", '" onclick'))
