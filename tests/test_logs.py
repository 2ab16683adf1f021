"""Logging: lines fit for their reader, and no secret in any of them."""

import asyncio
import io
import json
import logging
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixmirror import logs
from tests.hostile.texts import LOG_LINE

TOKEN = "q8Xv1-abc_DEFghijklmnopqrstuvwxyz0123456789ABC"


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    logging.getLogger("pixmirror").setLevel(logging.NOTSET)
    logs._known.clear()
    logs._passing.clear()


def logged(*arguments: object, json: bool = False, **options: bool) -> str:
    stream = io.StringIO()
    logs.setup("DEBUG", json=json, stream=stream, env={})
    logging.getLogger("pixmirror.test").error(*arguments, **options)  # type: ignore[arg-type]
    return stream.getvalue()


def test_no_word_of_others_moves_the_cursor_or_looks_like_an_entry() -> None:
    text = ""
    for as_json in (False, True):
        try:
            raise ValueError(LOG_LINE)
        except ValueError:
            text = logged("it was %s", LOG_LINE, json=as_json, exc_info=True)
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202e]", text)
        assert not re.search("(?m)^2026-11-29 12:00:00", text)
        assert "title" in text
    assert json.loads(text)["message"].startswith("it was")


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {TOKEN}",
        f"{{'authorization': 'bearer {TOKEN}'}}",
        f"refresh_token={TOKEN}&grant_type=refresh_token",
        f'{{"response": {{"refresh_token": "{TOKEN}"}}}}',
        f"{{'access_token': '{TOKEN}'}}",
        f'"{{\\"refresh_token\\": \\"{TOKEN}\\"}}"',
        f"Cookie: a=b; PHPSESSID={TOKEN}; c=d",
        f"https://app-api.pixiv.net/callback?state=x&code={TOKEN}&via=login",
        f"pixiv://account/login?code={TOKEN}",
        f"code_verifier={TOKEN}",
        f"{{'code': '{TOKEN}'}}",
        f"http://me:{TOKEN}@proxy.example:3128",
    ],
)
def test_no_secret_passes_in_message_argument_or_exception(text: str) -> None:
    assert TOKEN not in logged(text.replace("%", "%%"))
    assert TOKEN not in logged("it was %s", text)
    assert TOKEN not in logged("it was %(a)s", {"a": text})
    for as_json in (False, True):
        try:
            raise ValueError(text)
        except ValueError:
            line = logged("failed: %r", [text], json=as_json, exc_info=True)
        assert "ValueError" in line
        assert TOKEN not in line
        assert logs.HIDDEN in line


def test_a_known_secret_is_hidden_without_any_sign_of_what_it_is() -> None:
    logs.hide(TOKEN)
    logs.hide("short")
    assert logged(f"x{TOKEN}x short").endswith(f"x{logs.HIDDEN}x short\n")


def test_mail_addresses_are_hidden() -> None:
    assert "example.com" not in logged("mail_address of someone.else+x@example.com")


def test_what_is_no_secret_stays() -> None:
    text = "exit code: 2, status_code=404, user 123, code 1508, https://www.pixiv.net/users/11?p=2"
    assert text in logged(text)


@given(st.text())
def test_redacting_twice_is_redacting_once(text: str) -> None:
    once = logs.redact(f"refresh_token={text} code={text} Bearer {text}")
    assert logs.redact(once) == once


def test_json_lines_are_json_whatever_is_hidden_in_them() -> None:
    line = logged('refresh_token="%s" あ\n', TOKEN, json=True)
    record = json.loads(line)
    assert record["message"] == f'refresh_token="{logs.HIDDEN}" あ\n'
    assert (record["level"], record["logger"]) == ("error", "pixmirror.test")
    assert record["time"].endswith("Z")


def test_under_journald_each_line_carries_its_priority(tmp_path: Path) -> None:
    with (tmp_path / "journal").open("w+") as stream:
        found = os.fstat(stream.fileno())
        logs.setup(stream=stream, env={"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"})
        logging.getLogger("x").warning("two\nlines")
        logging.getLogger("x").info("one")
        logging.getLogger("x").debug("none")
        stream.seek(0)
        assert stream.read() == "<4>two\n<4>  lines\n<6>one\n"
        logs.setup(stream=stream, env={"JOURNAL_STREAM": "1:1"})  # redirected elsewhere
        logging.getLogger("x").warning("plain")
        stream.seek(0)
        assert " WARNING plain\n" in stream.read()


def test_a_line_names_the_job_the_user_and_the_work_that_it_is_about() -> None:
    with logs.about(job="daily"):
        with logs.about(user=11, work="novel:7"):
            record = json.loads(logged("it is late", json=True))
            text = logged("novel:7 is late\nand more")
        outside = json.loads(logged("so is this", json=True))
    assert {name: record.get(name) for name in ("job", "user", "work")} == {
        "job": "daily", "user": "11", "work": "novel:7",
    }  # fmt: skip
    assert text.endswith("novel:7 is late [job=daily user=11]\n  and more\n")  # once is enough for a person
    assert (outside["job"], "work" in outside) == ("daily", False)
    assert "job" not in json.loads(logged("and this", json=True))


async def _logs(job: str) -> None:
    await asyncio.sleep(0)
    logging.getLogger("x").info("mine")


def test_what_runs_beside_it_is_not_named_for_it() -> None:
    async def both() -> None:
        tasks = []
        for job in ("one", "two"):
            with logs.about(job=job):
                tasks.append(asyncio.create_task(_logs(job)))
        await asyncio.gather(*tasks, _logs("none"))

    stream = io.StringIO()
    logs.setup(json=True, stream=stream, env={})
    asyncio.run(both())
    assert [json.loads(line).get("job") for line in stream.getvalue().splitlines()] == ["one", "two", None]


def test_no_secret_passes_as_what_a_line_is_about() -> None:
    logs.hide(TOKEN)
    with logs.about(job=f"{TOKEN}\n{LOG_LINE}"):
        for as_json in (False, True):
            line = logged("x", json=as_json)
            assert TOKEN not in line
            assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202e]", line)


def test_setting_up_again_replaces() -> None:
    first, second = io.StringIO(), io.StringIO()
    logs.setup(stream=first, env={})
    logs.setup(stream=second, env={})
    logging.getLogger("x").info("hello")
    assert first.getvalue() == ""
    assert second.getvalue().count("hello") == 1
    logging.getLogger("httpx").info("GET https://...")
    assert "GET" not in second.getvalue()


def test_below_info_only_our_own_lines_are_logged() -> None:
    stream = io.StringIO()
    logs.setup("DEBUG", stream=stream, env={})
    for name in ("urllib3.connectionpool", "pixmirror.daemon", "asyncio"):
        logging.getLogger(name).debug("a detail of %s", name)
        logging.getLogger(name).info("news of %s", name)
    assert [line.split()[-1] for line in stream.getvalue().splitlines() if "detail" in line] == [
        "pixmirror.daemon"
    ]
    assert stream.getvalue().count("news of") == 3
