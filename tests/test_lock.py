"""The locked set of dependencies (systemd/requirements.lock), which the container and the tests of it install."""

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
LOCK = (ROOT / "systemd" / "requirements.lock").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def locked() -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9-]+)==([\w.]+)", LOCK, re.MULTILINE))


def test_it_has_each_dependency_in_the_range_that_the_project_allows() -> None:
    names = locked()
    wanted = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["japanese"]]
    for requirement in map(Requirement, wanted):
        name = requirement.name.lower().replace("_", "-")
        assert name in names, f"{name}: lock it again, as CONTRIBUTING says"
        assert requirement.specifier.contains(names[name]), requirement


def test_each_has_hashes_and_none_an_address() -> None:
    for entry in re.split(r"^(?=[a-z])", LOCK, flags=re.MULTILINE)[1:]:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry[:80]
    assert "://" not in LOCK
    assert not re.search(r"^\s*-(?!-hash)", LOCK, re.MULTILINE)  # no index, no links: those are the installer's
    assert "@" not in LOCK
