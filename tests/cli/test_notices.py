"""`pixmirror notify`: what each receiver answers, with the exit code."""

import json
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Command


def config(folder: Path, notify: str) -> Path:
    file = folder / "config.toml"
    file.write_text(f'[mirror]\nroot = "{folder / "mirror"}"\n[notify]\n{notify}\n')
    return file


def test_a_test_says_what_each_receiver_answered(
    tmp_path: Path, pixmirror: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    heard = tmp_path / "heard"
    script = tmp_path / "tell"
    script.write_text(f'#!/bin/sh\necho "$PIXMIRROR_EVENT: $(cat)" > {heard}\n')
    script.chmod(0o700)
    file = config(tmp_path, f'command = ["{script}"]\napprise = ["tgram://secret-token/chat"]')
    tried = pixmirror("--config", file, "notify", "--test")
    lines = " ".join(tried.output.split())
    assert tried.exit_code == 7
    assert "tell: taken (ended with 0)." in lines
    assert "apprise tgram: not taken (Apprise is not installed here: pip install 'pixmirror[notify]')." in lines
    assert "secret-token" not in tried.output
    assert heard.read_text().startswith("test: This is what a notice looks like")
    as_data = json.loads(pixmirror("--config", file, "notify", "--test", "--json").output)
    assert [(one["receiver"], one["taken"]) for one in as_data] == [("tell", True), ("apprise tgram", False)]


def test_without_a_receiver_or_a_wish_it_says_what_is_lacking(tmp_path: Path, pixmirror: Command) -> None:
    file = config(tmp_path, "")
    assert "Nobody gets notices" in " ".join(pixmirror("--config", file, "notify", "--test").output.split())
    assert pixmirror("--config", file, "notify").exit_code == 2
