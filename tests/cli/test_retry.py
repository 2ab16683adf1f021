"""`pixmirror retry`: whatever was given up can be asked for again."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Command


@pytest.fixture
def too_small(config: Path, pixmirror: Command) -> Path:
    """The config of a mirror that refused every file."""
    config.write_text(config.read_text().replace('keep_free = "0"', 'keep_free = "0"\nmax_file = "1 KiB"'))
    assert pixmirror("sync").exit_code == 7
    return config


def failed(pixmirror: Command) -> list[dict[str, Any]]:
    files = (json.loads(line) for line in pixmirror("export", "files").stdout.splitlines())
    return [f for f in files if f["state"] == "failed"]


def test_a_raised_limit_brings_back_by_itself_what_it_refused(too_small: Path, pixmirror: Command) -> None:
    assert len(failed(pixmirror)) > 5
    too_small.write_text(too_small.read_text().replace("1 KiB", "1 GiB"))
    assert pixmirror("sync").exit_code == 0
    assert failed(pixmirror) == []


def test_a_work_and_all_of_one_kind_are_asked_for_again(too_small: Path, pixmirror: Command) -> None:
    given_up = failed(pixmirror)
    ref = str(next(f["id"] for f in given_up if f["medium"] == "illust"))
    mine = [f for f in given_up if (f["medium"], f["id"]) == ("illust", int(ref))]
    assert f"{len(mine)} file" in (said := " ".join(pixmirror("retry", ref).stdout.split()))
    assert said.endswith("Nothing is mirrored now; pixmirror sync goes on with it.")
    asked = json.loads(pixmirror("retry", "--too-large", "--json").stdout)
    assert (asked["asked"], asked["files"]) == ("too_large", len(given_up) - len(mine))
    assert failed(pixmirror) == []


def test_one_thing_is_asked_for_at_a_time_and_it_must_be_here(too_small: Path, pixmirror: Command) -> None:
    assert pixmirror("retry").exit_code == 2
    assert pixmirror("retry", "1", "--failed").exit_code == 2
    nothing = pixmirror("retry", "--damaged")
    assert (nothing.exit_code, nothing.stdout) == (0, "Nothing to ask for again: no file came damaged.\n")
    result = pixmirror("retry", "999999999")
    assert (result.exit_code, "not in this mirror" in result.output) == (9, True)
