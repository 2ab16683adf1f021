"""A config with any value anywhere is read, or refused in sentences that name their place."""

import re
from pathlib import Path
from random import Random

import pytest

from pixmirror.config import Config, load
from pixmirror.errors import ConfigError
from pixmirror.sync.kinds import KINDS

EXAMPLE = (Path(__file__).parents[1] / "config.example.toml").read_text("utf-8")
A_KEY = re.compile(r"^(?:# )?([a-z_]+|\"[^\"]+\") = (.+)$")
NASTY = (
    "true", "0", "-1", "1.5", "nan", "inf", "9999999999999999999999", "1979-05-27", "07:32:00", '""', '" "', '"x"',
    '"0"', '"-1 GiB"', '"1e400 GiB"', '"9999999999999 days"', '"\\u0000"', '"\\u202e"', '"a\\nb"', "[]", "[[]]",
    '[""]', "[1, true]", '["public", "public"]', "{}", '{x = 1}', '"http://["', '"file:///etc/passwd"', '"../.."',
    '"~nobody-like-this/x"', '"* * * * *"', '"61 25 * * *"', '"Mars/Olympus"', '"2026-13-45"', "'''",  "]", "= 1",
)  # fmt: skip


def changed(rng: Random) -> str:
    """The example, its comments among the keys, with a few values that nobody would write."""
    lines = EXAMPLE.splitlines()
    keys = [n for n, line in enumerate(lines) if A_KEY.match(line)]
    for n in rng.sample(keys, rng.choice((1, 2, 5))):
        found = A_KEY.match(lines[n])
        assert found is not None
        name = found[1] if rng.random() < 0.9 else rng.choice(("root", "name", "kind", "new_key", "refresh_token"))
        lines[n] = f"{name} = {rng.choice(NASTY)}"
    if rng.random() < 0.1:
        lines.insert(rng.randrange(len(lines)), rng.choice(("[[jobs]]", "[mirror]", "[x.y]", "[[pixiv]]", "\x00")))
    return "\n".join(lines)


def fuzz(folder: Path, seed: int, count: int) -> None:
    rng, path = Random(seed), folder / "config.toml"
    env = {"HOME": str(folder)}
    outcomes: set[bool | str] = set()
    for turn in range(count):
        text = changed(rng)
        path.write_text(text, "utf-8")
        try:
            outcomes.add(isinstance(load(path, env, KINDS), Config))
        except ConfigError as error:
            outcomes.add("refused")
            says = str(error)
        except Exception as error:
            raise AssertionError(f"seed {seed}, turn {turn}:\n{text}") from error
        else:
            continue
        first, *problems = says.splitlines()
        assert first, f"seed {seed}, turn {turn}"
        assert all(problem.startswith("  ") for problem in problems), f"seed {seed}, turn {turn}: {says}"
        assert len(says) < 4000, f"seed {seed}, turn {turn}"
    assert outcomes == {True, "refused"}


def test_a_value_that_nobody_would_write_is_read_or_refused_in_a_sentence(tmp_path: Path) -> None:
    fuzz(tmp_path, 1, 120)


@pytest.mark.long
def test_ten_thousand_configs_that_nobody_would_write_are_read_or_refused(tmp_path: Path) -> None:
    for seed in range(2, 12):
        fuzz(tmp_path, seed, 1000)
