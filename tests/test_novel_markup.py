"""What Pixiv's marks in the text of a novel mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixmirror.models.novel_markup import (
    Block,
    Chapter,
    Jump,
    Link,
    NewPage,
    Paragraph,
    PixivImage,
    Run,
    UploadedImage,
    Words,
    parse,
)


def line(*runs: Run, blank: int = 0, lead: int = 0) -> Paragraph:
    return Paragraph(runs, blank, lead)


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("", []),
        ("one\r\ntwo", [line(Words("one")), line(Words("two"))]),
        ("　一\n\n\n二　 \n", [line(Words("一"), lead=1), line(Words("二"), blank=2)]),
        (
            "[[rb:漢字 > かんじ]]と[[rb:灯＞あかり]]",
            [line(Words("漢字", "かんじ"), Words("と"), Words("灯", "あかり"))],
        ),
        (
            "a\n[newpage]\nb[newpage]c",
            [line(Words("a")), NewPage(2), line(Words("b")), NewPage(3), line(Words("c"))],
        ),
        (
            "[chapter: 第一章 [[rb:駅 > えき]] ]\n　本文",
            [Chapter((Words("第一章 "), Words("駅", "えき"))), line(Words("本文"), lead=1)],
        ),
        (
            "前[uploadedimage:55]後\n[pixivimage:12]\n[pixivimage:12-3]",
            [line(Words("前")), UploadedImage(55), line(Words("後")), PixivImage(12, 1), PixivImage(12, 3)],
        ),
        (
            "see [[jumpuri:here > https://example.com/?a=1]] or [jump:2]",
            [line(Words("see "), Link("here", "https://example.com/?a=1"), Words(" or "), Jump(2))],
        ),
    ],
)
def test_marks_become_blocks_and_runs(text: str, blocks: list[Block]) -> None:
    assert list(parse(text)) == blocks


@pytest.mark.parametrize(
    "text",
    [
        "[[rb:cut",
        "[[rb:no reading]]",
        "[[rb: > よみ]]",
        "[[jumpuri:x > two words]]",
        "[jump:x]",
        "[chapter:open",
        "[pixivimage:x]",
        "[b]bold[/b]",
    ],
)
def test_what_is_no_mark_stays_as_it_was_written(text: str) -> None:
    assert parse(text) == (line(Words(text)),)


@pytest.mark.parametrize(
    ("text", "is_indented"), [("　地の文", True), ("地の文", True), ("「台詞」", False), ("　　　＊", False)]
)
def test_prose_is_indented_and_speech_is_not(text: str, is_indented: bool) -> None:
    (block,) = parse(text)
    assert isinstance(block, Paragraph)
    assert block.is_indented is is_indented


MARKS = (
    "[newpage]",
    "[chapter:",
    "[[rb:",
    "[[jumpuri:",
    "[jump:",
    "[pixivimage:",
    "[uploadedimage:",
    "]]",
    "]",
    ">",
)


@given(st.lists(st.sampled_from(MARKS) | st.text(max_size=5), max_size=30).map("".join))
def test_any_text_is_read_line_by_line(text: str) -> None:
    for block in parse(text):
        if isinstance(block, Paragraph | Chapter):
            assert block.runs
            assert "\n" not in block.plain
        if isinstance(block, Paragraph):
            assert isinstance(block.is_indented, bool)


@given(st.text(st.characters(exclude_characters="[]")))
def test_a_text_without_marks_keeps_its_words(text: str) -> None:
    kept = "".join(block.plain for block in parse(text))
    assert "".join(kept.split()) == "".join(text.split())


@pytest.mark.parametrize("mark", ["[[rb:", "[[jumpuri:", "[chapter:[[rb:", "[pixivimage:", "[[rb:a>"])
def test_a_text_of_marks_that_never_end_is_read_at_once(mark: str) -> None:
    assert parse(mark + " " * 200_000 + mark * 20_000)
