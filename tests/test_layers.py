"""Imports point downwards: the contracts of pyproject.toml hold."""

import subprocess
import sys
from pathlib import Path

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
    looked_up = {"src/pixmirror/catalogue/schema.py"}
    assert {name for name, lines in lengths.items() if lines > 420} <= looked_up
