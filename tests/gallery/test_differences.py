"""Two texts as one, word by word."""

from hypothesis import given
from hypothesis import strategies as st

from pixmirror.gallery.differences import LONGEST, MOST_LINES, Piece, differences, shortened

_TEXTS = st.text("あいう漢字 ab\n", max_size=60)


def test_of_a_japanese_sentence_only_the_words_that_changed_are_marked() -> None:
    assert differences("線路を描きました。", "線路と月を描きました。") == [
        Piece("same", "線路"),
        Piece("ins", "と月"),
        Piece("same", "を描きました。"),
    ]


@given(_TEXTS, _TEXTS)
def test_both_texts_can_be_read_from_the_pieces(before: str, after: str) -> None:
    pieces = differences(before, after)
    assert "".join(p.text for p in pieces if p.kind != "ins") == before
    assert "".join(p.text for p in pieces if p.kind != "del") == after


def test_a_novel_is_compared_by_lines_and_by_words_within_those_that_changed() -> None:
    lines = [f"　{n}番目の行。" for n in range(MOST_LINES)]
    changed = [*lines[:9], "　9番目の古い行。", *lines[10:]]
    found = differences("\n".join(lines), "\n".join(changed))
    assert [piece for piece in found if piece.kind != "same"] == [Piece("ins", "古い")]


def test_what_stayed_is_left_out_but_beside_a_change() -> None:
    pieces = [Piece("same", "x" * 500), Piece("del", "a"), Piece("same", "y" * 500), Piece("ins", "b")]
    assert [piece.text for piece in shortened(pieces, 5)] == ["… xxxxx", "a", "yyyyy … yyyyy", "b"]


def test_a_text_that_is_all_new_is_not_shown_to_its_end() -> None:
    (piece,) = shortened([Piece("ins", "x" * 10 * LONGEST)])
    assert len(piece.text) < LONGEST + 5
