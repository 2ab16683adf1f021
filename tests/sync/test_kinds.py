"""A kind of job is whole: keys, a line in KINDS, a file, what users read of it, and a demo that answers it."""

import pkgutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from pixmirror.config import example_text, load
from pixmirror.daemon.estimates import planned
from pixmirror.daemon.first_look import first_look
from pixmirror.daemon.mirror import open_mirror
from pixmirror.demo.generate import add_artist, empty_world
from pixmirror.demo.server import create_app, running
from pixmirror.reports import plan
from pixmirror.sync import kinds
from pixmirror.sync.kinds import KINDS
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
