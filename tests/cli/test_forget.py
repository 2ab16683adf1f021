"""`forget` and `unforget`: what they say, what they ask, and that the files go and come back."""

import json
from pathlib import Path
from typing import Any

import pytest

from pixmirror.cli import forget as command
from tests.cli.conftest import Command
from tests.cli.test_work import daemon  # noqa: F401

FILE_KEYS = {"ref", "page", "works", "files", "bytes", "comments", "until", "already", "texts", "backups"}


@pytest.fixture
def media(mirrored: Path) -> Path:
    return mirrored.parent / "mirror" / "media"


def one_work(pixmirror: Command) -> dict[str, Any]:
    rows = [json.loads(line) for line in pixmirror("export", "files").stdout.splitlines()]
    return next(r for r in rows if r["medium"] == "illust" and r["role"] == "page")


def test_forget_and_unforget(pixmirror, media):
    work = one_work(pixmirror)
    ref, path = str(work["id"]), media / work["path"]
    assert path.exists()
    result = pixmirror("forget", ref, "--yes")
    assert result.exit_code == 0, result.output
    assert "is forgotten: " in result.stdout
    assert f"pixmirror unforget {ref}" in result.stdout
    assert not path.exists()
    assert [p.name for p in (media / ".trash").rglob("*") if p.is_file()] == [path.name]
    assert not path.with_name(f"{ref}.json").exists()
    listed = json.loads(pixmirror("forget", "--list", "--json").stdout)
    assert [(t["ref"], t["page"], t["files"]) for t in listed] == [(ref, None, 1)]
    assert ref in pixmirror("forget", "--list").stdout
    assert pixmirror("verify").exit_code == 0
    assert "1 file came back" in pixmirror("unforget", ref).stdout
    assert path.exists()
    assert not (media / ".trash").exists()
    assert "Nothing is forgotten" in pixmirror("forget", "--list").stdout
    verified = pixmirror("verify")
    assert (verified.exit_code, "1 sidecar missing" in verified.stdout) == (0, True)
    assert pixmirror("sync").exit_code == 0
    assert path.parent.joinpath(f"{ref}.json").exists()


def test_json(pixmirror, media):
    ref = str(one_work(pixmirror)["id"])
    done = json.loads(pixmirror("forget", ref, "--page", "0", "--yes", "--json").stdout)
    assert done.keys() == FILE_KEYS
    assert (done["ref"], done["page"], done["files"], done["already"]) == (ref, 0, 1, False)
    assert done["until"].endswith("+00:00")
    back = json.loads(pixmirror("unforget", ref, "--page", "0", "--json").stdout)
    assert back == {"ref": ref, "page": 0, "files": 1, "wanted": 0}


def test_without_a_terminal_it_wants_yes(pixmirror, media):
    work = one_work(pixmirror)
    result = pixmirror("forget", str(work["id"]))
    assert result.exit_code == 2
    assert "--yes" in result.stderr
    assert (media / work["path"]).exists()


@pytest.mark.parametrize(("answer", "code"), [("n\n", 1), ("y\n", 0)])
def test_on_a_terminal_it_asks(pixmirror, media, monkeypatch, answer, code):
    monkeypatch.setattr(command, "on_terminal", lambda: True)
    work = one_work(pixmirror)
    found = json.loads(pixmirror("show", str(work["id"]), "--json").stdout)
    result = pixmirror("forget", str(work["id"]), input=answer)
    assert result.exit_code == code
    assert result.stdout.startswith(f"{found['title']} ({work['id']}), by {found['user']['name']}: 1 file (")
    assert "1 file" in result.stdout
    assert (media / work["path"]).exists() == (code == 1)


def test_a_user_goes_with_all_works_and_the_name(pixmirror, media):
    work = one_work(pixmirror)
    name = json.loads(pixmirror("show", str(work["id"]), "--json").stdout)["user_id"]
    result = pixmirror("forget", f"user:{name}", "--yes")
    assert result.exit_code == 0, result.output
    assert "erased for good" in result.stdout
    assert not [p for p in (media / str(name)).rglob("*") if p.is_file()]
    users = {u["id"]: u for u in map(json.loads, pixmirror("export", "users").stdout.splitlines())}
    assert users[name]["name"] == ""
    assert pixmirror("sync").exit_code == 0
    assert not [p for p in (media / str(name)).rglob("*") if p.is_file()]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("forget",), "Say what to forget"),
        (("forget", "1", "--list"), "nothing beside it"),
        (("forget", "user:1", "--page", "0", "--yes"), "as a whole"),
        (("unforget", "1"), "is not forgotten"),
        (("forget", "nonsense", "--yes"), "names no work"),
    ],
)
def test_what_cannot_be_is_refused(pixmirror, mirrored, arguments, sentence):
    result = pixmirror(*arguments)
    assert result.exit_code == 2
    assert sentence in result.stderr


@pytest.mark.parametrize(("ref", "says"), [("987", "nothing of it is here"), ("user:987", "no file of theirs")])
def test_what_was_never_seen_has_nothing_to_be_had_back(pixmirror, mirrored, ref, says):
    result = pixmirror("forget", ref, "--yes")
    assert result.exit_code == 0
    assert says in result.stdout
    assert "be fetched" in result.stdout
    assert "had back" not in result.stdout


def test_no_mirror(pixmirror, config):
    for arguments in (("forget", "1", "--yes"), ("unforget", "1"), ("forget", "--list")):
        result = pixmirror(*arguments)
        assert result.exit_code == 2
        assert "no mirror" in result.stderr


def test_days_0_removes_at_once(pixmirror, mirrored, media):
    mirrored.write_text(mirrored.read_text().replace("[mirror]\n", "[mirror]\ntrash_days = 0\n"))
    work = one_work(pixmirror)
    result = pixmirror("forget", str(work["id"]), "--yes")
    assert "cannot be had back" in result.stdout
    assert not (media / ".trash").exists()
    assert "1 file will be fetched again" in pixmirror("unforget", str(work["id"])).stdout
    assert pixmirror("sync").exit_code == 0
    assert (media / work["path"]).exists()


def test_a_running_pixmirror_forgets(pixmirror, daemon, mirrored):  # noqa: F811
    media, work = mirrored.parent / "mirror" / "media", one_work(pixmirror)
    ref = str(work["id"])
    assert json.loads(pixmirror("forget", ref, "--yes", "--json").stdout).keys() == FILE_KEYS
    assert not (media / work["path"]).exists()
    assert pixmirror("verify").exit_code == 0
    assert pixmirror("forget", f"user:{work['id']}", "--page", "1", "--yes").exit_code == 2
    assert "came back" in pixmirror("unforget", ref).stdout
    assert (media / work["path"]).exists()
    result = pixmirror("unforget", ref)
    assert result.exit_code == 2
    assert "is not forgotten" in result.stderr
