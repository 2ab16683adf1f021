"""Lines for people fit into 60 columns, and break nowhere within an id, a date, a state or an amount."""

import re

import pytest

from pixmirror.cli import common, formats, layout

SENTENCE = (
    "Nothing new can be mirrored since 2026-11-27 10:05 (12 min ago): 1,770 works of 312 artists wait until "
    "27 Nov 2026, 14:32; `pixmirror retry 12345678` asks again, pixmirror login logs in."
)


@pytest.fixture(autouse=True, params=[40, 60, 120])
def columns(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(layout, "width", lambda: request.param)
    return int(request.param)


def test_a_sentence_wraps_at_words_and_keeps_amounts_and_dates_whole(columns: int) -> None:
    lines = layout.fitted(SENTENCE).split("\n")
    assert all(layout.cells(line) <= columns for line in lines)
    assert all(line.startswith("  ") for line in lines[1:])
    for whole in (
        "2026-11-27 10:05",
        "12 min ago",
        "1,770 works",
        "312 artists",
        "27 Nov 2026",
        "pixmirror login",
    ):
        assert any(whole in line for line in lines), whole
    assert any("`pixmirror retry 12345678`" in line for line in lines)


def test_a_line_with_a_label_goes_on_under_its_text(columns: int) -> None:
    lines = layout.fitted("Here       12,408 works of 312 artists, 31,020 files, 212 GB, and so on and on").split(
        "\n"
    )
    assert all(layout.cells(line) <= columns for line in lines)
    assert all(line.startswith(" " * 11) and line[11] != " " for line in lines[1:])


def test_a_command_to_paste_stays_one_line() -> None:
    line = (
        "  /opt/pixmirror/bin/pixmirror --config /etc/pixmirror/config.toml show 120000019 --history" + " x" * 50
    )
    assert layout.fitted(line) == line


def test_where_nobody_looks_nothing_is_wrapped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "width", lambda: None)
    assert layout.fitted(SENTENCE) == SENTENCE


def test_of_a_table_titles_are_cut_first_and_ids_dates_and_states_never(
    columns: int, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        (
            "novel:15171776",
            "眠れない星と小さな駅の長い長い話",
            "雨宮しずく@お仕事募集中",
            "user_gone",
            "2026-11-19 10:05",
        ),
        ("42567640", "x" * 60, "東雲", "gone", "2026-11-23 09:00"),
    ]
    formats.table(("id", "title", "artist", "state", "since"), rows)
    shown = capsys.readouterr().out.splitlines()
    assert len(shown) == 3
    assert all(layout.cells(line) <= max(columns, 51) for line in shown)
    for line, row in zip(shown[1:], rows, strict=True):
        assert line.startswith(row[0])
        assert columns < 60 or row[3] in line.split()
    assert "…" in shown[1] or columns == 120


def test_what_is_a_sentence_in_a_table_is_wrapped_not_cut(
    columns: int, capsys: pytest.CaptureFixture[str]
) -> None:
    said = "Pixiv's image host answered 404 twice; it is asked again in 18 h"
    formats.table(("file", "state", "what happens"), [("page 3", "failed", said)])
    shown = capsys.readouterr().out
    assert all(layout.cells(line) <= columns for line in shown.splitlines())
    assert all(word in shown for word in said.split())
    assert "in 18 h" in shown


def test_a_screen_with_a_clock_time_names_its_zone_once(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    common.say("Resting until 14:32: Pixiv asked for fewer requests.")
    common.say("Since 27 Nov 10:05 nothing came in.")
    common.name_the_zone()
    common.say("A work called 12:30, seen 2026-11-27 10:05 UTC.")
    common.name_the_zone()
    assert len(re.findall(r"(?m)^Times in \S+\.$", capsys.readouterr().out)) == 1
