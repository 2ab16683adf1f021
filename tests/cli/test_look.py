"""The commands that only read."""

import json
import subprocess
import sys

import pytest

STABLE = {
    *("works", "users", "tags", "comments", "novels", "bookmarks", "files", "bytes", "requests", "jobs"),
    *("healthy", "problems"),
}


def first(pixmirror, kind: str = "works"):
    return json.loads(pixmirror("export", kind).stdout.splitlines()[0])


def test_status(pixmirror, mirrored):
    found = json.loads(pixmirror("status", "--json").stdout)
    assert found.keys() >= STABLE
    assert found["files"].keys() >= {"wanted", "stored", "gone", "failed"}
    assert found["requests"].keys() >= {"api", "image"}
    for job in found["jobs"]:
        assert job.keys() >= {"name", "kind", "last_run", "outcome", "next_run", "new", "error"}
    assert found["healthy"], found["problems"]
    assert (found["works"], found["novels"]) == (8, 1)
    text = pixmirror("status").stdout
    assert text.startswith("Healthy.")
    assert "disabled" in text


def test_status_says_what_is_wrong(pixmirror, mirrored):
    (mirrored.parent / "refresh-token").unlink()
    (mirrored.parent / "mirror" / "credentials.json").unlink()
    text = pixmirror("status").stdout
    assert text.startswith("Not healthy:")
    assert "no Pixiv login" in text


def test_show_why_search(pixmirror, mirrored):
    work = first(pixmirror)
    ref = str(work["id"])
    shown = pixmirror("show", ref).stdout
    assert work["title"] in shown
    assert "_p0.jpg" in shown
    assert json.loads(pixmirror("show", ref, "--json").stdout)["id"] == work["id"]
    assert "Complete" in pixmirror("why", ref).stdout
    assert json.loads(pixmirror("why", ref, "--json").stdout)["known"]
    assert ref in pixmirror("search", ref).stdout
    hits = json.loads(pixmirror("search", f"https://www.pixiv.net/artworks/{ref}", "--json").stdout)
    assert [hit["id"] for hit in hits] == [work["id"]]
    assert pixmirror("search", "nothing is called so").stdout == "Nothing found.\n"
    user = pixmirror("show", f"user:{work['user_id']}")
    assert user.exit_code == 0
    assert "stored" in user.stdout


def test_novel(pixmirror, mirrored):
    novel = first(pixmirror, "novels")
    assert novel["text"]
    assert novel["title"] in pixmirror("show", f"novel:{novel['id']}").stdout


def test_what_is_not_there(pixmirror, mirrored):
    result = pixmirror("show", "1")
    assert result.exit_code == 2
    assert "pixmirror why 1" in result.stderr
    assert "Never seen" in pixmirror("why", "1").stdout
    assert pixmirror("why", "rubbish!").exit_code == 2
    assert pixmirror("export", "rubbish").exit_code == 2


@pytest.mark.parametrize("kind", ["works", "files", "users", "tags", "bookmarks", "follows"])
def test_export_to_a_file(pixmirror, mirrored, tmp_path, kind):
    result = pixmirror("export", kind, "-o", "out.jsonl")
    assert result.exit_code == 0
    written = (tmp_path / "out.jsonl").read_text()
    assert written == pixmirror("export", kind).stdout
    assert all(json.loads(line) for line in written.splitlines())


def test_export_into_a_closed_pipe(mirrored):
    command = f"{sys.executable} -m pixmirror --config {mirrored} export files | true"
    result = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
    assert result.stderr == ""


def test_verify(pixmirror, mirrored):
    report = json.loads(pixmirror("verify", "--json").stdout)
    assert report["sound"]
    assert report["checked"] > 0
    file = next((mirrored.parent / "mirror" / "media").rglob("*_p0.jpg"))
    file.write_bytes(file.read_bytes()[:-3] + b"xyz")
    assert pixmirror("verify", "--quick").exit_code == 0
    result = pixmirror("verify")
    assert result.exit_code == 7
    assert file.name in result.stdout
    assert "fetched again" in result.stdout
    assert pixmirror("sync", "following").exit_code == 0
    assert pixmirror("verify").exit_code == 0


def test_moving_the_mirror(pixmirror, mirrored):
    (mirrored.parent / "mirror").rename(mirrored.parent / "moved")
    mirrored.write_text(mirrored.read_text().replace('root = "mirror"', 'root = "moved"'))
    assert pixmirror("verify", "--quick").exit_code == 0
