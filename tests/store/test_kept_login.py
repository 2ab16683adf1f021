"""credentials.json: which token stands."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from pixmirror.errors import ConfigError
from pixmirror.models import Token
from pixmirror.store import MirrorRoot, kept_login

TOKEN = Token("access", "rotated", 1, 11, "name", "account")


@pytest.fixture
def root(tmp_path: Path) -> Iterator[MirrorRoot]:
    with MirrorRoot.open(tmp_path / "mirror") as root:
        yield root


def test_a_kept_token_stands_until_the_configured_one_changes(root: MirrorRoot) -> None:
    kept_login.save(root, "configured", TOKEN)
    assert kept_login.load(root, "configured") == ("rotated", TOKEN)
    assert kept_login.load(root, "another") == ("another", None)


def test_a_login_stands_where_no_token_is_configured(root: MirrorRoot) -> None:
    kept_login.save(root, None, TOKEN)
    assert kept_login.load(root, None) == ("rotated", TOKEN)


def test_the_file_is_its_owner_s_alone_and_does_not_hold_the_configured_token(root: MirrorRoot) -> None:
    kept_login.save(root, "configured-token", TOKEN)
    file = root.root / kept_login.FILE
    assert file.stat().st_mode & 0o777 == 0o600
    assert "configured-token" not in file.read_text()


@pytest.mark.parametrize("text", ["", "garbage", "[]", "{}", '{"token": 1}', '{"token": {"access_token": "x"}}'])
def test_a_file_that_is_no_login_is_as_good_as_none(root: MirrorRoot, text: str) -> None:
    root.write_secret(kept_login.FILE, text)
    assert kept_login.load(root, "configured") == ("configured", None)


@pytest.mark.parametrize(
    "change", [{"user_id": "11"}, {"user_id": True}, {"expires_at": None}, {"refresh_token": ""}, {"more": 1}]
)
def test_what_is_no_token_is_refused(change: dict[str, Any]) -> None:
    data = json.loads(json.dumps(asdict(TOKEN)))
    assert kept_login.read_token(data) == TOKEN
    with pytest.raises(ConfigError):
        kept_login.read_token({**data, **change})
