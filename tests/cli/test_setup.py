"""`init`, `db upgrade`."""

import json
import os
import re
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote

from pixmirror.catalogue.gallery.database import GalleryDatabase
from pixmirror.catalogue.gallery.schema import LINEAGE
from pixmirror.catalogue.migrate import HEAD
from pixmirror.cli import setup
from pixmirror.config import example_text, load
from pixmirror.sync.kinds import KINDS


def test_init_writes_a_config_that_works(pixmirror, tmp_path):
    result = pixmirror("init")
    assert result.exit_code == 0
    written = tmp_path / "config.toml"
    assert written.read_text() == example_text()
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    assert load(written, {}, KINDS).jobs
    assert "pixmirror login" in result.output


def test_init_never_overwrites(pixmirror, tmp_path):
    (tmp_path / "config.toml").write_text("mine")
    result = pixmirror("init")
    assert result.exit_code == 2
    assert "it was not changed" in result.stderr
    assert (tmp_path / "config.toml").read_text() == "mine"


def test_init_elsewhere(pixmirror, tmp_path, home):
    assert pixmirror("init", "--user").exit_code == 0
    assert (home / ".config" / "pixmirror" / "config.toml").is_file()
    result = pixmirror("init", str(tmp_path / "some where" / "pix.toml"))
    assert "--config '" in result.output
    assert pixmirror("init", "x.toml", "--user").exit_code == 2


def test_init_system(pixmirror, tmp_path):
    result = pixmirror("init", "--system", "--prefix", str(tmp_path))
    assert result.exit_code == 0
    written = tmp_path / "etc" / "pixmirror" / "config.toml"
    assert str(load(written, {}, KINDS).mirror.root) == "/var/lib/pixmirror"
    assert "systemctl enable --now pixmirror pixmirror-gallery" in result.output
    (copied,) = re.findall(r"cp (.+) /etc/systemd/system/", result.output)
    assert [Path(unit).name for unit in copied.split()] == list(setup.UNITS)
    assert all(Path(unit).is_file() for unit in copied.split())
    assert "gallery --address" in result.output
    assert "/opt/pixmirror/bin/pixmirror --config" in result.output


def test_init_system_installs_what_is_there(pixmirror, tmp_path, monkeypatch):
    source = tmp_path / "source tree"
    source.mkdir()
    noted = {"url": source.as_uri(), "dir_info": {}}
    monkeypatch.setattr(setup, "distribution", lambda name: SimpleNamespace(read_text=lambda _: json.dumps(noted)))
    result = pixmirror("init", "--system", "--prefix", str(tmp_path / "a"))
    assert f"/opt/pixmirror/bin/pip install '{source}[japanese]'\n" in result.output

    source.rmdir()
    result = pixmirror("init", "--system", "--prefix", str(tmp_path / "b"))
    assert "/opt/pixmirror/bin/pip install '.[japanese]'  # in the source tree\n" in result.output

    monkeypatch.setattr(sys, "prefix", "/opt/pixmirror")
    result = pixmirror("init", "--system", "--prefix", str(tmp_path / "c"))
    assert "pip install" not in result.output


def test_what_init_makes_for_the_service_its_user_can_read(pixmirror, tmp_path):
    before = os.umask(0o077)
    try:
        assert pixmirror("init", "--system", "--prefix", str(tmp_path)).exit_code == 0
    finally:
        os.umask(before)
    written = tmp_path / "etc" / "pixmirror" / "config.toml"
    assert stat.S_IMODE(written.stat().st_mode) == 0o644
    assert stat.S_IMODE(written.parent.stat().st_mode) == 0o755


def test_half_a_config_does_not_stand_in_the_way(pixmirror, tmp_path):
    target = tmp_path / "config.toml"
    child = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100));"
        "from pixmirror.cli import main; import sys; sys.argv[1:] = ['init']; main()"
    )
    failed = subprocess.run([sys.executable, "-c", child], cwd=tmp_path, capture_output=True, text=True)
    assert failed.returncode == 6, failed.stderr
    assert not target.exists()
    assert pixmirror("init").exit_code == 0


def test_db_upgrade(pixmirror, mirrored):
    result = pixmirror("db", "upgrade")
    assert result.exit_code == 0
    assert "nothing to do" in result.output


def test_db_upgrade_without_a_mirror(pixmirror, config):
    assert pixmirror("db", "upgrade").exit_code == 6
    assert not (config.parent / "mirror").exists()


def schemas(root: Path) -> dict[str, str]:
    return {name: _schema(root / f"{name}.db") for name in ("catalogue", "gallery")}


def _schema(path: Path, revision: str | None = None) -> str:
    with closing(sqlite3.connect(path)) as raw, raw:
        if revision is not None:
            raw.execute("UPDATE alembic_version SET version_num = ?", (revision,))
        return str(raw.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def test_db_upgrade_looks_after_gallery_db_too(pixmirror, mirrored):
    root = mirrored.parent / "mirror"
    GalleryDatabase.open(root / "gallery.db").close()
    assert f"The gallery database has schema {LINEAGE.head} already" in pixmirror("db", "upgrade").output
    assert schemas(root) == {"catalogue": HEAD, "gallery": LINEAGE.head}


def test_db_datasette_metadata_prints_questions_columns_and_links(pixmirror, mirrored):
    printed = json.loads(pixmirror("db", "datasette-metadata").stdout)
    told = printed["databases"]["catalogue"]
    assert len(told["queries"]) == 20
    assert told["queries"]["which-works-have-a-tag"]["title"] == "Which works have a tag?"
    assert "illust, manga, ugoira" in told["tables"]["works"]["columns"]["type"]
    assert told["tables"]["work"] == {"hidden": True}
    assert unquote(printed["extra_js_urls"][0]["url"]).startswith("data:text/javascript,const views = {")


def test_an_older_program_refuses_a_newer_gallery_db(pixmirror, mirrored):
    root = mirrored.parent / "mirror"
    GalleryDatabase.open(root / "gallery.db").close()
    _schema(root / "gallery.db", "0099")
    for command in (["db", "upgrade"], ["export", "ratings"], ["check"]):
        result = pixmirror(*command)
        assert result.exit_code == 4
        said = " ".join(result.output.split())
        assert "has schema 0099, newer than this program knows" in said
        assert "There is no safety copy of an older schema beside it to go back to." in said
    assert pixmirror("export", "works").exit_code == 0
    assert _schema(root / "gallery.db") == "0099"
