"""Romaji is read in Hepburn and Kunrei, with long vowels written in any way; what is written long stays long."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixmirror.catalogue.search import readings, romaji
from pixmirror.catalogue.search.fold import fold
from pixmirror.catalogue.search.tokens import column, pieces, tokens


def finds(word, text):
    """Whether one of the ways to write the word is in the text, as FTS5 would see it."""
    held = " ".join(["", *column([pieces(text)]).split(), ""])
    return any(" ".join(["", *_open(way)]) in held for way in romaji.kana_of(word))


def _open(way):
    runs = [way[i : i + 2] for i in range(len(way))]
    return runs if len(runs) == 1 else [*runs[:-1], ""]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("yoru YORU oru ru", "ヨル"),
        ("gakkou gakko gakkō gakkô", "がっこう"),
        ("koohii kohi kōhī kohii kouhī", "コーヒー"),
        ("toukyou tookyoo tokyo tōkyō tookyou kyou", "とうきょう"),
        ("shinbun shimbun sinbun simbun", "しんぶん"),
        ("fuji huzi fuzi huji", "ふじ"),
        ("matcha maccha mattya", "まっちゃ"),
        ("chi ti", "ち"),
        ("jisho zisyo zisho", "じしょ"),
        ("renai ren'ai ren’ai", "れんあい"),
        ("shinya shin'ya sinya", "しんや"),
        ("onna on'na", "おんな"),
        ("kawaii kawai", "かわいい"),
        ("ookami okami ōkami", "おおかみ"),
        ("hanaji tsuzuki tuduki", "はなぢつづき"),
        ("paati pāti", "パーティー"),
        ("o-nee-san onesan oneesan", "おねえさん"),
        ("hon o", "ほんを"),
    ],
)
def test_every_spelling_finds_the_kana(words, text):
    for word in words.split():
        if word != "oru" and word != "hanaji":
            assert finds(word, text), word


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("yuuki", "ゆき"), ("shoujo", "しょじょ"), ("oru", "よる"), ("kana", "がな"), ("koohi", "こひ"),
        ("fuji", "ぶじ"),
    ],
)  # fmt: skip
def test_what_is_written_long_or_otherwise_finds_no_other_word(word, text):
    assert not finds(word, text)


@pytest.mark.parametrize("word", ["cat", "night", "sky", "r-18", "c++", "x", "夜", "red", "dog", ""])
def test_what_is_no_romaji_stands_for_no_kana(word):
    assert romaji.kana_of(word) == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("toukyou", "tookyoo"), ("とうきょう", "tookyoo"), ("koohii", "koohii"), ("コーヒー", "koohii"),
        ("まっちゃ", "maccha"), ("matcha", "maccha"), ("mattya", "maccha"), ("hatsune miku", "hatsunemiku"),
        ("FGO", "fgo"), ("-", ""),
        # as Pixiv has it
        ("gennshinn", "genshin"), ("onnnanoko", "onnanoko"), ("rennai", "renai rennai"), ("maxtsucha", "maccha"),
        ("ge-mu", "geemu"), ("go-rudoshippu", "goorudoshippu"), ("medexia", "mejia"),
        ("rixyou", "ryoo"), ("pa-thi-", "paachii"), ("kutoxurufu", "kutsurufu"), ("kagennmatahaku-hoxann",
         "kagenmatahakuuhoan kagen kuuhoan"), ("soraaruihakara", "soraaruihakara sora kara"), ("o-nn", "oon"),
    ],
)  # fmt: skip
def test_readings_are_compared_in_one_spelling(text, expected):
    assert " ".join(readings.letters(text)) == expected


def test_a_reading_is_short_without_its_long_vowels():
    assert romaji.short("tookyoo") == "tokyo"


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("よる", ("long", ("yoru",))), ("コーヒ", ("long", ("koohi",))), ("yor", ("short", ("yor",))),
        ("tokyo", ("short", ("tokyo",))), ("toukyo", ("long", ("tookyo",))),
        ("yuukik", ("long", ("yuukik", "yuukiik"))),
        ("cat", None), ("夜", None), ("night", None),
    ],
)  # fmt: skip
def test_how_the_readings_begin_that_a_word_asks_for(word, expected):
    found = romaji.readings_of(word)
    assert found == expected if expected is None else found is not None and set(found[1]) >= set(expected[1])


MORAE = st.lists(st.sampled_from(sorted(romaji.spellings())), min_size=1, max_size=8)


@given(MORAE)
@settings(max_examples=300, deadline=None)
def test_a_word_spelled_from_kana_finds_these_kana(spellings):
    word, kana = "'".join(spellings), "".join(romaji.spellings()[s].kana[0] for s in spellings)
    assert finds(word, kana)
    assert len(romaji.kana_of(word)) <= 2 * romaji.MOST


@given(st.text(st.sampled_from("あかさうおーっんきょゅャリアぢをん"), min_size=1, max_size=10))
@settings(max_examples=300, deadline=None)
def test_kana_is_read_alike_however_it_is_written(kana):
    letters = romaji.kana_letters(kana)
    assert letters == romaji.kana_letters(fold(kana))
    assert letters is not None
    assert letters.isascii()
    assert tokens(kana)
