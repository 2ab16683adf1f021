"""A kind of job is whole: keys, a line in KINDS, a file, what users read of it, and a demo that answers it."""

import pkgutil
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Literal

import pytest

from pixmirror.config import example_text, load
from pixmirror.daemon.first_look import first_look
from pixmirror.daemon.job_changes import use_jobs
from pixmirror.daemon.mirror import open_mirror
from pixmirror.demo.generate import add_artist, empty_world
from pixmirror.demo.server import create_app, running
from pixmirror.models.jobs import JobConfig, Some
from pixmirror.models.values import UserId
from pixmirror.reports import plan
from pixmirror.reports.completeness import completeness
from pixmirror.sync import kinds, refresh
from pixmirror.sync.kinds import KINDS, JobKind
from pixmirror.sync.planning import planned
from tests.standin import Setup

DOCS = Path(__file__).parents[2] / "src/pixmirror/docs"


def test_every_file_of_a_kind_has_its_line_in_kinds() -> None:
    modules = {m.name: import_module(f"{kinds.__name__}.{m.name}") for m in pkgutil.iter_modules(kinds.__path__)}
    found = {name: module.ACTIONS for name, module in modules.items() if hasattr(module, "ACTIONS")}
    assert found == {name: kind.actions for name, kind in KINDS.items()}
    assert {kind.config.model_fields["kind"].default: kind for kind in KINDS.values()} == KINDS


def test_reading_a_configuration_imports_neither_the_catalogue_nor_the_http_client(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(example_text(), "utf-8")
    read = """if True:
        import sys
        from pathlib import Path
        from pixmirror.cli.common import Session
        assert Session(Path(sys.argv[1])).config.jobs
        print(*sorted({"apscheduler", "httpx", "sqlalchemy"} & sys.modules.keys()))
    """
    asked = [sys.executable, "-c", read, str(tmp_path / "config.toml")]
    found = subprocess.run(asked, check=True, capture_output=True, text=True)
    assert found.stdout.strip() == ""


def test_no_kind_is_named_where_jobs_are_handled() -> None:
    """What others must know of a kind its keys say: `keeps_fresh`, `rankings`, `users`."""
    source = DOCS.parent
    names = "|".join(KINDS)
    compared = re.compile(rf"(?:job|heir|config|one)\.kind\s*(?:==|!=|(?:not )?in)\s*\(?[\"'](?:{names})[\"']")
    found = [
        f"{path.relative_to(source)}: {named[0]}"
        for path in source.rglob("*.py")
        if not path.is_relative_to(source / "sync/kinds") and not path.is_relative_to(source / "demo")
        for named in compared.finditer(path.read_text("utf-8"))
    ]
    assert found == []


class ToyJob(JobConfig):
    """The works of one artist, read again and again."""

    keeps_fresh = "named artists"
    kind: Literal["toy"] = "toy"
    users: Some[UserId]


@pytest.mark.anyio
async def test_a_new_kind_is_its_keys_its_line_and_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = ModuleType(f"{kinds.__name__}.toy")
    monkeypatch.setattr(file, "ACTIONS", KINDS["user"].actions, raising=False)
    monkeypatch.setitem(sys.modules, file.__name__, file)
    monkeypatch.setitem(KINDS, "toy", JobKind("toy", ToyJob))
    world = empty_world()
    artist, other = add_artist(world, works=3), add_artist(world, works=2)
    (tmp_path / "config.toml").write_text(
        f'[mirror]\nroot = "{tmp_path}"\n[[jobs]]\nname = "t"\nkind = "toy"\nusers = [{artist.id}]\nevery = "1h"\n'
    )
    jobs = load(tmp_path / "config.toml", {}, KINDS).jobs
    with running(create_app(world)) as url:
        setup = Setup(tmp_path / "mirror", url, jobs)
        report = await setup.sync(horizon_s=0)
        async with open_mirror(setup.config(), {}) as mirror:
            await use_jobs(mirror, mirror.config)
            assert refresh.wishes(mirror.account_id, mirror.jobs).user_jobs == ("t",)
            assert mirror.job_for_chores().name == "t"
            proof = await mirror.db.read(completeness, mirror.account_id, jobs, mirror.clock.now())
    assert report.results["t"].error is None
    assert {one["user_id"] for one in setup.export("works")} == {artist.id}
    assert proof.rankings == ()
    assert other.id not in {one.user_id for one in proof.overview.artists if one.is_read}


@pytest.mark.parametrize("kind", KINDS)
def test_users_read_of_every_kind(kind: str) -> None:
    assert f"| `{kind}` |" in (DOCS / "jobs.md").read_text("utf-8")
    assert f'### kind = "{kind}"' in (DOCS / "config.md").read_text("utf-8")


@pytest.mark.anyio
@pytest.mark.parametrize("kind", KINDS)
async def test_the_demo_answers_what_every_kind_asks(kind: str, tmp_path: Path) -> None:
    """The job of config.example.toml: its first look, its plan, and its run."""
    (tmp_path / "config.toml").write_text(example_text(), "utf-8")
    jobs = [job for job in load(tmp_path / "config.toml", {}, KINDS).jobs if job.kind == kind]
    assert jobs, f"config.example.toml has no job of kind {kind}"
    world = empty_world()
    artist = add_artist(world, works=3, novels=1)
    world.bookmark(next(iter(world.works)))
    job = jobs[0].model_copy(update={"enabled": True, "users": (artist.id,), "files": False})
    with running(create_app(world)) as url:
        setup = Setup(tmp_path / "mirror", url, [job])
        async with open_mirror(setup.config(), {}) as mirror:
            looked = await first_look(mirror)
        report = await setup.sync(horizon_s=0)
    assert [probe.error for probe in looked.probes if probe.error] == []
    assert looked.probes
    assert report.results[job.name].error is None
    with plan.nothing_yet() as conn:
        assert plan.plan(conn, 0, [planned(job)]).requests_total
