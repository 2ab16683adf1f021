"""Every way to log in, and every way in which it fails."""

import json
import pickle
import re
import sqlite3
import stat
import urllib.request
from pathlib import Path
from urllib.error import HTTPError

import pytest

from pixmirror.cli import login as login_module
from pixmirror.cli.demo_setup import TOKEN
from pixmirror.errors import TokenRejected
from tests.cli.conftest import write_config


@pytest.fixture
def config(pixiv, tmp_path: Path) -> Path:
    """Not logged in."""
    return write_config(tmp_path / "config.toml", pixiv.url)


def stored(config: Path):
    file = config.parent / "mirror" / "credentials.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    return json.loads(file.read_text())["token"]


def code_of(output: str) -> str:
    """Do what the user does: open the address, log in, take the code from the callback's address."""
    url = re.search(r"http://127\S+", output)[0]  # type: ignore[index]
    base = "/".join(url.split("/")[:3])
    page = urllib.request.urlopen(url).read().decode()
    link = re.search(r'href="([^"]+)"', page)[1].replace("&amp;", "&")  # type: ignore[index]

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None: ...

    try:
        urllib.request.build_opener(Stay).open(base + link)
    except HTTPError as answer:
        with answer:
            return answer.headers["Location"]
    raise AssertionError("no redirect")


def test_token_file(pixmirror, config, tmp_path):
    (tmp_path / "t").write_text(f"  {TOKEN}\n\n")
    result = pixmirror("login", "--token-file", "t")
    assert result.exit_code == 0, result.output
    assert stored(config)["refresh_token"] == TOKEN
    assert "hides R-18" in result.output
    assert TOKEN not in result.output
    assert str(stored(config)["access_token"]) not in result.output


def test_stdin(pixmirror, config):
    assert pixmirror("login", "-", input=f" '{TOKEN}' \n").exit_code == 0
    assert stored(config)["user_id"]


def test_token_as_argument_is_warned_of(pixmirror, config):
    result = pixmirror("login", TOKEN)
    assert result.exit_code == 0
    assert "shell's history" in result.stderr
    assert TOKEN not in result.output


def test_wrong_token_names_the_cause(pixmirror, config):
    result = pixmirror("login", "-", input="wrong-token-wrong-token")
    assert result.exit_code == 3
    assert "revoked by a password change" in result.stderr
    assert "wrong-token" not in result.output
    assert not (config.parent / "mirror").exists()


@pytest.mark.parametrize("text", ["", "  \n", "two words", "ein-tökén"])
def test_what_is_no_token(pixmirror, config, text):
    result = pixmirror("login", "-", input=text)
    assert result.exit_code == 2
    assert "There is no token in" in result.stderr


def test_start_then_code(pixmirror, config, pixiv):
    begun = pixmirror("login", "--start")
    assert begun.exit_code == 0
    kept = config.parent / "mirror" / "pending-login.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    result = pixmirror("login", code_of(begun.output))
    assert result.exit_code == 0, result.output
    assert "shell's history" not in result.stderr
    assert stored(config)["user_id"] == pixiv.state.world.me
    assert not kept.exists()


def test_a_late_code_costs_no_new_start(pixmirror, config):
    begun = pixmirror("login", "--start")
    code = code_of(begun.output)
    late = pixmirror("login", "not-the-code-at-all")
    assert late.exit_code == 3
    assert "used up or too old" in late.stderr
    assert pixmirror("login", code).exit_code == 0


def test_callback_without_a_start(pixmirror, config):
    result = pixmirror("login", "https://app-api.pixiv.net/web/v1/users/auth/pixiv/callback?state=x&code=abcdefgh")
    assert result.exit_code == 3
    assert "--start" in result.stderr


def test_no_prompt_without_a_terminal(pixmirror, config):
    result = pixmirror("login")
    assert result.exit_code == 2
    assert "no terminal" in result.stderr


def test_interactive_goes_on_after_a_late_code(pixmirror, config, monkeypatch):
    monkeypatch.setattr(login_module, "on_terminal", lambda: True)
    said: list[str] = []
    monkeypatch.setattr(login_module, "say", said.append)
    asked: list[int] = []

    def prompt(*_: object, **__: object) -> str:
        asked.append(1)
        return "too-late-a-code" if len(asked) == 1 else code_of(said[0])

    monkeypatch.setattr("typer.prompt", prompt)
    result = pixmirror("login")
    assert result.exit_code == 0, result.output
    assert "Reload the page" in result.stderr
    assert stored(config)["user_id"]


def test_another_accounts_token_is_refused(pixmirror, config, pixiv):
    (config.parent / "refresh-token").write_text(TOKEN)
    assert pixmirror("sync", "following").exit_code == 0
    before = stored(config)
    other = next(user for user in pixiv.state.world.users if user != pixiv.state.world.me)
    pixiv.state.oauth.refresh_tokens["another-account-token"] = other
    result = pixmirror("login", "-", input="another-account-token")
    assert result.exit_code == 3
    assert "nothing was stored" in result.stderr
    assert stored(config) == before


def test_a_token_that_pixiv_says_back_is_not_shown(pixmirror, config, pixiv, monkeypatch):
    secret = "A-secret_of-no-known-form-1234567890"

    async def refuse(*_: object) -> None:
        raise TokenRejected(f"POST /auth/token: invalid: {secret}")

    monkeypatch.setattr("pixmirror.cli.login.redeem_refresh_token", refuse)
    result = pixmirror("login", "-", input=secret)
    assert result.exit_code == 3
    assert secret not in result.output


def test_pixiv_not_there(pixmirror, tmp_path):
    write_config(tmp_path / "config.toml", "http://127.0.0.1:9")
    monkey = pixmirror("login", "-", input=TOKEN)
    assert monkey.exit_code == 8


# --- other programs


def test_from_gallery_dl_config(pixmirror, config, home):
    folder = home / ".config" / "gallery-dl"
    folder.mkdir(parents=True)
    settings = {"extractor": {"pixiv": {"refresh-token": TOKEN}}}
    (folder / "config.json").write_text(json.dumps(settings))
    result = pixmirror("login", "--from", "gallery-dl")
    assert result.exit_code == 0
    assert str(folder) in result.stderr
    assert stored(config)["refresh_token"] == TOKEN


def cache(home: Path, value: object) -> None:
    folder = home / ".cache" / "gallery-dl"
    folder.mkdir(parents=True)
    with sqlite3.connect(folder / "cache.sqlite3") as db:
        db.execute("CREATE TABLE data (key TEXT PRIMARY KEY, value TEXT, expires INTEGER)")
        key = "gallery_dl.extractor.pixiv._refresh_token_cache-None"
        db.execute("INSERT INTO data VALUES (?, ?, 1)", (key, pickle.dumps(value)))
    db.close()


def test_from_gallery_dl_cache(pixmirror, config, home):
    cache(home, TOKEN)
    assert pixmirror("login", "--from", "gallery-dl").exit_code == 0


class Evil:
    def __reduce__(self):
        return (Path.touch, (Path("pwned"),))


def rows(home: Path, *values: tuple[str, object, int]) -> Path:
    file = home / "cache.sqlite3"
    with sqlite3.connect(file) as db:
        db.execute("CREATE TABLE data (key TEXT PRIMARY KEY, value TEXT, expires INTEGER)")
        for user, value, expires in values:
            key = f"gallery_dl.extractor.pixiv._refresh_token_cache-{user}"
            db.execute("INSERT INTO data VALUES (?, ?, ?)", (key, pickle.dumps(value), expires))
    db.close()
    return file


def test_the_row_that_gallery_dl_uses_is_taken_first(pixmirror, config, home):
    file = rows(home, ("somebody", "an-old-one", 4886000000), ("None", TOKEN, 0))
    result = pixmirror("login", "--from", "gallery-dl", "--path", str(file))
    assert result.exit_code == 0, result.output
    assert "another one" not in result.stderr


def test_the_other_rows_are_tried_where_the_first_is_refused(pixmirror, config, home):
    file = rows(home, ("None", "an-old-one", 0), ("somebody", TOKEN, 5))
    result = pixmirror("login", "--from", "gallery-dl", "--path", str(file))
    assert result.exit_code == 0, result.output
    assert "There is another one." in result.stderr


def test_a_cache_elsewhere_and_a_user_name_are_found_in_gallery_dl_s_settings(pixmirror, config, home):
    rows(home, ("None", "an-old-one", 4886000000), ("me", TOKEN, 0))
    folder = home / ".config" / "gallery-dl"
    folder.mkdir(parents=True)
    settings = {"extractor": {"pixiv": {"username": "me", "refresh-token": "cache"}}}
    (folder / "config.json").write_text(json.dumps(settings | {"cache": {"file": "~/cache.sqlite3"}}))
    result = pixmirror("login", "--from", "gallery-dl")
    assert result.exit_code == 0, result.output
    assert "another one" not in result.stderr


@pytest.mark.parametrize("encoding", ["cp932", "gbk", "utf-16", "utf-8-sig", "latin-1"])
def test_pixivutil2_s_settings_are_read_in_any_encoding(pixmirror, config, tmp_path, encoding):
    lines = (
        "[Settings]",
        "rootDirectory = D:\\画像表",
        "nothing",
        "[Authentication]",
        f"refresh_token = {TOKEN}",
        "",
    )
    text = "\r\n".join(lines)
    (tmp_path / "config.ini").write_bytes(text.encode(encoding, "replace"))
    result = pixmirror("login", "--from", "pixivutil2", "--path", str(tmp_path))
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("copied", ["\ufeff{}\r\n", '"{}"', "\u200b{}", "refresh_token: {}\nexpires_in: 3600"])
def test_a_token_on_standard_input_is_taken_as_it_was_copied(pixmirror, config, copied):
    assert pixmirror("login", "-", input=copied.format(TOKEN)).exit_code == 0


def test_bytes_that_are_no_text_are_refused_with_a_sentence(pixmirror, config):
    result = pixmirror("login", "-", input=b"\xc3\x28\xff")
    assert result.exit_code == 2
    assert "is not text" in result.stderr


def test_a_token_given_as_the_name_of_a_file_is_not_repeated(pixmirror, config):
    result = pixmirror("login", "--token-file", "A1" * 21)
    assert result.exit_code == 2
    assert "A1A1" not in result.output


def test_each_place_that_was_looked_in_is_named_once(pixmirror, config, home):
    said = pixmirror("login", "--from", "gallery-dl").stderr.replace("\n", "")
    assert said.count(str(home / ".config" / "gallery-dl" / "config.json")) == 1


def test_a_pickle_runs_nothing(pixmirror, config, home, tmp_path):
    cache(home, Evil())
    result = pixmirror("login", "--from", "gallery-dl")
    assert result.exit_code == 2
    assert "No refresh token of gallery-dl" in result.stderr
    assert not (tmp_path / "pwned").exists()


def test_from_pixivutil2(pixmirror, config, tmp_path):
    folder = tmp_path / "PixivUtil2"
    folder.mkdir()
    text = f"[Authentication]\nusername = me%\nrefresh_token = {TOKEN}\n"
    (folder / "config.ini").write_text(text, encoding="utf-8-sig")
    assert pixmirror("login", "--from", "pixivutil2", "--path", str(folder)).exit_code == 0


def test_from_an_unknown_program(pixmirror, config):
    result = pixmirror("login", "--from", "wget")
    assert result.exit_code == 2
    assert "gallery-dl and pixivutil2" in result.stderr
