"""Starting where the system lacks something: one sentence and its exit code, and `check` says it before."""

import errno
import fcntl
import json
import os
import resource
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pixmirror import control
from pixmirror.catalogue.sqlite import uri
from pixmirror.cli.common import the_error
from pixmirror.cli.demo_setup import TOKEN
from pixmirror.errors import StorageError
from pixmirror.store import MirrorRoot


def rows(result) -> dict[str, tuple[str, str]]:
    return {row["what"]: (row["level"], row["text"]) for row in json.loads(result.stdout)["checks"]}


def process(
    config: Path, *arguments: str, limits: dict[int, int] | None = None, env: dict[str, str] | None = None
):
    def limit() -> None:
        for which, most in (limits or {}).items():
            resource.setrlimit(which, (most, most))

    return subprocess.run(
        [sys.executable, "-m", "pixmirror", "--config", config, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        preexec_fn=limit,
        env={**os.environ, **(env or {})},
    )


# --- locks


@pytest.fixture(params=["flock", "lockf"])
def without_locks(request, monkeypatch) -> None:
    """A disk, such as some shares, that refuses one of the two kinds of locks."""
    real = getattr(fcntl, request.param)

    def refused(file: Any, operation: int, *more: Any) -> None:
        if operation != fcntl.LOCK_UN:
            raise OSError(errno.ENOLCK, "No locks available")
        real(file, operation, *more)

    monkeypatch.setattr(fcntl, request.param, refused)


@pytest.mark.usefixtures("without_locks")
def test_a_disk_without_locks_is_a_sentence(pixmirror, config):
    checked = pixmirror("check", "--json")
    assert checked.exit_code == 6
    assert "has no file locks" in rows(checked)["locks"][1]
    result = pixmirror("sync")
    assert result.exit_code == 6
    assert "has no file locks" in result.stderr


def test_the_lock_is_taken_through_no_link(pixmirror, mirrored, tmp_path):
    lock = tmp_path / "mirror" / ".lock"
    (tmp_path / "precious").write_text("words")
    lock.unlink()
    lock.symlink_to(tmp_path / "precious")
    result = pixmirror("sync")
    assert result.exit_code == 6
    assert "is a link" in result.stderr
    assert (tmp_path / "precious").read_text() == "words"


# --- a first start that is cut


@pytest.mark.parametrize("elsewhere", [False, True])
@pytest.mark.parametrize("after", ["mirror.json", "media", "marker"])
def test_a_first_start_that_was_cut_between_its_files_goes_on(pixmirror, config, tmp_path, after, elsewhere):
    root, media = tmp_path / "mirror", tmp_path / "mirror" / "media"
    root.mkdir()
    if elsewhere:
        media = tmp_path / "nas"
        media.mkdir()
        config.write_text(config.read_text().replace("[mirror]", '[mirror]\nmedia = "nas"'))
    identity = "6c3bb3ad-4e6f-4b4f-8d2a-6e1f8a4f4f10"
    (root / "mirror.json").write_text(json.dumps({"mirror_id": identity}))
    if after != "mirror.json":
        media.mkdir(exist_ok=True)
    if after == "marker":
        (media / ".pixmirror-media").write_text(f"{identity}\n")
    assert pixmirror("check").exit_code == 0
    assert pixmirror("sync").exit_code == 0
    assert (media / ".pixmirror-media").read_text().strip() == identity
    assert stat.S_IMODE(root.stat().st_mode) == 0o700


def test_an_unmounted_disk_of_a_mirror_with_a_past_is_not_taken_for_a_cut_start(pixmirror, mirrored, tmp_path):
    media = tmp_path / "mirror" / "media"
    media.rename(tmp_path / "away")
    media.mkdir()
    assert pixmirror("check").exit_code == 6
    pixmirror("sync")
    assert list(media.iterdir()) == []


# --- credentials


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00{", b"{", b"[]", b'{"token": {"access_token": "\xc3\xa9"}}', b"[" * 100_000]
)
def test_a_damaged_login_is_a_sentence(pixmirror, mirrored, tmp_path, content):
    (tmp_path / "refresh-token").unlink()
    (tmp_path / "mirror" / "credentials.json").write_bytes(content)
    for command in ("sync", "check"):
        result = pixmirror(command)
        assert result.exit_code == 3, result.output
        assert "credentials.json is damaged" in result.output
    (tmp_path / "token").write_text(TOKEN)
    assert pixmirror("login", "--token-file", "token").exit_code == 0
    assert pixmirror("check").exit_code == 0


def test_a_damaged_login_beside_a_configured_token_is_only_told_of(pixmirror, mirrored, tmp_path):
    (tmp_path / "mirror" / "credentials.json").write_bytes(b"\xff")
    result = pixmirror("check", "--json")
    assert result.exit_code == 0
    assert any(row["what"] == "login" and row["level"] == "warn" for row in json.loads(result.stdout)["checks"])
    assert pixmirror("sync").exit_code == 0


# --- what the system runs out of


@pytest.mark.parametrize("most", [8, 10])
def test_too_many_open_files_are_a_sentence(config, most):
    result = process(config, "sync", limits={resource.RLIMIT_NOFILE: most})
    assert result.returncode == 6, result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("most", [1, 16])
def test_a_disk_that_fails_while_the_catalogue_is_made_is_a_sentence_and_the_next_start_goes_on(config, most):
    result = process(config, "sync", limits={resource.RLIMIT_FSIZE: most << 10})
    assert result.returncode == 6, result.stderr
    assert "Traceback" not in result.stderr
    assert process(config, "sync").returncode == 0


def test_other_systems_are_told_where_it_runs(config, tmp_path):
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "sitecustomize.py").write_text(
        "import sys\nfor name in ('fcntl', 'pwd', 'resource'): sys.modules[name] = None\n"
    )
    path = os.pathsep.join([str(tmp_path / "s"), os.environ["PYTHONPATH"]])
    for arguments in (("demo", "--once"), ("sync",), ("init",)):
        result = process(config, *arguments, env={"PYTHONPATH": path})
        assert result.returncode == 2, result.stderr
        assert "WSL" in result.stderr
        assert "Traceback" not in result.stderr
    for arguments in (("--help",), ("--version",)):
        assert process(config, *arguments, env={"PYTHONPATH": path}).returncode == 0


def test_the_client_library_is_imported_on_other_systems():
    code = (
        "import sys\nfor name in ('fcntl', 'pwd', 'resource'): sys.modules[name] = None\n"
        "import pixmirror.pixiv, pixmirror.pixiv.blocking"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_no_core_file_would_hold_the_login(pixmirror, config):
    before = resource.getrlimit(resource.RLIMIT_CORE)
    try:
        pixmirror("status")
        assert resource.getrlimit(resource.RLIMIT_CORE)[0] == 0
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, before)
    assert "\nLimitCORE=0\n" in (Path(__file__).parents[2] / "systemd" / "pixmirror.service").read_text()


def test_check_says_before_that_no_socket_can_be_made(pixmirror, mirrored, monkeypatch):
    def nowhere(*_: object) -> Path:
        raise StorageError("The control socket cannot be made anywhere.")

    monkeypatch.setattr(control, "try_places", nowhere)
    result = pixmirror("check", "--json")
    assert result.exit_code == 6
    assert rows(result)["socket"][0] == "bad"


# --- modes


@pytest.mark.parametrize(
    "name", ["refresh-token", "mirror/credentials.json", "mirror/catalogue.db", "mirror", "phpsessid"]
)
def test_check_closes_what_others_could_read(pixmirror, mirrored, tmp_path, name):
    path = tmp_path / name
    if name == "phpsessid":
        path.write_text("")
    folder = path.is_dir()
    path.chmod(0o755 if folder else 0o644)
    said = [row for row in json.loads(pixmirror("check", "--json").stdout)["checks"] if row["what"] == "modes"]
    assert len(said) == 1
    assert str(path) in said[0]["text"]
    assert stat.S_IMODE(path.stat().st_mode) == (0o700 if folder else 0o600)
    assert not [row for row in json.loads(pixmirror("check", "--json").stdout)["checks"] if row["what"] == "modes"]


@pytest.mark.parametrize(
    ("key", "closed"),
    [
        ('refresh_token = "abc"', True),
        ('proxy = "http://me:secret@127.0.0.1:1"', True),
        ('language = "en"', False),
    ],
)
def test_check_closes_a_config_that_holds_a_secret(pixmirror, mirrored, key, closed):
    text = mirrored.read_text().replace('refresh_token_file = "refresh-token"', key)
    mirrored.write_text(text)
    mirrored.chmod(0o644)
    pixmirror("check")
    assert stat.S_IMODE(mirrored.stat().st_mode) == (0o600 if closed else 0o644)


@pytest.mark.parametrize("key", ["refresh_token_file", "phpsessid_file"])
def test_check_changes_no_folder_that_is_named_where_a_file_belongs(pixmirror, config, tmp_path, key):
    folder = tmp_path / "everybody's"
    folder.mkdir()
    folder.chmod(0o1777)
    lines = [line for line in config.read_text().splitlines() if not line.startswith(key)]
    config.write_text("\n".join(lines).replace("[pixiv]", f'[pixiv]\n{key} = "{folder}"'))
    assert "directory" in pixmirror("check").output
    assert stat.S_IMODE(folder.stat().st_mode) == 0o1777


@pytest.mark.parametrize("why", ["holds other folders", "is everybody's"])
def test_a_folder_that_others_use_too_keeps_its_modes(pixmirror, config, tmp_path, why):
    root = tmp_path / "mirror"
    root.mkdir()
    if why == "holds other folders":
        (root / "photos").mkdir()
    mode = 0o755 if why == "holds other folders" else 0o1777
    root.chmod(mode)
    assert pixmirror("sync").exit_code == 0
    assert "a folder of its own" in rows(pixmirror("check", "--json"))["modes"][1]
    assert stat.S_IMODE(root.stat().st_mode) == mode


@pytest.mark.parametrize("below", ["", "/deeper"])
@pytest.mark.parametrize("command", ["status", "healthcheck", "check", "sync", "gallery", "why 1", "pause"])
def test_a_root_that_is_a_file_is_named(pixmirror, config, tmp_path, command, below):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "file").chmod(0o644)
    config.write_text(config.read_text().replace('root = "mirror"', f'root = "file{below}"'))
    result = pixmirror(*command.split())
    assert result.exit_code == 6
    assert f"{tmp_path / 'file'} is not a folder; `mirror.root` names {tmp_path / 'file'}{below}" in result.output
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o644


def test_a_group_that_the_umask_lets_in_stays_in(pixmirror, mirrored, tmp_path):
    mirrored.write_text(mirrored.read_text().replace("[mirror]", '[mirror]\numask = "027"'))
    (tmp_path / "mirror").chmod(0o750)
    (tmp_path / "mirror" / "catalogue.db").chmod(0o644)
    pixmirror("check")
    assert stat.S_IMODE((tmp_path / "mirror").stat().st_mode) == 0o750
    assert stat.S_IMODE((tmp_path / "mirror" / "catalogue.db").stat().st_mode) == 0o640


def test_a_mirror_that_has_begun_is_new_until_its_catalogue_is_made(tmp_path):
    with MirrorRoot.open(tmp_path / "m") as first:
        assert first.new
    with MirrorRoot.open(tmp_path / "m") as again:
        assert (again.new, again.mirror_id) == (True, first.mirror_id)
        again.note_catalogue()
    with MirrorRoot.open(tmp_path / "m") as last:
        assert not last.new


# --- names and locales


def test_a_folder_of_any_name_will_do(config, tmp_path):
    folder = os.fsencode(tmp_path) + "/画像 ?#%".encode() + b"\xff\xfe"
    os.mkdir(folder)
    for file in ("config.toml", "refresh-token"):
        os.rename(tmp_path / file, os.path.join(folder, file.encode()))
    moved = Path(os.fsdecode(folder)) / "config.toml"
    for command in ("sync", "status", "check", "verify"):
        result = process(moved, command)
        assert result.returncode == 0, result.stderr


def test_a_locale_that_cannot_name_a_path_is_a_sentence(config):
    config.write_text(config.read_text().replace('root = "mirror"', 'root = "画像"'))
    result = process(config, "sync", env={"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"})
    assert result.returncode == 2
    assert "LC_ALL=C.UTF-8" in result.stderr
    assert "Traceback" not in result.stderr


def test_an_error_of_the_system_inside_a_group_is_no_bug():
    failed = the_error(ExceptionGroup("", [OSError(errno.EIO, "Input/output error")]))
    assert isinstance(failed, StorageError)
    assert "Input/output error" in str(failed)
    assert the_error(ExceptionGroup("", [OSError(errno.EIO, ""), ValueError()])) is None
    ours = StorageError("x")
    assert the_error(ExceptionGroup("", [OSError(errno.EIO, ""), ExceptionGroup("", [ours])])) is ours


@pytest.fixture
def read_only(monkeypatch, tmp_path) -> None:
    """The mirror's folder lies in an image; this user, who may be root, is told so."""
    real = os.access
    monkeypatch.setattr(
        os, "access", lambda path, mode: not str(path).startswith(str(tmp_path / "mirror")) and real(path, mode)
    )


@pytest.mark.usefixtures("mirrored", "read_only")
def test_a_mirror_in_a_read_only_image_is_read_as_one_that_does_not_change(tmp_path):
    catalogue = tmp_path / "mirror" / "catalogue.db"
    assert uri(catalogue, "ro").endswith("mode=ro&immutable=1")
    assert "immutable" not in uri(catalogue, "rw")
    catalogue.with_name("catalogue.db-wal").write_bytes(b"")
    assert "immutable" not in uri(catalogue, "ro")  # somebody writes


@pytest.mark.usefixtures("mirrored", "read_only")
def test_what_only_reads_works_there_and_a_login_is_refused_before_it_is_used(pixmirror, pixiv):
    for command in (("status",), ("search", "a"), ("coverage",), ("export", "works")):
        assert pixmirror(*command).exit_code == 0
    asked = sum(pixiv.state.counts.values())
    result = pixmirror("login", "-", input=TOKEN)
    assert result.exit_code == 6
    assert "could not be kept" in result.stderr
    assert sum(pixiv.state.counts.values()) == asked
