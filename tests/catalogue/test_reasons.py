"""Each reason why something is not here has one wording and a cure, wherever it is shown."""

import re
from importlib.resources import files

import pytest
import typer

from pixmirror.catalogue.database import Connection, Database
from pixmirror.catalogue.refs import Ref
from pixmirror.cli import app
from pixmirror.cli.tables import NOT_STORED
from pixmirror.ingest.works import record_works
from pixmirror.reports import queries, states, troubles
from pixmirror.reports.completeness import WORDS
from pixmirror.reports.glance import glance
from pixmirror.reports.headline import Around
from pixmirror.reports.reasons import FILES, LACKING, NO_KIND, TOO_LARGE, WORKS, Reason, of_failed, upper
from pixmirror.reports.why import why
from pixmirror.reports.why_short import short
from tests.catalogue.builders import DAY, NOW, illust, seen, works

WORK = Ref("illust", 1)
EVERY = {
    **FILES, **{f"a work: {name}": reason for name, reason in WORKS.items()},
    "too large": TOO_LARGE, "no kind": NO_KIND, "lacking": LACKING,
}  # fmt: skip


def told(conn: Connection) -> dict[str, str]:
    """What each surface says of the mirror's one file, in one text each."""
    found = why(conn, WORK, NOW)
    seen_short = short(conn, found, NOW)
    now = queries.status(conn, NOW)
    row = {**conn.exec_driver_sql("SELECT state, error, attempts, sha256 FROM media").mappings().one()}
    return {
        "why": " ".join((seen_short.first, *seen_short.steps)),
        "why --full": " ".join(found.answer),
        "show": states.of_file(row | {"due_at": None}, NOW),
        "the table of status": NOT_STORED.get(row["state"], ""),
        "what is stuck": " ".join(f"{r.what}: {r.reason}" for r in (*now.stuck, *now.explained)),
        "what is wrong": " ".join(map(str, troubles.known(conn, NOW))),
        "status": " ".join(glance(conn, NOW, Around(), {}).asides),
    }


# What each surface is silent of, since it tells only what is wrong, or tells it in its own way: a page's place in
# the queue, when it is tried again.
SILENT = {
    "wanted": {"why", "why --full", "what is stuck", "what is wrong", "status"},
    "fetching": {"the table of status", "what is stuck", "what is wrong", "status"},
    "waiting": {"why", "the table of status"},
    "failed": set(),
    "gone": {"what is wrong"},
    "damaged": set(),
    "refused": {"why", "why --full", "what is stuck", "what is wrong", "status"},
    "forgotten": {"why", "why --full", "the table of status", "what is stuck", "what is wrong", "status"},
}  # fmt: skip


def a_file(db: Database, state: str) -> None:
    db.run_sync(record_works, seen(), works(illust(1)), {})
    sql = "UPDATE media SET state = ?, error = 'it broke', attempts = 4, due_at = ?"
    db.run_sync(lambda conn: conn.exec_driver_sql(sql, (state, NOW + DAY)))


@pytest.mark.parametrize("state", FILES)
def test_a_state_of_a_file_is_said_in_the_same_words_everywhere(db: Database, state: str) -> None:
    a_file(db, state)
    for where, text in db.read_sync(told).items():
        if where not in SILENT[state]:
            assert FILES[state].says in text or upper(FILES[state].says) in text, (where, text)


def test_the_states_are_those_that_a_file_can_have(db: Database) -> None:
    sql = db.read_sync(lambda c: c.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = 'media'").scalar())
    written = (files("pixmirror") / "catalogue" / "schema.py").read_text("utf-8")
    named = re.search(r"# A file: (.*)\.\n", written)
    assert sql
    assert named is not None
    assert {*re.findall(r"[a-z]+(?=[,. ]|$)", re.sub(r"\(.*?\)", "", named[1]))} - {"stored"} == set(FILES)


@pytest.mark.parametrize("reason", EVERY.values(), ids=list(EVERY))
def test_a_reason_names_a_command_that_exists(reason: Reason) -> None:
    root = typer.main.get_command(app)
    named = re.findall(r"`pixmirror ([a-z]+)((?: --[a-z-]+)*)", reason.cure)
    assert named, reason
    for command, options in named:
        known = root.commands[command]  # type: ignore[attr-defined]
        for option in options.split():
            assert any(option in getattr(param, "opts", ()) for param in known.params)
    topics = {page.name.removesuffix(".md") for page in (files("pixmirror") / "docs").iterdir()}
    assert set(re.findall(r"`pixmirror help ([a-z-]+)", reason.cure)) <= topics


def test_what_brings_a_file_that_could_not_be_had_depends_on_why() -> None:
    assert of_failed("it has more than mirror.max_file allows", "u") is TOO_LARGE
    assert of_failed("the URL names no kind of file that pixmirror stores", "u") is NO_KIND
    assert of_failed("the page lacks", "") is LACKING
    assert of_failed("anything else", "u") is FILES["failed"]


@pytest.mark.parametrize(("page", "table"), [("status", FILES), ("coverage", WORKS)])
def test_the_pages_of_help_have_the_words_and_the_command_of_each(page: str, table: dict[str, Reason]) -> None:
    lines = (files("pixmirror") / "docs" / f"{page}.md").read_text("utf-8").splitlines()
    for name, reason in table.items():
        (line,) = [line for line in lines if line.startswith(f"| {name} | {reason.says} |")]
        cures = re.findall(r"`pixmirror [a-z]+", reason.cure)
        assert name == "fetching" or any(command in line for command in cures), name


def test_coverage_says_of_works_what_is_said_of_their_files() -> None:
    for name in WORKS.keys() & FILES.keys():
        assert WORKS[name] is FILES[name]
    assert all(WORDS[name].startswith(reason.says) for name, reason in WORKS.items())
