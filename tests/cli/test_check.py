"""`check`, and the look at Pixiv's answers before the first sync."""

import json
import sqlite3

import pytest

from pixmirror.catalogue.gallery.database import GalleryDatabase
from pixmirror.daemon.replay import BLANK, blanked
from pixmirror.demo import shapes
from pixmirror.errors import BadResponse, DaemonBusy
from pixmirror.store import MirrorRoot


def rows(result) -> dict[str, tuple[str, str]]:
    return {row["what"]: (row["level"], row["text"]) for row in json.loads(result.stdout)["checks"]}


def test_before_anything(pixmirror, config):
    result = pixmirror("check", "--json")
    assert result.exit_code == 0
    found = rows(result)
    assert {level for level, _ in found.values()} == {"ok"}
    assert "following, bookmarks" in found["config"][1]
    assert not (config.parent / "mirror").exists(), "a check must change nothing"


def test_after_a_sync(pixmirror, mirrored):
    result = pixmirror("check")
    assert result.exit_code == 0
    assert "access token" in result.output
    assert "hides R-18" in result.output
    assert "no web cookie, and none is needed" in " ".join(result.output.split())
    with sqlite3.connect(mirrored.parent / "mirror" / "catalogue.db") as db:
        db.execute("UPDATE work SET state = 'limited' WHERE work_key = (SELECT max(work_key) FROM work)")
    said = " ".join(pixmirror("check").output.split())
    assert ("1 work hidden from the app would come with one" in said, "none is needed" in said) == (True, False)


@pytest.mark.parametrize("command", ["status", "why", "show"])
def test_a_web_login_is_named_as_the_cure_only_where_there_is_none(pixmirror, mirrored, command):
    catalogue = mirrored.parent / "mirror" / "catalogue.db"
    with sqlite3.connect(catalogue) as db:
        (key,) = db.execute("SELECT min(work_key) FROM work WHERE work_key & 1 = 0").fetchone()
        db.execute("UPDATE work SET state = 'limited' WHERE work_key = ?", (key,))
        db.execute("DELETE FROM media WHERE owner_kind = 'work' AND owner_id = ?", (key,))
    line = (command,) if command == "status" else (command, str(key >> 1))
    assert "a web login shows it" in pixmirror(*line).output
    (mirrored.parent / "phpsessid").write_text("1_abc")
    said = pixmirror(*line).output
    assert "web login" not in said
    assert command == "status" or "hidden from the app by Pixiv" in said


def test_the_first_line_says_whether_all_is_in_order(pixmirror, mirrored):
    said = "In order, but look at: rating. Pixiv's API was not asked: --pixiv does."
    assert pixmirror("check").output.splitlines()[0] == said
    assert pixmirror("check", "--pixiv").output.splitlines()[0] == "In order, but look at: rating."
    mirrored.write_text(mirrored.read_text().replace('keep_free = "0"', 'keep_free = "900 TiB"'))
    assert pixmirror("check").output.splitlines()[0] == "Not in order: disk."


def test_no_login(pixmirror, config):
    (config.parent / "refresh-token").unlink()
    result = pixmirror("check")
    assert result.output.splitlines()[0] == "Not in order: login."
    assert result.exit_code == 3
    assert "pixmirror login" in result.output


@pytest.mark.parametrize(("key", "what"), [("refresh_token_file", "login"), ("phpsessid_file", "web")])
def test_a_file_that_the_config_names_but_is_not_there_is_told(pixmirror, config, key, what):
    config.write_text(
        config.read_text().replace('refresh_token_file = "refresh-token"', f'{key} = "elsewhere/it"')
    )
    level, text = rows(pixmirror("check", "--json"))[what]
    assert level == ("warn" if what == "web" else "bad")
    assert f"pixiv.{key} names {config.parent / 'elsewhere/it'}, which is not there" in text


def test_a_token_that_a_sync_saw_rejected_is_bad(pixmirror, config):
    (config.parent / "refresh-token").write_text("wrong")
    assert pixmirror("sync").exit_code == 3
    result = pixmirror("check")
    assert result.exit_code == 3
    assert result.output.startswith("Not in order: login.")
    assert "Pixiv rejected the login" in result.output


def test_wrong_config(pixmirror, config):
    config.write_text(config.read_text() + "\n[unknown]\n")
    assert pixmirror("check").exit_code == 2


def test_no_room(pixmirror, config):
    config.write_text(config.read_text().replace('keep_free = "0"', 'keep_free = "900 TiB"'))
    assert pixmirror("check").exit_code == 6


def test_media_not_mounted(pixmirror, mirrored):
    media = mirrored.parent / "mirror" / "media"
    media.rename(media.with_name("elsewhere"))
    result = pixmirror("check")
    assert result.exit_code == 6
    assert "is not there" in result.output
    assert not media.exists()


def test_pixiv_is_asked_at_most_twelve_times(pixmirror, config, pixiv, tmp_path):
    result = pixmirror("check", "--record", "answers", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert not found["pixiv"]["lossy"]
    assert sum(pixiv.state.counts.values()) <= 13  # and one for the token
    endpoints = [e["endpoint"] for e in found["pixiv"]["endpoints"]]
    assert endpoints[0] == "/v1/user/following"
    assert "/v1/illust/ranking" not in endpoints, "its job is disabled"
    files = sorted((tmp_path / "answers").iterdir())
    assert len(files) == found["pixiv"]["requests"]
    kept = "".join(f.read_text() for f in files)
    for user in pixiv.state.world.users.values():
        assert f'"{user.account}"' not in kept
        assert f'"{user.name}"' not in kept


@pytest.mark.parametrize("holds", ["a sync", "a busy daemon"])
def test_beside_another_pixmirror_it_says_what_to_do(pixmirror, mirrored, monkeypatch, holds):
    root = mirrored.parent / "mirror"
    if holds == "a busy daemon":
        monkeypatch.setattr("pixmirror.cli.common.Session.ask", busy)
    with MirrorRoot.open(root, root / "media", umask=0o077, create=False, what="sync"):
        result = pixmirror("check", "--pixiv", "--json")
    level, text = rows(result)["pixiv"]
    assert (result.exit_code, level) == (0, "warn")
    assert text.endswith("Wait for it or stop it; `pixmirror status` says how far it is.")
    assert "will be done next" not in text, "nobody would see what it then finds"


def busy(*given, **more):
    raise DaemonBusy("The running pixmirror is busy; this will be done next.")


def test_blanking():
    body = {
        "user": {"id": 1, "name": "Me", "account": "me", "comment": "hi"},
        "tags": [{"name": "cat"}],
        "response": {"access_token": "x", "mail_address": "a@b.cd"},
        "text": "write to some.body@example.com",
        "profile": {"webpage": "http://x", "total_illusts": 3},
    }
    clean = blanked(body)
    assert clean["user"] == {"id": 1, "name": BLANK, "account": BLANK, "comment": BLANK}
    assert clean["tags"] == [{"name": "cat"}]
    assert clean["response"] == {"access_token": BLANK, "mail_address": BLANK}
    assert clean["text"] == f"write to {BLANK}"
    assert clean["profile"] == {"webpage": BLANK, "total_illusts": 3}
    assert blanked('{"userName":"Some \\"One\\"","id":1}') == f'{{"userName":"{BLANK}","id":1}}'


@pytest.fixture
def changed(monkeypatch):
    """Change every illust that the stand-in sends."""
    real = shapes.illust

    def change(how) -> None:
        def changed_illust(*args, **kwargs):
            item = real(*args, **kwargs)
            how(item)
            return item

        monkeypatch.setattr(shapes, "illust", changed_illust)

    return change


def test_new_fields_stop_nothing(pixmirror, config, changed):
    changed(lambda item: item.update(brand_new=1))
    result = pixmirror("check", "--pixiv")
    assert result.exit_code == 0
    assert "not read, only kept: brand_new" in result.output.replace("\n", " ") or "brand_new" in result.output


def test_the_first_sync_stops_where_data_would_be_lost(pixmirror, config, changed, pixiv):
    changed(lambda item: item.update(id="none"))
    result = pixmirror("sync")
    assert result.exit_code == BadResponse.exit_code
    assert "data would be lost" in result.stderr
    assert "--skip-check" in result.stderr
    assert sum(pixiv.state.counts.values()) <= 13
    assert pixmirror("sync", "--skip-check").exit_code in (0, 7)


def test_only_the_first_sync_looks(pixmirror, mirrored, changed):
    changed(lambda item: item.update(id="none"))
    assert pixmirror("sync").exit_code in (0, 7)


def with_cookie(config, session: str) -> None:
    (config.parent / "phpsessid").write_text(session)


def test_a_web_login_is_tried_with_one_request(pixmirror, config, pixiv):
    with_cookie(config, "10000001_demo")
    level, text = rows(pixmirror("check", "--json"))["web"]
    assert (level, "shows what the app hides" in text) == ("ok", True)
    assert sum(pixiv.state.counts.values()) == 1
    assert not (config.parent / "mirror").exists()


def test_a_web_login_that_has_expired_is_a_warning(pixmirror, config):
    with_cookie(config, "10000001_dead")
    result = pixmirror("check", "--json")
    assert result.exit_code == 0
    level, text = rows(result)["web"]
    assert (level, "does not work" in text) == ("warn", True)
    assert "10000001_dead" not in result.output


def test_a_web_login_of_another_account_is_a_warning(pixmirror, mirrored, pixiv, monkeypatch):
    with_cookie(mirrored, "77_demo")
    monkeypatch.setattr("pixmirror.demo.web.calls.viewer", lambda request, world: world.me)
    level, text = rows(pixmirror("check", "--json"))["web"]
    assert level == "warn"
    assert "user:77" in text


def test_a_file_that_holds_no_cookie_is_a_mistake_in_the_config(pixmirror, config):
    with_cookie(config, "something else")
    result = pixmirror("check")
    assert result.exit_code == 2
    assert "something else" not in result.output


def test_gallery_db_is_looked_into_where_there_is_one(pixmirror, mirrored):
    path = mirrored.parent / "mirror" / "gallery.db"
    assert "gallery" not in rows(pixmirror("check", "--json"))
    GalleryDatabase.open(path).close()
    assert rows(pixmirror("check", "--json"))["gallery"][0] == "ok"
    path.write_bytes(b"not a database, but long enough to be looked at" * 40)
    result = pixmirror("check", "--json")
    assert result.exit_code == 4
    level, text = rows(result)["gallery"]
    assert level == "bad"
    assert "is damaged or is not a gallery database" in text
    assert "Put back your backup" in text
