"""The pages and the program say the same."""

import re
from dataclasses import fields
from importlib.resources import files
from pathlib import Path

import pytest
import typer

from pixmirror import errors
from pixmirror.cli import app
from pixmirror.cli.help import topics
from pixmirror.models import State

DOCS = files("pixmirror") / "docs"
# Tables, and what builders cite; the others are read.
LOOKED_UP = ("api", "architecture", "config", "faults", "models", "pixiv", "sql")


def page(name: str) -> str:
    return (DOCS / f"{name}.md").read_text("utf-8")


def all_errors() -> list[type[errors.PixmirrorError]]:
    found = [errors.PixmirrorError]
    for error in found:
        found += error.__subclasses__()
    return [e for e in found if e.__module__ == errors.__name__]


def test_commands():
    root = typer.main.get_command(app)
    named = set(re.findall(r"^\| `([a-z]+)", page("commands"), re.MULTILINE))
    assert named == set(root.commands)  # type: ignore[attr-defined]
    for name, command in root.commands.items():  # type: ignore[attr-defined]
        takes_json = any("--json" in getattr(p, "opts", ()) for p in command.params)
        said = page("commands").split("`--json` prints JSON", 1)[1].split("\n\n")[0]
        assert takes_json == (f"`{name}`" in said), name


def test_the_page_of_exit_codes_explains_each_once():
    described = [int(code) for code in re.findall(r"^\| (\d+) \|", page("exit-codes"), re.MULTILINE)]
    assert described == sorted(errors.ExitCode)
    assert {error.exit_code for error in all_errors()} <= set(described)


def test_exit_codes_are_numbers_in_one_file_alone():
    bare = re.compile(r"\b(?:[Ee]xit\(|exit_code(?:: [\w\[\]]+)? = )\d")
    for path in Path(errors.__file__).parent.rglob("*.py"):
        assert not bare.search(path.read_text("utf-8")), path


def test_topics(pixmirror):
    known = topics()
    assert set(known) >= {
        *("commands", "config", "exit-codes", "good-guest", "jobs", "json", "nothing-lost", "recover", "status"),
        *("where-things-are", "architecture", "pixiv"),
    }
    listed = pixmirror("help").output
    for name, heading in known.items():
        assert name in listed
        assert heading in listed
        assert heading in pixmirror("help", name).output
        assert name in LOOKED_UP or len(page(name).splitlines()) <= 130


def test_topics_named_anywhere_exist():
    for name in topics():
        for mentioned in re.findall(r"`pixmirror help ([a-z-]+)`", page(name)):
            assert mentioned in topics()


def test_states():
    assert all(re.search(rf"^\|[^|]*\b{state}\b", page("status"), re.MULTILINE) for state in State)


def named(section: str, of: str = "json") -> set[str]:
    """The keys that a section of a page names."""
    return set(re.findall(r"`(\w+)`", page(of).split(f"## {section}", 1)[1].split("\n## ")[0]))


def keys(*printed: type) -> set[str]:
    return {field.name for one in printed for field in fields(one)}


def test_every_key_of_json_is_documented():
    from pixmirror.ingest import forgetting, stats
    from pixmirror.ledger.brake import Brake
    from pixmirror.rebuild import findings as rebuild
    from pixmirror.reports import (
        added,
        came_in,
        coverage,
        coverage_lists,
        drift,
        gone,
        history,
        plan,
        queries,
        troubles,
        why,
        why_facts,
        why_files,
    )

    status = keys(
        *(queries.Status, queries.Files, queries.Requests, queries.JobStatus, came_in.CameIn, queries.Reason),
        *(queries.Due, queries.Gaps, queries.Pace, troubles.Trouble),
    )
    assert status | {"running", "running_jobs"} <= named("For scripts", "status")
    proof = keys(coverage.Coverage, coverage.Missing) | {"total", "artists", "web_problem", "missing"}
    lists = keys(coverage_lists.BookmarkList, coverage_lists.RankingProof) | {"bookmarks", "rankings", "as_of"}
    made = {"by_choice", "holes", "percent", "is_complete"}
    assert proof | lists | made <= named("The keys of coverage --json", "coverage")
    assert keys(added.Added) - {"is_open"} | {"added", "amount", "seconds", "trouble", "exit_code"} <= named("add")
    vanished = keys(drift.Membership, drift.Copy, drift.DeletedComment, drift.Vanished)
    survivors = keys(gone.OnlyHere, gone.Survivor, gone.Leaver, gone.Total) - {"key"}
    assert vanished | survivors | keys(Brake) | {"held", "text", "accepted", "moved"} <= named("gone")
    versions = keys(history.History, history.Version, history.Change, history.Kept, history.Text, stats.Point)
    assert versions | keys(history.StateMove, history.Past) - {"fields"} <= named("show")
    reasons = keys(why.Why, why.SeenBy, why_files.FileWhy, why.Pending, why.Seen, why.Unread) - {"facts"}
    more = (why_facts.Moved, why_facts.Doubted, why_facts.Grave, why_facts.WebListed, why_facts.ArtistList)
    assert reasons | keys(why_facts.Facts, why_facts.Artist, why_facts.Drifted, *more) <= named("why")
    assert keys(plan.Plan) <= named("plan")
    others = keys(forgetting.Forgotten, forgetting.Restored, rebuild.Difference) | {
        "ref",
        "page",
        "at",
        "same",
        "written",
    }
    assert others | {"works", "users", "payloads", "unreadable", "differences", "examples"} <= named(
        "forget, unforget"
    )


def test_the_keys_of_verify_and_sync_are_documented():
    from pixmirror import verify
    from pixmirror.catalogue import losses
    from pixmirror.daemon import sync

    read = keys(verify.Report, verify.Bad, losses.GivenUp) | {"sound"}
    assert read <= named("The keys of `verify --json`", "verify")
    assert keys(sync.Brought) | {"exit_code", "trouble", "held", "troubles"} <= named("forget, unforget")


def test_every_key_of_an_import_is_documented():
    from pixmirror.rebuild.dumps import Counted
    from pixmirror.sync import dumps

    assert keys(dumps.Report, dumps.Trouble, Counted) | {"written"} <= named("The keys of --json", "legacy")
    assert {"provenance", "dumped_comments"} <= named("show")


def test_reasons_of_what_is_missing():
    from pixmirror.reports.reasons import WORKS

    assert all(re.search(rf"^\| {reason} \|", page("coverage"), re.MULTILINE) for reason in WORKS)


def test_kinds(pixmirror):
    from pixmirror.reports.export import KINDS

    named = re.findall(r"\w+", pixmirror("export", "--help").stdout)
    assert set(KINDS) <= set(named)


@pytest.mark.parametrize("command", ["why", "export", "add", "import legacy", "api app users.illusts", "forget"])
def test_help_shows_arguments_as_people_write_them(pixmirror, command):
    usage = pixmirror(*command.split(), "--help").stdout.splitlines()[0]
    assert re.search(r"\[OPTIONS\] \[?[A-Z_]+\]?(\.\.\.)?$", usage), usage


def test_help_on_a_command(pixmirror):
    assert "--skip-check" in pixmirror("help", "sync").output


def test_unknown_topic(pixmirror):
    result = pixmirror("help", "recovery")
    assert result.exit_code == 2
    assert "did you mean recover?" in result.stderr
