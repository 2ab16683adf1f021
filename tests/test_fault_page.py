"""`pixmirror help faults` is what the tests say that they show."""

import re

import pytest
import typer

from pixmirror.cli import app
from tests import fault_rows
from tests.fault_rows import PAGE, WIDTH, Kind, Row, fault, page, rows, told


def test_the_page_is_what_the_rows_make():
    assert PAGE.read_text("utf-8") == page(), "write it again: python -m tests.fault_rows"


def test_every_kind_of_failure_has_a_row():
    assert [shown.row.kind for shown in rows()] == list(Kind)


def test_the_page_fits_a_terminal_of_80_columns():
    assert [line for line in page().splitlines() if len(line) > WIDTH] == []


def test_the_commands_that_rows_name_exist():
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    for name in re.findall(r"`pixmirror ([a-z-]+)", page()):
        assert name in commands


@pytest.fixture
def no_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows of the tests are set aside."""
    monkeypatch.setattr(fault_rows, "ROWS", [])
    monkeypatch.setattr(fault_rows, "_row_of", {})


A_ROW = Row(Kind.DNS, seen="", rests="", goes_on="", told="No … here.", back="")


@pytest.mark.usefixtures("no_rows")
def test_a_test_that_does_not_compare_what_is_told_with_its_row_fails():
    @fault(A_ROW)
    def test_nothing() -> None:
        pass

    with pytest.raises(AssertionError, match="not compared with the rows of"):
        test_nothing()


@pytest.mark.usefixtures("no_rows")
def test_a_test_that_is_told_other_words_than_its_row_says_fails():
    @fault(A_ROW)
    def test_it(said: str) -> None:
        told(Kind.DNS, said)

    test_it(said="Sorry: no network.  No\nnetwork here.")
    with pytest.raises(AssertionError, match="is not"):
        test_it(said="No network there.")


@pytest.mark.usefixtures("no_rows")
def test_a_kind_of_failure_has_one_row():
    fault(A_ROW)(test_every_kind_of_failure_has_a_row)
    with pytest.raises(AssertionError, match="DNS has a row already"):
        fault(A_ROW)(test_the_page_is_what_the_rows_make)
