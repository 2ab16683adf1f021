"""The control socket: who may use it, and what it makes of nonsense."""

import asyncio
import json
import os
import stat
import tempfile
from pathlib import Path
from typing import Any

import pytest

from pixmirror import control
from pixmirror.errors import ConfigError, DaemonBusy, DaemonOlder, DaemonRefused, StorageError

pytestmark = pytest.mark.anyio


async def echo(request: dict[str, Any]) -> dict[str, Any]:
    if request["command"] == "refuse":
        raise ConfigError("No.")
    return {"echo": request}


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {"RUNTIME_DIRECTORY": str(tmp_path / "run")}


async def raw(path: Path, data: bytes) -> list[dict[str, Any]]:
    reader, writer = await asyncio.open_unix_connection(str(path))
    writer.write(data)
    writer.write_eof()
    lines = (await asyncio.wait_for(reader.read(), 10)).splitlines()
    writer.close()
    return [json.loads(line) for line in lines]


async def test_the_folder_is_0700_and_the_socket_0600_and_nothing_is_left(
    tmp_path: Path, env: dict[str, str]
) -> None:
    folder = tmp_path / "run"
    folder.mkdir(mode=0o755)
    async with control.listening(tmp_path, env, echo) as path:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(folder.iterdir()) == []


async def test_a_socket_that_a_killed_daemon_left_is_replaced(tmp_path: Path, env: dict[str, str]) -> None:
    path = control.socket_paths(tmp_path, env)[0]
    path.parent.mkdir()
    path.touch()
    async with control.listening(tmp_path, env, echo):
        assert await control.ask(tmp_path, env, {"command": "x"}) == {"ok": True, "echo": {"command": "x"}}


async def test_a_refusal_is_a_sentence_with_its_exit_code(tmp_path: Path, env: dict[str, str]) -> None:
    async with control.listening(tmp_path, env, echo):
        answer = await control.ask(tmp_path, env, {"command": "refuse"})
    assert answer == {"ok": False, "error": "No.", "exit_code": 2}


@pytest.mark.parametrize(
    "line", [b"garbage", b"", b"[]", b'{"command": 1}', b"\xff\xfe", b"[" * 100_000, b'{"x": NaN']
)
async def test_garbage_is_refused_and_the_next_line_answered(
    tmp_path: Path, env: dict[str, str], line: bytes
) -> None:
    async with control.listening(tmp_path, env, echo) as path:
        first, second = await raw(path, line + b'\n{"command": "x"}\n')
    assert first["ok"] is False
    assert second["ok"] is True


async def test_a_line_without_end_is_refused_and_others_are_served_meanwhile(
    tmp_path: Path, env: dict[str, str]
) -> None:
    async with control.listening(tmp_path, env, echo) as path:
        reader, writer = await asyncio.open_unix_connection(str(path))
        writer.write(b"x" * (2 * control.LIMIT + 10))
        assert json.loads(await asyncio.wait_for(reader.readline(), 10))["ok"] is False
        writer.close()
        assert await control.ask(tmp_path, env, {"command": "x"})


async def test_an_asker_that_goes_away_disturbs_nobody(tmp_path: Path, env: dict[str, str]) -> None:
    done = asyncio.Event()

    async def slow(request: dict[str, Any]) -> dict[str, Any]:
        await asyncio.sleep(0.2)
        done.set()
        return {}

    async with control.listening(tmp_path, env, slow) as path:
        _, writer = await asyncio.open_unix_connection(str(path))
        writer.write(b'{"command": "x"}\n')
        await writer.drain()
        writer.close()
        await asyncio.wait_for(done.wait(), 5)
        assert await control.ask(tmp_path, env, {"command": "x"}) == {"ok": True}


async def test_a_request_under_way_does_not_keep_it_from_closing(tmp_path: Path, env: dict[str, str]) -> None:
    async def forever(request: dict[str, Any]) -> dict[str, Any]:
        await asyncio.sleep(3600)
        return {}

    async with control.listening(tmp_path, env, forever):
        asked = asyncio.create_task(control.ask(tmp_path, env, {"command": "x"}, timeout=None))
        await asyncio.sleep(0.1)
    assert await asyncio.wait_for(asked, 5) is None


@pytest.mark.parametrize("name", ["RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR"])
def test_a_path_is_never_too_long(tmp_path: Path, name: str) -> None:
    long = tmp_path / ("ö" * 100)
    paths = control.socket_paths(tmp_path / ("x" * 200) / ("y" * 200), {name: str(long)})
    assert paths
    assert all(len(os.fsencode(path)) <= control.LONGEST_PATH for path in paths)


def test_two_mirrors_have_two_sockets_and_a_link_to_one_is_that_one(tmp_path: Path, env: dict[str, str]) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert control.socket_paths(tmp_path / "a", env) == control.socket_paths(tmp_path / "link", env)
    assert not set(control.socket_paths(tmp_path / "a", env)) & set(control.socket_paths(tmp_path / "b", env))


async def test_a_command_finds_a_daemon_that_was_started_without_a_session(tmp_path: Path) -> None:
    """By cron, say; no XDG_RUNTIME_DIR there."""
    async with control.listening(tmp_path, {}, echo):
        answer = await control.ask(tmp_path, {"XDG_RUNTIME_DIR": str(tmp_path)}, {"command": "x"})
    assert answer is not None


async def test_no_socket_is_made_in_a_folder_of_somebody_else(
    tmp_path: Path, env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "run").symlink_to(tmp_path / "elsewhere")
    monkeypatch.setattr(control, "_folders", lambda env: [tmp_path / "run"])
    async with control.listening(tmp_path, env, echo) as path:
        assert path.parent == tmp_path / control.OWN_FOLDER
    assert list((tmp_path / "elsewhere").iterdir()) == []


async def test_where_nothing_else_can_be_written_the_socket_is_in_the_mirror_s_own_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(control, "_folders", lambda env: [tmp_path / "file" / "x", tmp_path / "file"])
    with tempfile.TemporaryDirectory() as folder:  # a short path, wherever the tests write
        root = Path(folder)
        async with control.listening(root, {}, echo) as path:
            assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
            assert path.parent.parent == root
            assert await control.ask(root, {}, {"command": "x"}) is not None


async def test_without_any_place_a_sentence_names_what_would_help(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(control, "_folders", lambda env: [tmp_path / "file"])
    root = tmp_path / ("long" * 30)
    root.mkdir()
    for use in (control.bind, control.try_places):
        with pytest.raises(StorageError, match=r"somebody else|File exists.*XDG_RUNTIME_DIR"):
            use(root, {})


async def test_trying_the_places_disturbs_no_daemon(tmp_path: Path, env: dict[str, str]) -> None:
    async with control.listening(tmp_path, env, echo) as path:
        assert control.try_places(tmp_path, env) == path.parent
        assert await control.ask(tmp_path, env, {"command": "x"}) is not None
    assert list(path.parent.iterdir()) == []


async def test_nobody_is_asked_in_a_folder_of_somebody_else(tmp_path: Path, env: dict[str, str]) -> None:
    async with control.listening(tmp_path, env, echo) as path:
        other = tmp_path / "other"
        other.symlink_to(path.parent)
        assert await control.ask(tmp_path, {"RUNTIME_DIRECTORY": str(other)}, {"command": "x"}) is None


async def test_without_a_daemon_there_is_no_answer(tmp_path: Path, env: dict[str, str]) -> None:
    assert await control.ask(tmp_path, env, {"command": "x"}) is None


async def test_one_that_is_busy_is_told_apart_from_one_that_is_absent(tmp_path: Path, env: dict[str, str]) -> None:
    done = asyncio.Event()

    async def slow(request: dict[str, Any]) -> dict[str, Any]:
        await asyncio.sleep(0.05)
        done.set()
        return {}

    async with control.listening(tmp_path, env, slow):
        with pytest.raises(DaemonBusy, match="busy; this will be done next"):
            await control.ask(tmp_path, env, {"command": "x"}, timeout=0.001)
        await asyncio.wait_for(done.wait(), 10)
    assert await control.ask(tmp_path, env, {"command": "x"}, timeout=0.001) is None


def test_a_refusal_is_raised_and_an_older_daemon_is_told_apart() -> None:
    assert control.accepted(None) is None
    assert control.accepted({"ok": True, "n": 1}) == {"ok": True, "n": 1}
    with pytest.raises(DaemonRefused, match=r"^No\.$") as refused:
        control.accepted({"ok": False, "error": "No.", "exit_code": 3})
    assert refused.value.exit_code == 3
    with pytest.raises(DaemonOlder, match="restart it"):
        control.accepted({"ok": False, "error": "Unknown command 'x'; known: status.", "exit_code": 2})


async def test_a_question_that_the_end_cuts_off_leaves_no_traceback(
    tmp_path: Path, env: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    asked = asyncio.Event()

    async def never(request: dict[str, Any]) -> dict[str, Any]:
        asked.set()
        await asyncio.Event().wait()
        return {}

    async with control.listening(tmp_path, env, never):
        question = asyncio.create_task(control.ask(tmp_path, env, {"command": "x"}))
        await asked.wait()
    assert await question is None
    assert not caplog.records
