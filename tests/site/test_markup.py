import pytest

from api.site.markup import active_content


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        "<SCRIPT src=//example.com/x.js>",
        '<img src="x" onerror="alert(1)">',
        "<b onclick=alert(1)>x</b>",
        '<a href="JaVaScript:alert(1)">x</a>',
        '<a href="&#106;avascript:alert(1)">x</a>',
        '<a href="java&#10;script:alert(1)">x</a>',
        '<a href=" vbscript:x">x</a>',
        '<img src="data:image/svg+xml,x">',
        '<p style="color:red">x</p>',
        '<iframe src="https://example.com"></iframe>',
        '<img alt="a > b" onload="x">',
    ],
)
def test_what_could_run_is_found(html: str) -> None:
    assert active_content(html)


@pytest.mark.parametrize(
    "html",
    [
        '<a href="../quiet-hours/#set-them">x</a>',
        '<a href="tel:112">x</a>',
        '<img src="a.png" alt="onclick=1" width="3">',
        "<code>&lt;script&gt;</code>",
        "<p>one = two, javascript: is a language</p>",
    ],
)
def test_what_only_stands_there_is_not(html: str) -> None:
    assert active_content(html) == []
