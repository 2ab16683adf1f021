"""Captions and novels as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixmirror.reports.texts import plain_caption, plain_novel


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("one<br />two<br/>three", "one\ntwo\nthree"),
        ("<strong>bold</strong> &amp; <i>it</i> &lt;3 a < b", "bold & it <3 a < b"),
        ("<p>one</p><p>two</p>", "one\ntwo"),
        (
            '<a href="/jump.php?https%3A%2F%2Fexample.com%2F%3Fa%3D1" target="_blank">https://example.com/?a=1</a>',
            "https://example.com/?a=1",
        ),
        ('<a href="https://example.com/x">my shop</a>', "my shop (https://example.com/x)"),
        ('<a href="pixiv://illusts/12">illust/12</a>', "illust/12 (https://www.pixiv.net/artworks/12)"),
        ('<a href="pixiv://novels/12">novel/12</a>', "novel/12 (https://www.pixiv.net/novel/show.php?id=12)"),
        ('<a href="/users/7">me</a>', "me (https://www.pixiv.net/users/7)"),
        ('<a href="javascript:alert(1)">x</a>', "x"),
        ("  ", ""),
        ("a<br><br><br><br>b", "a\n\nb"),
    ],
)
def test_a_caption_is_text_and_its_links_stay(html: str, text: str) -> None:
    assert plain_caption(html) == text


@pytest.mark.parametrize(
    ("marked", "text"),
    [
        ("[[rb:漢字 > かんじ]]と[[rb:灯＞あかり]]", "漢字(かんじ)と灯(あかり)"),
        ("[[rb:cut\nno end", "[[rb:cut\nno end"),
        ("[chapter:One [[rb:章 > しょう]]]\ntext", "## One 章(しょう)\n\ntext"),
        ("[[jumpuri:here > https://example.com/]]", "here (https://example.com/)"),
        ("a\n[newpage]\nb[newpage]c", "a\n\n--- page 2 ---\n\nb\n\n--- page 3 ---\n\nc"),
        ("[jump:2] [pixivimage:12-1] [uploadedimage:3]", "(to page 2)\n(picture: work 12-1)\n(picture: embed_3)"),
        ("plain\r\ntext", "plain\ntext"),
    ],
)
def test_a_novel_is_text_without_marks(marked: str, text: str) -> None:
    assert plain_novel(marked) == text


@given(st.text(st.sampled_from("<>a&;#/[]:br \n\"'=h") | st.characters()))
def test_any_text_is_read(text: str) -> None:
    plain_caption(text)
    plain_novel(text)
