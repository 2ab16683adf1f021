"""Imports point downwards: the contracts of pyproject.toml hold."""

import ast
import re
import subprocess
import sys
from pathlib import Path

from pixmirror.cli import api as api_functions

REPO = Path(__file__).parents[1]


def test_every_import_contract_is_kept() -> None:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    result = subprocess.run([*command, "--no-cache"], cwd=REPO, capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stdout


def test_no_module_is_longer_than_anybody_reads() -> None:
    lengths = {
        str(path.relative_to(REPO)): len(path.read_text(encoding="utf-8").splitlines())
        for path in (REPO / "src").rglob("*.py")
    }

    # The tables are looked up, not read through.
    looked_up = {"src/pixmirror/catalogue/schema.py", "src/pixmirror/errors.py"}
    assert {name for name, lines in lengths.items() if lines > 420} <= looked_up


def test_every_reason_to_ask_stands_on_the_agenda() -> None:
    adds = re.compile(r"chores\.add|\binsert\(chore\)|INSERT INTO chore\b")
    found = {
        str(path.relative_to(REPO / "src/pixmirror"))
        for path in (REPO / "src").rglob("*.py")
        if adds.search(path.read_text(encoding="utf-8"))
    }

    assert found == {"catalogue/chores.py", "ledger/agenda.py"}


def test_no_job_changes_anything_at_pixiv_by_way_of_the_api_itself() -> None:
    """The contract keeps the functions of submissions out; this what else sends a POST, and how they all do."""
    functions = {name: f for name, f in api_functions.functions("app").items() if not name.startswith("drafts.")}
    writing = {function.__name__ for function in functions.values() if api_functions.writes(function)}
    jobs = ("daemon", "sync", "fetch", "schedule.py", "control.py", "verify.py")
    files = [p for j in jobs for p in [REPO / "src/pixmirror" / j, *(REPO / "src/pixmirror" / j).rglob("*.py")]]
    found = [
        f"{path.name}: {node.attr}"
        for path in files
        if path.is_file()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in {"submit", "submit_one", "post", *writing}
    ]

    assert len(files) > 30
    assert {"bookmark_add", "follow_delete", "mute_edit"} <= writing
    assert found == []
