"""Captions of strangers are shown as they meant them, and can do nothing."""

import pytest

from pixmirror.gallery.captions import caption
from tests.hostile.texts import CAPTION

REL = 'rel="noopener noreferrer nofollow"'


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("two<br />lines &amp; <strong>more</strong>", "two<br>lines &amp; <strong>more</strong>"),
        (
            '<a href="/jump.php?https%3A%2F%2Fexample.com%2Fa">x</a>',
            f'<a href="https://example.com/a" {REL}>x</a>',
        ),
        ('<a href="pixiv://illusts/12">x</a>', f'<a href="/w/12" {REL}>x</a>'),
        ('<a href="pixiv://illusts/13">x</a>', f'<a href="https://www.pixiv.net/artworks/13" {REL}>x</a>'),
        ('<a href="https://www.pixiv.net/artworks/12">x</a>', f'<a href="/w/12" {REL}>x</a>'),
        ('<a href="javascript:alert(1)">x</a>', f"<a {REL}>x</a>"),
        ('<a href="/jump.php?javascript%3Aalert(1)">x</a>', f"<a {REL}>x</a>"),
        ('<a href="//evil.example/">x</a>', f"<a {REL}>x</a>"),
        ("<script>alert(1)</script><style>*{}</style><svg onload=x><p>a", "a"),
        ("a\u202eb\u0000c\r\nd", "a\ufffdb\ufffdc\nd"),
    ],
)
def test_a_caption_keeps_its_words_and_leads_where_it_says(html: str, shown: str) -> None:
    assert caption(html, {"https://www.pixiv.net/artworks/12": "/w/12"}) == shown


def test_nothing_of_a_hostile_caption_is_left_but_words() -> None:
    shown = caption(CAPTION, {})
    assert "bold" in shown
    assert not any(word in shown for word in ("script", "evil", "onerror", "onclick", "style", "<img", "<form"))
