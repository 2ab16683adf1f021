"""What is indexed is found: Japanese by any part, words by their beginning, and nothing else."""

import sqlite3
from contextlib import closing

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pixmirror.catalogue.search import plain, schema
from pixmirror.catalogue.search.fold import fold, whole
from pixmirror.catalogue.search.tokens import column, phrase, pieces, tokens

JAPANESE = st.text(
    st.sampled_from("あいうがかきくけこヴァイオリンー夜空猫耳々東京とうきょう"), min_size=1, max_size=12
)
WORD = st.text(st.sampled_from("abcdefgxyz019"), min_size=1, max_size=8)
PIECE = st.one_of(JAPANESE, WORD, st.sampled_from([" ", "、", "-", "🌸", "☆", "/", "\n"]))


def finds(texts, asked):
    """What FTS5 itself says, with the tables of search.db."""
    with closing(sqlite3.connect(":memory:")) as raw:
        schema.create(raw)
        raw.execute("INSERT INTO words (rowid, title) VALUES (1, ?)", (column(map(pieces, texts)),))
        return bool(raw.execute("SELECT 1 FROM words WHERE words MATCH ?", (phrase(asked),)).fetchone())


@given(before=st.lists(PIECE, max_size=3), run=JAPANESE, after=st.lists(PIECE, max_size=3), data=st.data())
@settings(max_examples=150, deadline=None)
def test_every_part_of_japanese_is_found_wherever_it_stands(before, run, after, data):
    first = data.draw(st.integers(0, len(run) - 1))
    last = data.draw(st.integers(first + 1, len(run)))
    assert finds(["".join([*before, run, *after])], run[first:last])


@given(before=st.lists(PIECE, max_size=3), word=WORD, data=st.data())
@settings(max_examples=150, deadline=None)
def test_a_word_is_found_by_each_of_its_beginnings_in_any_case_and_width(before, word, data):
    part = word[: data.draw(st.integers(1, len(word)))]
    wide = "".join(chr(ord(c) + 0xFEE0) for c in part.upper())
    assert finds(["".join([*before, " ", word])], data.draw(st.sampled_from([part, part.upper(), wide])))


@given(text=st.text(max_size=30))
@settings(max_examples=300, deadline=None)
def test_a_whole_text_is_found_by_itself_unless_it_has_no_token(text):
    assume(tokens(text))
    assert finds([text], text)


@given(run=JAPANESE, other=JAPANESE)
@settings(max_examples=150, deadline=None)
def test_japanese_that_is_not_in_a_text_is_not_found(run, other):
    assert finds([run], other) is (fold(other) in fold(run))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("R-18じゃない", ["r-18", "じゃ", "ゃな", "ない", "い"]),
        ("C++ と C#", ["c++", "と", "c#"]),
        ("well--known -x y-", ["well", "known", "x", "y"]),
        ("桜🌸👍🏽", ["桜", "🌸", "👍"]),
        ("ｶﾞｯｺｳ", ["がっ", "っこ", "こう", "う"]),
        ("Pokémon Ｆ１", ["pokemon", "f1"]),
        ("𠮷野家", ["𠮷野", "野家", "家"]),
        ("!?、。", []),
    ],
)
def test_what_the_tokens_of_a_text_are(text, expected):
    assert tokens(text) == expected


def test_no_phrase_reaches_from_one_name_into_the_next():
    assert finds(["night", "sky"], "night")
    assert not finds(["night", "sky"], "night sky")
    assert not finds(["夜", "空"], "夜空")


def test_the_sounds_of_kana_stand_apart_from_what_is_written():
    assert column(map(pieces, ["とうきょうへ", "夜"])) == "とう うき きょ ょう うへ へ | 夜 | トキ キョ ョヘ ヘ"


def test_texts_are_the_same_as_a_whole_when_width_case_and_kana_are_folded():
    assert whole("  Ｎｉｇｈｔ　 SKY ") == "night sky"
    assert whole("ネコミミ") == whole("ねこみみ") != whole("ねごみみ")


def test_of_captions_the_text_is_searched_and_not_the_markup():
    said = plain.caption(
        'See <a href="https://example.com/amphora">my <b>sh</b>op</a> &amp;<br />夜<strong>空</strong>'
    )
    assert said == "See my shop &\n夜空"
    assert plain.caption("1 &lt; 2") == "1 < 2"


def test_of_novels_words_and_their_readings_are_searched_and_no_marks():
    text = "[chapter:一]\n[[rb:魔女＞まじょ]]の店[newpage][[jumpuri:here > https://example.com]][pixivimage:12-1]"
    assert plain.novel(text).split() == ["一", "魔女の店", "here", "まじょ"]
