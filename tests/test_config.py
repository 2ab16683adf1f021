"""The configuration: everything wrong is said at once with its place, nothing secret is ever said."""

import json
import re
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from apscheduler.triggers.cron import CronTrigger
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, SecretStr, ValidationError

from pixmirror.config import (
    BackupConfig,
    Config,
    CopyConfig,
    GalleryConfig,
    HttpConfig,
    MirrorConfig,
    NotifyConfig,
    PixivConfig,
    QuietHours,
    ScrubConfig,
    config_to_back_up,
    example_text,
    find_config,
    has_web_login,
    load,
    read_refresh_token,
    read_web_login,
)
from pixmirror.config.pasted import cookies_in, decoded, session_in, token_in
from pixmirror.config.secrets import MAX_BYTES, MAX_COOKIE
from pixmirror.errors import ConfigError
from pixmirror.models import values
from pixmirror.models.jobs import JobConfig
from pixmirror.models.values import read_cron, read_duration, read_size, read_user
from pixmirror.sync.kinds import (
    ILLUST_MODES,
    KINDS,
    NOVEL_MODES,
    BookmarksJob,
    FollowingJob,
    RankingJob,
    UserJob,
)

DOCS = (Path(__file__).parents[1] / "src/pixmirror/docs/config.md").read_text("utf-8")
SECRET = "hunter2-hunter2-hunter2"


def read(folder: Path, text: str, **env: str) -> Config:
    path = folder / "config.toml"
    path.write_text(text, "utf-8")
    return load(path, {"HOME": "/home/me", **env}, KINDS)


def problems(folder: Path, text: str, **env: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(folder, text, **env)
    assert SECRET not in str(caught.value)
    return list(caught.value.problems) or [str(caught.value)]


def ranking(**keys: object) -> RankingJob:
    return RankingJob.model_validate({"name": "r", "every": "1h", "modes": ["day"], **keys})


# --- what is read


def test_an_empty_file_gives_the_documented_defaults(tmp_path: Path) -> None:
    config = read(tmp_path, "")
    assert config.mirror.root == Path("/home/me/pixmirror")
    assert config.mirror.media is None
    assert config.mirror.keep_free == 10 << 30
    assert config.mirror.umask == 0o077
    assert config.pixiv.refresh_token_file == tmp_path / "refresh-token"
    assert (config.pixiv.requests_per_minute, config.pixiv.requests_per_day) == (30, 20000)
    assert config.jobs == ()
    assert Config().pixiv.client_id == config.pixiv.client_id


def test_paths_begin_at_the_config_file_and_at_home(tmp_path: Path) -> None:
    config = read(
        tmp_path, '[mirror]\nroot = "data/../mirror"\nmedia = "~/nas"\n[pixiv]\nrefresh_token_file = "/run/t"'
    )
    assert config.mirror.root == tmp_path / "mirror"
    assert config.mirror.media == Path("/home/me/nas")
    assert config.pixiv.refresh_token_file == Path("/run/t")


def test_under_systemd_the_state_directory_is_the_default_root_only(tmp_path: Path) -> None:
    assert read(tmp_path, "", STATE_DIRECTORY="/var/lib/pixmirror:/x").mirror.root == Path("/var/lib/pixmirror")
    own = read(tmp_path, '[mirror]\nroot = "/srv/m"', STATE_DIRECTORY="/var/lib/pixmirror")
    assert own.mirror.root == Path("/srv/m")


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    config = read(
        tmp_path,
        '[pixiv]\nlanguage = "ja"\nrequests_per_minute = 5\n[pixiv.hosts]\n"i.pximg.net" = "http://a"',
        PIXMIRROR_PIXIV__REQUESTS_PER_MINUTE="7",
        PIXMIRROR_PIXIV__HOSTS='{"www.pixiv.net": "http://127.0.0.1:1/"}',
        PIXMIRROR_PIXIV__REFRESH_TOKEN=f" {SECRET}\n",
        PIXMIRROR_MIRROR__KEEP_FREE="1 GB",
        pixmirror_mirror__sidecars="false",
        PIXMIRROR_JOBS='[{"name": "f", "kind": "following", "every": "1h"}]',
        PIXMIRROR_ROOT="is not ours",
    )
    assert (config.pixiv.language, config.pixiv.requests_per_minute) == ("ja", 7)
    assert config.pixiv.hosts == {"i.pximg.net": "http://a", "www.pixiv.net": "http://127.0.0.1:1"}
    assert config.pixiv.refresh_token == SecretStr(SECRET)
    assert (config.mirror.keep_free, config.mirror.sidecars) == (10**9, False)
    assert [job.name for job in config.jobs] == ["f"]


def test_jobs_are_what_they_say(tmp_path: Path) -> None:
    config = read(
        tmp_path,
        """
        [[jobs]]
        name = "f"
        kind = "following"
        every = "30m"
        [[jobs]]
        name = "u"
        kind = "user"
        users = [1, "2", "https://www.pixiv.net/en/users/3/artworks", 1]
        cron = "30  12 * * MON-fri"
        timezone = "Asia/Tokyo"
        posted_after = 2020-01-02
        posted_before = "2021-01-02"
        [[jobs]]
        name = "b"
        kind = "bookmarks"
        every = "7d"
        media = ["novel"]
        tag = "壁紙"
        [[jobs]]
        name = "r"
        kind = "ranking"
        every = "1h"
        modes = ["day", "week_r18g"]
        media = ["illust", "novel"]
        """,
    )
    following, user, bookmarks, rank = config.jobs
    assert isinstance(following, FollowingJob)
    assert following.every == 1800
    assert isinstance(user, UserJob)
    assert user.users == (1, 2, 3)
    assert (user.cron, user.every) == ("30 12 * * mon-fri", None)
    assert (user.posted_after, user.posted_before) == (date(2020, 1, 2), date(2021, 1, 2))
    assert isinstance(bookmarks, BookmarksJob)
    assert (bookmarks.media, bookmarks.tag, bookmarks.every) == (("novel",), "壁紙", 604800)
    assert isinstance(rank, RankingJob)
    assert rank.top == 100


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        (12, 12),
        ("10 GiB", 10 << 30),
        ("500 MB", 500_000_000),
        ("1.5kib", 1536),
        ("2TB", 2 * 10**12),
    ],
)
def test_sizes(text: object, size: int) -> None:
    assert read_size(text) == size


@pytest.mark.parametrize("text", ["", "ten", "-1", True, "10 GG", "10 G", "1 2", None, 1.5])
def test_what_is_no_size_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="10 GiB"):
        read_size(text)


@pytest.mark.parametrize(
    ("text", "seconds"), [("60s", 60), ("30m", 1800), ("1h", 3600), ("7d", 604800), ("2w", 1209600)]
)
def test_spans(text: str, seconds: int) -> None:
    assert read_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "30", "1s", "0m", "400d", "1h30m", "-1h"])
def test_what_is_no_span_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match=r"span of time|sensible"):
        read_duration(text)


@pytest.mark.parametrize(
    "text",
    ["123", "https://www.pixiv.net/users/123", "http://pixiv.net/en/users/123/illustrations?x=1#y",
     "https://www.pixiv.net/zh-tw/users/123", "https://www.pixiv.net/member.php?id=123"],
)  # fmt: skip
def test_users_by_id_or_address(text: object) -> None:
    assert read_user(text) == read_user(123) == 123


@pytest.mark.parametrize(
    "text", ["", "0", "-1", True, "abc", "https://www.pixiv.net/artworks/123", "https://evil/users/1"]
)
def test_what_is_no_user_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match=r"pixiv\.net/users/123"):
        read_user(text)


def test_quiet_hours_are_minutes_and_may_pass_midnight() -> None:
    assert PixivConfig.model_validate({"quiet_hours": "02:00-06:30"}).quiet_hours == QuietHours(120, 390)
    assert PixivConfig.model_validate({"quiet_hours": "23:00 - 5:00"}).quiet_hours == QuietHours(1380, 300)
    for wrong in ("2-6", "25:00-03:00", "02:00-02:00", 5):
        with pytest.raises(ValidationError):
            PixivConfig.model_validate({"quiet_hours": wrong})


# --- cron


_number = st.integers(0, 60).map(str)
_word = st.sampled_from(["mon", "fri", "sun", "jan", "dec", "*", "x"])
_item = st.one_of(
    _number,
    _word,
    st.tuples(st.one_of(_number, _word), st.one_of(_number, _word)).map("-".join),
    st.tuples(st.one_of(_number, _word), st.integers(0, 40).map(str)).map("/".join),
    st.tuples(_number, _number, _number).map(lambda t: f"{t[0]}-{t[1]}/{t[2]}"),
)
_field = st.one_of(st.just("*"), st.lists(_item, min_size=1, max_size=2).map(",".join))


@given(st.tuples(_field, _field, _field, _field, _field).map(" ".join))
def test_every_cron_line_that_we_accept_the_scheduler_accepts(line: str) -> None:
    try:
        text = read_cron(line)
    except ValueError:
        return
    CronTrigger.from_crontab(text, timezone="UTC")


@pytest.mark.parametrize(
    "line",
    ["30 12 * * *", "*/5 0-6 1,15 jan-mar mon", "0 */2 * * sat,sun", "5/10 1-9/2 * 12 *", "0 0 31 * fri-sun"],
)
def test_usual_cron_lines_are_accepted(line: str) -> None:
    assert read_cron(line) == line


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("0 0 * * 1", "by name"),
        ("0 0 * * 1-5", "by name"),
        ("0 0 * * mon-5", "by name"),
        ("60 * * * *", "0 to 59"),
        ("* 24 * * *", "0 to 23"),
        ("* * 0 * *", "1 to 31"),
        ("* * * 13 *", "cron month"),
        ("* * * * sun-mon", "backwards"),
        ("*/0 * * * *", "step"),
        ("* * * *", "five|minute, hour"),
        ("@daily", "minute, hour"),
        ("a * * * *", "cron minute"),
    ],
)
def test_wrong_cron_lines_are_explained(line: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_cron(line)


# --- what is wrong


def test_every_problem_is_named_at_once_with_its_place(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        """
        [mirror]
        rooot = "x"
        keep_free = "lots"
        [pixiv]
        image_connections = 0
        quiet_hours = "night"
        [pixiv.hosts]
        "app-api.pixiv.com" = "http://127.0.0.1"
        [notfy]
        [[jobs]]
        name = "daily"
        kind = "ranking"
        modes = ["dayly"]
        every = "often"
        [[jobs]]
        name = "daily"
        kind = "following"
        every = "1h"
        cron = "0 0 * * *"
        restricts = []
        files = "perhaps"
        [[jobs]]
        kind = "bookmark"
        [[jobs]]
        name = "Ünicode"
        kind = "user"
        users = []
        """,
        PIXMIRROR_PIXIV__REQUESTS_PER_DAY="many",
        PIXMIRROR_PIXV__LANGUAGE="ja",
    )
    expected = [
        "environment variable PIXMIRROR_PIXV__LANGUAGE: there is no table [pixv]; did you mean pixiv?",
        '[[jobs]] "daily": name: 2 jobs',
        "[mirror]: keep_free: 'lots' is not a size; write it like \"10 GiB\"",
        "[mirror]: rooot: there is no such key; did you mean root?",
        "PIXMIRROR_PIXIV__REQUESTS_PER_DAY, [pixiv]: requests_per_day: it must be a whole number",
        "[pixiv]: image_connections: ",
        "[pixiv]: quiet_hours: 'night'",
        '[pixiv]: hosts: "app-api.pixiv.com" is not a host of Pixiv; choose from app-api.pixiv.net',
        "[notfy]: there is no such table; did you mean notify?",
        '[[jobs]] "daily": every: ',
        '[[jobs]] "daily": modes: dayly: no such ranking of illusts; choose from day, week, month',
        '[[jobs]] "daily": cron: every and cron are both given',
        '[[jobs]] "daily": restricts: there is no such key; did you mean restrict?',
        '[[jobs]] "daily": files: it must be true or false',
        "[[jobs]] number 3: kind: 'bookmark' is not a kind of job; did you mean bookmarks?",
        '[[jobs]] "Ünicode": name: ',
        '[[jobs]] "Ünicode": users: the list is empty',
        '[[jobs]] "Ünicode": every: it is not said when the job runs',
    ]
    for words in expected:
        assert any(words in problem for problem in found), words
    assert len(found) == len(expected)


def test_each_problem_of_the_file_names_its_line(tmp_path: Path) -> None:
    text = """\
# a comment
[mirror]
rooot = "x"

[pixiv]
image_connections = 0
hosts = { "app-api.pixiv.com" = "http://127.0.0.1" }
language = '''
[[jobs]]
'''
[[jobs]]
name = "a"
kind = "user"
every = "1h"
users = [
  1,  # ]
  "x",
]
[[jobs]]
name = "b"
kind = "bookmarks"
every = "often"
[[jobs]]
name = "c"
kind = "following"
[[jobs]]
name = "d"
kind = "folowing"
[notfy]
"""
    found = problems(tmp_path, text, PIXMIRROR_PIXIV__REQUESTS_PER_DAY="many")
    lines = {problem.split(": ")[0]: problem for problem in found}
    for line, words in (
        (3, "rooot"), (6, "image_connections"), (7, "app-api.pixiv.com"), (15, "users"), (22, "every"),
        (23, "cron"), (28, "kind"), (29, "[notfy]"),
    ):  # fmt: skip
        assert words in lines[f"line {line}"]
    assert [p for p in found if not p.startswith("line ")] == [p for p in found if p.startswith("environment")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[mirror\n", "line 1, column 8"),
        ("[mirror]\nroot = ", "line 2"),
        ("[mirror]\nroot = '''", "line 2, the end of the file"),
        ("mirror = 3", "[mirror]: it must be a table"),
        ("[jobs]\nname = 'x'", "write [[jobs]], with two brackets"),
        ("[[jobs]]\nname = 'x'", "kind: it is missing"),
        ("[mirror]\nroot = 3", "root: 3 is not a path"),
        ("[mirror]\numask = 77", 'umask: 77 is not allowed; write "077"'),
        ("[mirror]\numask = '022'", "umask: '022' is not allowed"),
        ("[mirror]\nsidecars = 'perhaps'", "sidecars: it must be true or false"),
        ("[mirror]\nbrake_percent = 'x'", "brake_percent: it must be a number above 0 and at most 100"),
        ("[mirror]\nbrake_percent = nan", "brake_percent: it must be a number above 0 and at most 100"),
        ("[mirror]\ntrash_days = 36501", "trash_days: it must be less than or equal to 36500"),
        ("[pixiv]\nrequests_per_minute = 1e99", "requests_per_minute: it must be less than or equal to 600"),
        ("[pixiv]\nrequests_per_day = 1e99", f"requests_per_day: it must be less than or equal to {2**63 - 1}"),
        ("[pixiv]\nlanguage = 3", "language: it must be text, in quotes"),
        ("[pixiv]\nproxy = 'nowhere'", "proxy: it is not the address of a proxy"),
        ("[pixiv.hosts]\nwww.pixiv.net = 'http://x'", "put the host in quotes"),
        ("[pixiv.hosts]\n'www.pixiv.net' = 'ftp://x'", "hosts: www.pixiv.net: it is not a web address"),
        ("[notify]\napprise = ['me@example.org']", "apprise: each is an address as Apprise has them"),
        ("[notify]\nevents = ['everything']", "events"),
        ("[notify]\ncommand = 'mail me'", 'command: it must be a list, like ["one", "two"]'),
        (
            "[[jobs]]\nname='x'\nkind='user'\nusers=[1]\nevery='1h'\ntimezone='Asia/Tokyo'",
            "timezone: only cron has a time zone",
        ),
        (
            "[[jobs]]\nname='x'\nkind='user'\nusers=['me']\ncron='0 0 * * *'\ntimezone='Asia/Tokio'",
            "'Asia/Tokio' is not a time zone",
        ),
        (
            "[[jobs]]\nname='x'\nkind='bookmarks'\nevery='1h'\nmedia=['novels']",
            "media: entry 1: it must be 'illust' or 'novel'",
        ),
    ],
)
def test_each_mistake_has_a_sentence(tmp_path: Path, text: str, words: str) -> None:
    assert any(words in problem for problem in problems(tmp_path, text))


@pytest.mark.parametrize("line", ['evry = "30m"', 'corn = "0 0 * * *"'])
def test_a_misspelt_time_of_a_job_is_complained_of_once(tmp_path: Path, line: str) -> None:
    (found,) = problems(tmp_path, f"[[jobs]]\nname='x'\nkind='following'\n{line}")
    assert f"there is no such key; did you mean {'every' if 'evry' in line else 'cron'}?" in found


def test_a_system_without_time_zones_is_said_to_be_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pixmirror.models.jobs.available_timezones", set)
    monkeypatch.setattr("pixmirror.models.jobs.ZoneInfo", ZoneInfo.no_cache)
    text = "[[jobs]]\nname='x'\nkind='user'\nusers=['1']\ncron='0 0 * * *'\ntimezone='Nowhere/Tokyo'"
    assert any("no time zone database" in problem for problem in problems(tmp_path, text))


def test_ranking_modes_are_those_of_each_medium() -> None:
    for mode in ILLUST_MODES:
        ranking(modes=[mode])
    for mode in NOVEL_MODES:
        ranking(modes=[mode], media=["novel"])
    with pytest.raises(ValidationError, match="month: no such ranking of novels; choose from day, day_male"):
        ranking(modes=["day", "month"], media=["illust", "novel"])


def test_dates_run_forward() -> None:
    ranking(since="2026-11-01", until="2026-11-01")
    for wrong in (
        {"since": "2026-11-02", "until": "2026-11-01"},
        {"posted_after": "2026-11-02", "posted_before": "2020-01-01"},
    ):
        with pytest.raises(ValidationError, match="exchange them"):
            ranking(**wrong)
    for day in (20261101, "yesterday"):
        with pytest.raises(ValidationError, match="not a date"):
            ranking(since=day)


def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="pixmirror init"):
        load(tmp_path / "none.toml", {}, KINDS)
    (tmp_path / "latin.toml").write_bytes("[mirror]\nroot = '\xfc'".encode("latin-1"))
    with pytest.raises(ConfigError, match="UTF-8"):
        load(tmp_path / "latin.toml", {}, KINDS)


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    assert read(tmp_path, "\ufeff[mirror]\nsidecars = false").mirror.sidecars is False


def test_the_config_is_found_here_then_in_the_users_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    monkeypatch.setattr(
        "pixmirror.config.loading.user_config", lambda: tmp_path / "xdg" / "pixmirror" / "config.toml"
    )
    with pytest.raises(ConfigError, match="pixmirror init"):
        find_config()
    with pytest.raises(ConfigError, match=f"{tmp_path} is a folder"):
        find_config(tmp_path)
    (tmp_path / "xdg" / "pixmirror").mkdir(parents=True)
    user = tmp_path / "xdg" / "pixmirror" / "config.toml"
    user.touch()
    assert find_config() == user
    Path("config.toml").touch()
    assert find_config() == Path("config.toml")
    assert find_config(user) == user
    assert load(None, {}, KINDS).pixiv.refresh_token_file == tmp_path / "refresh-token"


# --- secrets


@pytest.mark.parametrize(
    "text",
    [
        f"[pixiv]\n{SECRET * 2} = 1",
        f"[{SECRET * 2}]\nx = 1",
        f"{SECRET * 2} = 1",
        f"[mirror]\nroot = '~'\n[[jobs]]\nname = '{SECRET * 2}'\nkind = 'user'\nusers = [1]",
        f"[[jobs]]\nname = 'x'\nkind = '{SECRET * 2}'",
        f"[pixiv.hosts]\n{SECRET * 2} = 'http://x'",
        f"[pixiv]\n{SECRET * 2} = 1\n{SECRET * 2} = 2",
    ],
)
def test_a_secret_that_stands_where_a_name_is_due_is_not_repeated(tmp_path: Path, text: str) -> None:
    assert problems(tmp_path, text)


@pytest.mark.parametrize("table", ["PIXIV__", "PIXIVV__", "JOBS__"])
def test_a_secret_in_the_name_of_a_variable_is_not_repeated(tmp_path: Path, table: str) -> None:
    assert problems(tmp_path, "", **{f"PIXMIRROR_{table}{SECRET * 2}": "x"})


def test_secrets_are_in_no_text(tmp_path: Path) -> None:
    config = read(
        tmp_path,
        f"[pixiv]\nproxy = 'http://me:{SECRET}@host:1'\n[notify]\nurl = 'https://ntfy/{SECRET}'",
        PIXMIRROR_PIXIV__REFRESH_TOKEN=SECRET,
    )
    assert SECRET not in f"{config!r} {config} {config.model_dump()} {config.model_dump_json()}"
    assert config.pixiv.client_secret not in repr(config)
    assert config.notify.url is not None
    assert config.notify.url.get_secret_value().endswith(SECRET)


@pytest.mark.parametrize(
    "text",
    [
        f"[pixiv]\nrefresh_token = ['{SECRET}']",
        f"[pixiv]\nrefresh_tokn = '{SECRET}'",
        f"[pixiv]\nproxy = '{SECRET}'",
        f"[pixiv]\nrefresh_token_file = '{SECRET * 2}'",
        f"[notify]\nurl = 'ntfy/{SECRET}'",
        f"[pixiv]\nrefresh_token = '{SECRET}\n",
    ],
)
def test_problems_do_not_repeat_secrets(tmp_path: Path, text: str) -> None:
    assert problems(tmp_path, text)


def test_broken_json_in_the_environment_is_named_without_its_value(tmp_path: Path) -> None:
    found = problems(tmp_path, "", PIXMIRROR_JOBS=f"[{{'{SECRET}'", PIXMIRROR_NOTIFY__COMMAND=SECRET)
    assert found == [
        "PIXMIRROR_JOBS: it must be a list or a table, written as JSON",
        "PIXMIRROR_NOTIFY__COMMAND: it must be a list or a table, written as JSON",
    ]


def test_the_token_comes_from_the_environment_then_systemd_then_the_file(tmp_path: Path) -> None:
    config = read(tmp_path, "")
    assert read_refresh_token(config, {}) is None
    (tmp_path / "refresh-token").write_text(" of-file\n")
    assert read_refresh_token(config, {}) == SecretStr("of-file")
    (tmp_path / "credentials").mkdir()
    env = {"CREDENTIALS_DIRECTORY": str(tmp_path / "credentials")}
    assert read_refresh_token(config, env) == SecretStr("of-file")
    (tmp_path / "credentials" / "refresh-token").write_text("of-systemd")
    assert read_refresh_token(config, env) == SecretStr("of-systemd")
    own = read(tmp_path, "", PIXMIRROR_PIXIV__REFRESH_TOKEN="of-env")
    assert read_refresh_token(own, env) == SecretStr("of-env")


@pytest.mark.parametrize("content", [b"", b"two words", b"\xff\xfe"])
def test_a_token_file_with_something_else_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "refresh-token").write_bytes(content)
    with pytest.raises(ConfigError, match="refresh-token") as caught:
        read_refresh_token(read(tmp_path, ""), {})
    assert "two words" not in str(caught.value)


SESSION = "12345_AbCdEfGhIjKlMnOp"


def test_the_web_login_comes_from_the_environment_then_systemd_then_the_file(tmp_path: Path) -> None:
    config = read(tmp_path, "")
    assert read_web_login(config, {}) is None
    (tmp_path / "phpsessid").write_text("PHPSESSID=1_ofthefile\n")
    assert session_of(config, {}) == "1_ofthefile"
    (tmp_path / "credentials").mkdir()
    env = {"CREDENTIALS_DIRECTORY": str(tmp_path / "credentials")}
    assert session_of(config, env) == "1_ofthefile"
    (tmp_path / "credentials" / "phpsessid").write_text("2_ofsystemd")
    assert session_of(config, env) == "2_ofsystemd"
    own = read(tmp_path, "", PIXMIRROR_PIXIV__PHPSESSID=f" {SESSION} ")
    assert session_of(own, env) == SESSION


def test_whether_there_is_a_web_login_is_known_without_reading_it(tmp_path: Path) -> None:
    config = read(tmp_path, "")
    assert not has_web_login(config, {})
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / "phpsessid").write_text("2_ofsystemd")
    assert has_web_login(config, {"CREDENTIALS_DIRECTORY": str(tmp_path / "credentials")})
    (tmp_path / "cookie").write_text(f"PHPSESSID={SESSION}")
    assert has_web_login(read(tmp_path, "[pixiv]\nweb_cookie_file = 'cookie'"), {})
    assert has_web_login(read(tmp_path, "", PIXMIRROR_PIXIV__PHPSESSID=SESSION), {})
    (tmp_path / "phpsessid").write_text(SESSION)
    assert has_web_login(config, {})


def session_of(config: Config, env: dict[str, str]) -> str:
    found = read_web_login(config, env)
    assert found is not None
    return found.phpsessid.get_secret_value()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o622])
def test_a_secret_that_others_may_read_is_refused_with_the_command_that_closes_it(
    tmp_path: Path, mode: int
) -> None:
    token, cookie = tmp_path / "refresh-token", tmp_path / "phpsessid"
    token.write_text("of-a-file")
    cookie.write_text(SESSION)
    config = read(tmp_path, "")
    for path, secret in ((token, read_refresh_token), (cookie, read_web_login)):
        path.chmod(mode)
        with pytest.raises(ConfigError, match=f"mode {mode:04o}.*`chmod 600 {path}`") as raised:
            secret(config, {})
        assert SESSION not in str(raised.value)
        path.chmod(0o600)
        assert secret(config, {}) is not None


def test_a_secret_that_systemd_or_a_container_gives_has_the_mode_that_they_chose(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = tmp_path / "given" / "refresh-token"
    given.parent.mkdir()
    given.write_text("of-systemd")
    given.chmod(0o444)
    config = read(tmp_path, f'[pixiv]\nrefresh_token_file = "{given}"')
    assert read_refresh_token(config, {"CREDENTIALS_DIRECTORY": str(given.parent)}) is not None
    with pytest.raises(ConfigError):
        read_refresh_token(config, {})
    monkeypatch.setattr("pixmirror.config.secrets.GIVEN", str(given.parent))
    assert read_refresh_token(config, {}) is not None


def test_a_whole_cookie_header_stands_in_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "cookie").write_text(f"PHPSESSID={SESSION}; cf_clearance=x\n")
    found = read_web_login(read(tmp_path, "[pixiv]\nweb_cookie_file = 'cookie'\nweb_user_agent = 'Browser'"), {})
    assert found is not None
    assert found.cookie == SecretStr(f"PHPSESSID={SESSION}; cf_clearance=x")
    assert found.user_agent == "Browser"


@pytest.mark.parametrize("content", [b"", b"two words", b"\xff\xfe", b"no-user-id", SESSION.encode() + b" more"])
def test_a_phpsessid_file_with_something_else_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "phpsessid").write_bytes(content)
    with pytest.raises(ConfigError, match="phpsessid") as caught:
        read_web_login(read(tmp_path, ""), {})
    assert "two words" not in str(caught.value)
    assert SESSION not in str(caught.value)


def test_a_cookie_is_no_longer_than_can_be_sent_and_its_file_no_larger_than_is_read(tmp_path: Path) -> None:
    config, file = read(tmp_path, "[pixiv]\nweb_cookie_file = 'cookie'"), tmp_path / "cookie"
    start = f"PHPSESSID={SESSION}; a="
    whole = start + "x" * (MAX_COOKIE - len(start))
    file.write_text(whole + " " * (MAX_BYTES - len(whole)))
    found = read_web_login(config, {})
    assert found is not None
    assert found.cookie == SecretStr(whole)
    for text, says in ((whole + "x", "16,385 characters; at most 16,384"), (whole + " " * MAX_BYTES, "1 MiB")):
        file.write_text(text)
        with pytest.raises(ConfigError, match=says) as caught:
            read_web_login(config, {})
        assert SESSION not in str(caught.value)


def test_a_cookie_file_that_is_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="web_cookie_file"):
        read_web_login(read(tmp_path, "[pixiv]\nweb_cookie_file = 'cookie'"), {})


@pytest.mark.parametrize(
    "text",
    [
        f"phpsessid_file = '{SESSION}'",
        f"web_cookie_file = 'PHPSESSID={SESSION}'",
        f"phpsessid = 'Cookie: {SESSION}'",
        f"phpsessid = ['{SESSION}']",
        f"phpsesid = '{SESSION}'",
    ],
)
def test_problems_of_the_web_login_do_not_repeat_it(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, f"[pixiv]\n{text}")
    assert SESSION not in str(caught.value)
    assert len(str(caught.value).splitlines()) == 2


COOKIES = f"PHPSESSID={SESSION}; cf_clearance=x.y-z"
EXPORTS = {
    "header": f"\ufeffCookie: {COOKIES}\r\n",
    "request headers": f"Host: www.pixiv.net\nAccept: */*\ncookie: {COOKIES}\nTE: trailers\n",
    "curl": f"curl 'https://www.pixiv.net/' \\\n  -H 'accept: */*' \\\n  -b '{COOKIES}' --compressed",
    "old curl": f"curl 'https://www.pixiv.net/' -H 'Cookie: {COOKIES}' -H 'accept: */*'",
    "cookies.txt": (
        "# Netscape HTTP Cookie File\n\n"
        f"#HttpOnly_.pixiv.net\tTRUE\t/\tTRUE\t1999999999\tPHPSESSID\t{SESSION}\n"
        ".pixiv.net\tTRUE\t/\tTRUE\t0\tcf_clearance\tx.y-z\n"
        ".fanbox.cc\tTRUE\t/\tTRUE\t0\tFANBOXSESSID\tno\n"
        ".pixiv.net\tTRUE\t/\tTRUE\t0\todd\tnaïve\n"
    ),
    "cookies.txt with spaces": (
        f".pixiv.net TRUE / TRUE 0 PHPSESSID {SESSION}\nwww.pixiv.net FALSE / TRUE 0 cf_clearance x.y-z\n"
    ),
    "extension": json.dumps(
        [
            {"domain": ".fanbox.cc", "name": "FANBOXSESSID", "value": "no"},
            {"domain": "www.pixiv.net", "name": "PHPSESSID", "value": "abcdefghijklmnop"},
            {"domain": ".pixiv.net", "name": "PHPSESSID", "value": SESSION, "expirationDate": 1999999999.5},
            {"domain": ".pixiv.net", "name": "cf_clearance", "value": "x.y-z"},
            {"domain": ".pixiv.net", "name": "broken", "value": None},
        ]
    ),
    "storage state": json.dumps(
        {
            "cookies": [
                {"domain": ".pixiv.net", "name": "PHPSESSID", "value": SESSION},
                {"domain": ".pixiv.net", "name": "cf_clearance", "value": "x.y-z"},
            ],
            "origins": [],
        }
    ),
    "another extension": json.dumps(
        [
            {"Host raw": "https://.fanbox.cc/", "Name raw": "PHPSESSID", "Content raw": "1_no"},
            {"Host raw": "https://.pixiv.net/", "Name raw": "PHPSESSID", "Content raw": SESSION},
            {"Host raw": "https://.pixiv.net/", "Name raw": "cf_clearance", "Content raw": "x.y-z"},
        ]
    ),
    "table": json.dumps({"PHPSESSID": SESSION, "cf_clearance": "x.y-z"}),
    "developer tools": (
        f"PHPSESSID\t{SESSION}\t.pixiv.net\t/\t2026-12-29\t48\n"
        'cf_clearance\t"x.y-z"\t.pixiv.net\t/\t2026-12-29\t48\n'
    ),
}


@pytest.mark.parametrize("kind", EXPORTS)
def test_cookies_are_read_as_browsers_export_them(tmp_path: Path, kind: str) -> None:
    (tmp_path / "cookie").write_text(EXPORTS[kind], "utf-8")
    (tmp_path / "phpsessid").write_text(EXPORTS[kind], "utf-8")
    found = read_web_login(read(tmp_path, "[pixiv]\nweb_cookie_file = 'cookie'\nweb_user_agent = 'Browser'"), {})
    assert found is not None
    assert found.cookie.get_secret_value() == COOKIES
    assert session_of(read(tmp_path, ""), {}) == SESSION


AS_COPIED = (
    "{}",
    " '{}' \n",
    '"{}"\r\n',
    "\ufeff{}",
    "\u200b{}\u200b",
    "\u201c{}\u201d",
    "`{}`",
    "{},",
    "<{}>\u00a0",
)


@pytest.mark.parametrize("copied", AS_COPIED)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_what_copying_adds_is_taken_off(tmp_path: Path, copied: str, encoding: str) -> None:
    (tmp_path / "phpsessid").write_bytes(copied.format(SESSION).encode(encoding))
    (tmp_path / "refresh-token").write_bytes(copied.format(SECRET).encode(encoding))
    config = read(tmp_path, "")
    assert session_of(config, {}) == SESSION
    assert read_refresh_token(config, {}) == SecretStr(SECRET)
    env = {"PIXMIRROR_PIXIV__PHPSESSID": copied.format(SESSION)}
    env["PIXMIRROR_PIXIV__REFRESH_TOKEN"] = copied.format(SECRET)
    own = read(tmp_path, "", **env)
    assert session_of(own, {}) == SESSION
    assert own.pixiv.refresh_token == SecretStr(SECRET)


@pytest.mark.parametrize(
    "text",
    [
        f"access_token: abc\nrefresh_token: {SECRET}\nexpires_in: 3600\n",
        f'"refresh-token": "{SECRET}",',
        f"refresh_token={SECRET}",
    ],
)
def test_a_token_is_found_behind_its_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "refresh-token").write_text(text)
    assert read_refresh_token(read(tmp_path, ""), {}) == SecretStr(SECRET)


@given(st.text())
def test_any_text_is_read_without_a_trace(text: str) -> None:
    for readers in (token_in, session_in, cookies_in):
        assert isinstance(readers(text), str)


@given(st.binary())
def test_any_bytes_are_text_or_are_refused_as_none(data: bytes) -> None:
    with suppress(UnicodeDecodeError):
        decoded(data)


# --- homes


@pytest.mark.parametrize("path", ["~", "~/pixmirror"])
@pytest.mark.parametrize("home", ["", "relative"])
def test_a_home_that_nobody_knows_is_a_sentence_and_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, home: str
) -> None:
    monkeypatch.setattr("pixmirror.models.values.pwd.getpwuid", lambda uid: {}[uid])
    with pytest.raises(ConfigError, match=r"root: ~ stands for your home, which is not known here"):
        read(tmp_path, f"[mirror]\nroot = '{path}'", HOME=home)
    with pytest.raises(ConfigError, match=r"root: ~ stands for your home"):
        read(tmp_path, "", HOME=home)
    assert read(tmp_path, "[mirror]\nroot = '/srv/x'", HOME=home).mirror.root == Path("/srv/x")


@pytest.mark.parametrize("path", ["~alice/pixmirror", "$HOME/pixmirror", "${XDG_DATA_HOME}/x"])
def test_what_a_shell_would_replace_makes_no_folder_of_that_name(tmp_path: Path, path: str) -> None:
    assert problems(tmp_path, f"[mirror]\nroot = '{path}'")


# --- example, defaults and documentation stay in step

MODELS: dict[str, type[BaseModel]] = {
    "mirror": MirrorConfig,
    "pixiv": PixivConfig,
    "notify": NotifyConfig,
    "gallery": GalleryConfig,
    "http": HttpConfig,
    "scrub": ScrubConfig,
    "copies": CopyConfig,
    "backup": BackupConfig,
}
NOT_DEFAULTS = {"name", "kind", "enabled", "every", "cron", "timezone", "users", "modes"}


def documented() -> Iterator[tuple[str, str, str]]:
    """Section, key and default of each row of the tables."""
    section = ""
    for line in DOCS.splitlines():
        if line.startswith(("## ", "### kind")):
            section = line.strip("# []").removeprefix("kind = ").strip('"')
        if found := re.match(r"\| `(\w+)` \| (.*?) \| .{10,} \|$", line):
            yield section, found[1], found[2].strip("`")


def declared() -> Iterator[tuple[str, str, Any]]:
    for section, model in MODELS.items():
        for key, field in model.model_fields.items():
            yield section, key, field
    for key, field in JobConfig.model_fields.items():
        yield "jobs", key, field
    for name, kind in KINDS.items():
        for key in kind.config.model_fields.keys() - JobConfig.model_fields.keys() - {"kind"}:
            yield name, key, kind.config.model_fields[key]


def test_every_key_is_documented_and_nothing_else() -> None:
    assert sorted((s, k) for s, k, _ in documented()) == sorted((s, k) for s, k, _ in declared())


def test_the_documented_defaults_are_the_defaults() -> None:
    said = {(section, key): default for section, key, default in documented()}
    for section, key, field in declared():
        text = said[section, key]
        if field is None or field.is_required():
            assert text == "required", key
        elif field.default is None:
            assert text in ("none", "<root>/media"), key
        elif section == "jobs" or section in KINDS:
            assert json.loads(text) == (list(field.default) if isinstance(field.default, tuple) else field.default)
        else:
            given = MODELS[section].model_validate(tomllib.loads(f"{key} = {text}"))
            assert getattr(given, key) == getattr(MODELS[section](), key), key


def test_the_documentation_names_every_ranking_mode() -> None:
    for mode in (*ILLUST_MODES, *NOVEL_MODES):
        assert f"`{mode}`" in DOCS


def test_every_key_is_in_the_example_with_its_default() -> None:
    shown: set[tuple[str, str]] = set()
    table = kind = ""
    for line in example_text().splitlines():
        if found := re.match(r"(?:# )?\[+(\w+)\]+$", line):
            table, kind = found[1], ""
        elif found := re.match(r"(?:# )?(\w+) = ", line):
            kind = line.split('"')[1] if found[1] == "kind" else kind
            common = table != "jobs" or found[1] in JobConfig.model_fields or found[1] == "kind"
            shown.add((table if common else kind, found[1]))
    assert shown == {(section, key) for section, key, _ in declared()}


def test_what_the_example_sets_are_the_defaults(tmp_path: Path) -> None:
    config = read(tmp_path, example_text())
    tables = (config.mirror, config.pixiv, config.notify, config.gallery, config.http, config.scrub, config.backup)
    assert tables == (
        read(tmp_path, "").mirror,
        read(tmp_path, "").pixiv,
        NotifyConfig(),
        GalleryConfig(),
        HttpConfig(),
        ScrubConfig(),
        BackupConfig(),
    )
    for job in config.jobs:
        for key in job.model_fields_set - NOT_DEFAULTS:
            assert getattr(job, key) == type(job).model_fields[key].default, key
    assert {job.kind for job in config.jobs} == set(KINDS)
    assert [job.name for job in config.jobs if job.enabled] == ["following", "bookmarks"]
    assert "x_restrict" in config.jobs[0].model_fields_set


def test_every_commented_key_of_the_example_can_be_used(tmp_path: Path) -> None:
    lines = example_text().splitlines()
    commented = [n for n, line in enumerate(lines) if re.match(r"# \w+ = ", line)]
    assert len(commented) >= 15
    for number in commented:
        head = number - 1 if lines[number - 1].startswith("# [[") else number  # a table that is commented out
        changed = [line.removeprefix("# ") if n in (head, number) else line for n, line in enumerate(lines)]
        read(tmp_path, "\n".join(changed))


@pytest.mark.parametrize(
    ("read", "write", "text"),
    [
        (values.read_size, values.written_size, "100 MiB"),
        (values.read_size, values.written_size, "500 MB"),
        (values.read_size, values.written_size, "0"),
        (values.read_size, values.written_size, "1234567"),
        (values.read_duration, values.written_duration, "30m"),
        (values.read_duration, values.written_duration, "90m"),
        (values.read_duration, values.written_duration, "2w"),
        (values.read_quiet_hours, values.written_quiet_hours, "22:30-06:00"),
        (values.read_umask, values.written_umask, "027"),
    ],
)
def test_a_value_is_written_as_it_is_read(read, write, text):
    assert write(read(text)) == text


def test_a_copy_lies_elsewhere_and_is_named_once(tmp_path: Path) -> None:
    root = f"[mirror]\nroot = '{tmp_path}/m'\n"
    good = read(tmp_path, f"{root}[[copies]]\npath = 'copy'\n[[copies]]\npath = '/mnt/other'")
    assert [copy.path for copy in good.copies] == [tmp_path / "copy", Path("/mnt/other")]
    for path in (f"{tmp_path}/m", f"{tmp_path}/m/media", f"{tmp_path}/m/media/5"):
        [problem] = problems(tmp_path, f"{root}[[copies]]\npath = '{path}'")
        assert "[[copies]]: " in problem
        assert "a copy lies elsewhere" in problem
    [problem] = problems(tmp_path, f"{root}[[copies]]\npath = '/a'\n[[copies]]\npath = '/a'")
    assert "/a is named twice" in problem
    [problem] = problems(tmp_path, "[copies]\npath = '/a'")
    assert "[copies]: write [[copies]], with two brackets" in problem
    [problem] = problems(tmp_path, "[[copies]]\nfolder = '/a'\npath = '/b'")
    assert "[[copies]] number 1: folder: there is no such key" in problem


SECRETS = {
    "pixiv.refresh_token": '[pixiv]\nrefresh_token = "hunter2"\n',
    "pixiv.phpsessid": '[pixiv]\nphpsessid = "1_hunter2"\n',
    "pixiv.proxy": '[pixiv]\nproxy = "http://me:hunter2@proxy.example:3128"\n',
    "notify.url": '[notify]\nurl = "https://ntfy.example/hunter2"\n',
    "notify.command": '[notify]\ncommand = ["tell", "--token=hunter2"]\n',
    "notify.apprise": '[notify]\napprise = ["mailto://me:hunter2@mail.example"]\n',
    "notify.ping": '[notify]\nping = "https://hc.example/hunter2"\n',
    "jobs.ping": '[[jobs]]\nname = "a"\n[[jobs]]\nname = "b"\nping = "https://hc.example/hunter2"\n',
}


@pytest.mark.parametrize("key", SECRETS)
def test_a_config_with_any_secret_stays_out_of_backups_until_they_may_have_it(tmp_path: Path, key: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(SECRETS[key])
    assert config_to_back_up(path, secrets=False) is None
    assert config_to_back_up(path, secrets=True) == path
    path.write_text('[notify]\nafter = "1h"\n[[jobs]]\nname = "a"\n')
    assert config_to_back_up(path, secrets=False) == path


def test_every_key_whose_value_is_secret_counts_as_one() -> None:
    tables: dict[str, type[BaseModel]] = {"pixiv": PixivConfig, "notify": NotifyConfig, "jobs": JobConfig}
    for name, field in Config.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            tables[name] = field.annotation
    found = {
        f"{name}.{key}"
        for name, table in tables.items()
        for key, field in table.model_fields.items()
        if "SecretStr" in str(field.annotation)
    }
    assert found == SECRETS.keys() - {"notify.command"}
