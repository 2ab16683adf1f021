"""gallery-dl, a client that nobody here wrote, reads the demo as it reads Pixiv: every list to its last id, and
every file to its last byte. It runs in a process of its own and can reach nothing but the demo."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from html import unescape
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from pixmirror.demo import addresses, lists, media, pictures, words
from pixmirror.demo.generate import WorldSpec, generate
from pixmirror.demo.oauth import REFRESH_TOKEN
from pixmirror.demo.server import create_app, running
from pixmirror.demo.world import LIVE, Series, Work, World
from tests.truth import Scope, originals, truth

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        find_spec("gallery_dl") is None, reason="gallery-dl is not installed; .ci/long installs it"
    ),
]

NOW_MS = 1_795_000_000_000
DAY = (datetime.fromtimestamp(NOW_MS / 1000, timezone(timedelta(hours=9))) - timedelta(days=3)).date()
SEEN = ("limit_sanity_level", "limit_unviewable")  # placeholders that name their artist
WEB = "https://www.pixiv.net"
HOSTS = ("app-api.pixiv.net", "oauth.secure.pixiv.net", "www.pixiv.net", "i.pximg.net", "s.pximg.net")

# Runs gallery-dl on one address: every request goes to the demo or nowhere.
SCRIPT = '''
import copy, json, logging, sys
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter

from gallery_dl import config, job, output

task = json.load(sys.stdin)
base, refused, noise = urlsplit(task["base"]), [], []


class Loopback(HTTPAdapter):
    def send(self, request, **how):
        asked = urlsplit(request.url)
        if asked.scheme != "https" or asked.hostname not in task["hosts"]:
            refused.append(request.url)
            raise requests.exceptions.InvalidURL(request.url)
        sent = copy.copy(request)
        sent.headers = request.headers.copy()
        sent.headers["Host"] = asked.netloc
        sent.url = urlunsplit(asked._replace(scheme=base.scheme, netloc=base.netloc))
        answer = super().send(sent, **{**how, "proxies": {}})
        answer.url, answer.request = request.url, request
        return answer


class Listener(logging.Handler):
    def emit(self, record):
        noise.append([record.levelname, record.getMessage()])


def plain(kwdict):
    return json.loads(json.dumps({k: v for k, v in kwdict.items() if k[0] != "_"}, default=str))


class Recorder(job.DownloadJob):
    """Notes what each message said, and where the file of it lies."""

    def __init__(self, url):
        super().__init__(url)
        self.works, self.files, self.queued = [], [], []

    def handle_directory(self, kwdict):
        self.works.append(plain(kwdict))
        super().handle_directory(kwdict)

    def handle_url(self, url, kwdict):
        before = self.status
        super().handle_url(url, kwdict)
        done = self.status == before
        self.files.append({"url": url, "path": self.pathfmt.realpath if done else None} | plain(kwdict))

    def handle_queue(self, url, kwdict):
        self.queued.append([url, plain(kwdict)])


adapter = Loopback()
requests.Session.get_adapter = lambda session, url: adapter
logging.getLogger().addHandler(Listener(logging.WARNING))
common = {"sleep-request": 0, "sleep-retries": 0, "retries": 1, "fallback": False, "refresh-token": task["token"],
          "cookies": {"PHPSESSID": task["session"]}, "skip": False}
for key, value in common.items():
    config.set(("extractor",), key, value)
config.set(("downloader",), "retries", 0)
config.set(("downloader",), "mtime", False)
config.set(("output",), "mode", "null")
config.set(("cache",), "file", ":memory:")
for key, value in task["options"].items():
    config.set(("extractor",), key, value)
one = Recorder(task["url"])
status = one.run()
with open(task["told"], "w") as out:
    told = {"status": status, "works": one.works, "files": one.files, "queued": one.queued, "noise": noise}
    json.dump(told | {"refused": refused}, out)
'''


@dataclass(frozen=True)
class Told:
    """What one job of gallery-dl said and left on the disk."""

    status: int
    works: list[dict[str, Any]]
    files: list[dict[str, Any]]
    queued: list[Any]
    noise: list[list[str]]

    @property
    def ids(self) -> list[int]:
        return [work["id"] for work in self.works]

    def sums(self) -> list[tuple[int, str, str]]:
        """(id, URL, SHA-256) of each file, in their order."""
        return [(file["id"], file["url"], file_sum(file)) for file in self.files]


Read = Callable[..., Told]


def file_sum(file: dict[str, Any]) -> str:
    return sha256(Path(file["path"]).read_bytes()).hexdigest() if file["path"] else "failed"


@pytest.fixture(scope="module")
def world() -> World:
    return generate(
        WorldSpec(
            seed=5, now_ms=NOW_MS, artists=8, private=2, others=6, works=320, bookmarks=130, commented=60,
            strip_captions="some",
        ),
        now=lambda: NOW_MS,
    )  # fmt: skip


@pytest.fixture(scope="module")
def base(world: World) -> Iterator[str]:
    with running(create_app(world)) as url:
        yield url


@pytest.fixture
def read(base: str, world: World, tmp_path: Path) -> Read:
    """Runs gallery-dl on one address; `download` off leaves it at the words. Nobody else is asked."""

    def run(url: str, download: bool = True, **options: Any) -> Told:
        script, told = tmp_path / "run.py", tmp_path / "told.json"
        script.write_text(SCRIPT)
        task = {
            "base": base,
            "hosts": HOSTS,
            "token": REFRESH_TOKEN,
            "session": f"{world.me}_demo",
            "told": str(told),
            "url": url,
            "options": {"download": download, "base-directory": str(tmp_path / "files")}
            | {name.replace("_", "-"): value for name, value in options.items()},
        }
        done = subprocess.run(
            [sys.executable, "-I", script], input=json.dumps(task), capture_output=True, text=True, timeout=240
        )
        assert done.returncode == 0, done.stderr
        heard = json.loads(told.read_text())
        assert heard["refused"] == []
        return Told(**{name: heard[name] for name in heard if name != "refused"})

    return run


# The truth ------------------------------------------------------------------------------------------------


def live(world: World, medium: str, *people: int) -> list[Work]:
    """The live works of these people, or of all, newest first."""
    found = [w for w in world.works.values() if w.medium == medium and w.state == LIVE]
    return sorted(
        (w for w in found if not people or w.user_id in people), key=lambda w: (w.create_ms, w.id), reverse=True
    )


def marked(world: World, medium: str, restrict: str, tag: str | None = None) -> list[Work]:
    """Own bookmarks, newest first, as far as gallery-dl heeds them: it passes over works without an artist's id,
    as placeholders of deleted and private works are."""
    marks = sorted(world.bookmarks[world.me].values(), key=lambda mark: -mark.id)
    works = [
        world.works[mark.key]
        for mark in marks
        if mark.restrict == restrict and mark.key[0] == medium and (tag is None or tag in mark.tags)
    ]
    return works if medium == "novel" else [work for work in works if work.state in (LIVE, *SEEN)]


def files(world: World, works: Iterable[Work]) -> list[tuple[int, str, str]]:
    """(id, URL, SHA-256) of the files of works, in their order; those that no website shows have none."""
    shown = (work for work in works if work.state != "limit_unviewable")
    return [(work.id, url, body_sum(world, url)) for work in shown for _, _, url in originals(world, work)]


def novel_files(world: World, novels: Iterable[Work]) -> list[tuple[int, str, str]]:
    """The same with the text before the pictures."""
    return [
        row
        for novel in novels
        for row in ((novel.id, f"text:{novel.text}", text_sum(novel.text)), *files(world, [novel]))
    ]


def body_sum(world: World, url: str) -> str:
    file = media.find(world, url.removeprefix(addresses.IMAGES))
    assert file is not None, url
    return sha256(file.make()).hexdigest()


def text_sum(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def ids(works: Iterable[Work]) -> list[int]:
    return [work.id for work in works]


def artist_of(world: World, medium: str, restrict: str = "public") -> int:
    """The busiest of the followed people."""
    people: list[int] = [row["user_id"] for row in truth(world, "follows", Scope(follows=(restrict,)))]
    return max(people, key=lambda user_id: len(live(world, medium, user_id)))


def describes(told: dict[str, Any], work: Work) -> None:
    """That metadata is the truth, field by field."""
    same: dict[str, Any] = {
        "title": work.title,
        "x_restrict": work.x_restrict,
        "total_bookmarks": work.total_bookmarks,
        "total_view": work.total_view,
        "tags": list(work.tags),
    }
    if work.medium == "illust":
        same |= {"page_count": work.page_count, "width": work.width, "height": work.height}
        same |= {"illust_ai_type": work.ai_type}
    if work.state == LIVE and work.medium == "illust":
        same |= {"type": work.type}
    assert {name: told[name] for name in same} == same
    # the web writes its times in UTC, the App API in JST
    assert datetime.fromisoformat(told["create_date"]).timestamp() * 1000 == work.create_ms
    assert told["user"]["id"] == work.user_id
    if work.state == LIVE:
        assert ((told["series"] or {}).get("id") or 0) == work.series_id


def flawless(told: Told) -> None:
    assert told.noise == []
    assert told.status == 0


# Works and files ------------------------------------------------------------------------------------------


def test_an_artist_with_every_file_and_what_is_told_of_each(world: World, read: Read) -> None:
    user_id = artist_of(world, "illust")
    hidden = [
        w for w in world.works.values()
        if w.user_id == user_id and w.medium == "illust" and w.state == "limit_sanity_level"
    ]  # fmt: skip
    linked = 'Twitter → <a href="https://twitter.com/example_demo" target="_blank">twitter/example_demo</a>'
    hidden[0] = world.edit(hidden[0], caption=linked)
    told = read(
        f"{WEB}/users/{user_id}/artworks", metadata=True, comments=True, metadata_bookmark=True, captions=True
    )
    # those that the App API hides it finds on the web, by the cookie, and says so
    works = sorted([*live(world, "illust", user_id), *hidden], key=lambda w: -w.id)
    assert hidden
    assert sorted(line for _, line in told.noise) == sorted(
        f"{w.id}: 'limit_sanity_level' warning" for w in hidden
    )
    assert told.status == 0
    assert told.ids == ids(works)
    assert told.sums() == files(world, works)
    artist = world.users[user_id]
    for row, work in zip(told.works, works, strict=True):
        describes(row, work)
        assert row["caption"] == (work.caption if work.state == LIVE else unescape(work.caption))
        if work.state != LIVE:
            continue
        assert (row["user"]["comment"], row["user"]["account"]) == (artist.comment, artist.account)
        assert row["profile"]["total_illusts"] >= 0
        assert [c["id"] for c in row["comments"]] == [c.id for c in lists.roots_of(world, work.key)]
        mark = world.bookmarks[world.me].get(work.key)
        assert sorted(row.get("tags_bookmark", ())) == sorted(mark.tags if mark else ())


def test_works_one_by_one(world: World, read: Read) -> None:
    for work in (
        next(w for w in live(world, "illust") if w.page_count > 2),
        next(w for w in live(world, "illust") if w.type == "illust" and w.page_count == 1),
    ):
        told = read(f"{WEB}/artworks/{work.id}", captions=True)
        flawless(told)
        assert told.sums() == files(world, [work])
        describes(told.works[0], work)
        assert told.works[0]["caption"] == work.caption


def test_ugoira_as_zip_and_as_frames(world: World, read: Read) -> None:
    work = next(w for w in live(world, "illust") if w.type == "ugoira")
    frames = pictures.frames(world.seed, work)

    zipped = read(f"{WEB}/artworks/{work.id}")
    flawless(zipped)
    assert zipped.sums() == files(world, [work])
    assert zipped.works[0]["frames"] == [{"file": name, "delay": delay} for name, delay in frames]
    with zipfile.ZipFile(zipped.files[0]["path"]) as archive:
        assert archive.namelist() == [name for name, _ in frames]

    apart = read(f"{WEB}/artworks/{work.id}", ugoira="original")
    flawless(apart)
    stem = addresses.originals(world, work)[0].removesuffix("0.jpg")
    urls = [f"{stem}{n}.jpg" for n in range(len(frames))]
    assert apart.sums() == [(work.id, url, body_sum(world, url)) for url in urls]


def test_an_avatar(world: World, read: Read) -> None:
    person = next(u for u in world.users.values() if u.avatar_ms and not u.gone)
    told = read(f"{WEB}/users/{person.id}/avatar")
    flawless(told)
    (file,) = told.files
    assert file["url"] == addresses.avatar(world, person, "")
    assert file_sum(file) == body_sum(world, file["url"])


# Lists ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("restrict", "query"), [("public", ""), ("private", "?rest=hide")])
def test_the_people_that_are_followed(world: World, read: Read, restrict: str, query: str) -> None:
    told = read(f"{WEB}/users/{world.me}/following{query}")
    flawless(told)
    rows = truth(world, "follows", Scope(follows=(restrict,)))
    assert rows
    assert sorted(row["id"] for _, row in told.queued) == [row["user_id"] for row in rows]
    for url, row in told.queued:
        assert url == f"{WEB}/users/{row['id']}"
        assert (row["name"], row["is_followed"]) == (world.users[row["id"]].name, True)


def test_the_feed_of_followed_artists(world: World, read: Read) -> None:
    told = read(f"{WEB}/bookmark_new_illust.php", download=False)
    flawless(told)
    people = [row["user_id"] for row in truth(world, "follows")]
    works = live(world, "illust", *people)
    assert len(works) > 200
    assert told.ids == ids(works)
    for row, work in zip(told.works, works, strict=True):
        describes(row, work)
        assert row["user_follow"]["id"] == str(world.me)


@pytest.mark.parametrize(("restrict", "query"), [("public", ""), ("private", "?rest=hide")])
def test_bookmarks_with_their_files(world: World, read: Read, restrict: str, query: str) -> None:
    told = read(f"{WEB}/users/{world.me}/bookmarks/artworks{query}", metadata_bookmark=True)
    works = marked(world, "illust", restrict)
    hidden = [w for w in works if w.state != LIVE]
    assert hidden
    lines = [f"{w.id}: 'limit_sanity_level' warning" for w in hidden]
    # what even the web does not show it names as missing
    lines += ["'Work has been deleted or the ID does not exist.'" for w in hidden if w.state == "limit_unviewable"]
    assert sorted(line for _, line in told.noise) == sorted(lines)
    assert told.status == 0
    assert told.ids == ids(works)
    assert told.sums() == files(world, works)
    for row, work in zip(told.works, works, strict=True):
        if work.state != "limit_unviewable":
            describes(row, work)
        assert sorted(row["tags_bookmark"]) == sorted(world.bookmarks[world.me][work.key].tags)


def test_bookmarks_by_tag(world: World, read: Read) -> None:
    for tag in ("a+b", "資料 2"):
        told = read(f"{WEB}/users/{world.me}/bookmarks/artworks/{quote(tag, safe='')}", download=False)
        assert told.status == 0
        works = marked(world, "illust", "public", tag)
        assert len(works) > 10
        assert told.ids == ids(works)


def test_a_ranking(world: World, read: Read) -> None:
    day = DAY.isoformat()
    rows = truth(world, "rankings", Scope(rankings=(("illust", "day", day), ("illust", "week", day))))
    for mode, name in (("daily", "day"), ("weekly", "week")):
        told = read(f"{WEB}/ranking.php?mode={mode}&date={DAY:%Y%m%d}", download=mode == "weekly")
        flawless(told)
        ranked = [row for row in rows if row["mode"] == name]
        assert len(ranked) == 100
        assert [(w["ranking"]["rank"], w["id"]) for w in told.works] == [(r["rank"], r["id"]) for r in ranked]
        if mode == "weekly":
            assert told.sums() == files(world, [world.works["illust", row["id"]] for row in ranked])


@pytest.mark.parametrize("order", ["date_d", "date", "popular_d"])
def test_a_search_by_tag(world: World, read: Read, order: str) -> None:
    told = read(
        f"{WEB}/tags/{quote('イラスト')}/artworks?order={order}&s_mode=s_tag_full", download=False, tags="original"
    )
    flawless(told)
    works = [w for w in live(world, "illust") if "イラスト" in w.tags]
    assert len(works) > 150
    if order == "popular_d":
        assert sorted(told.ids) == sorted(ids(works))
        assert [w["total_bookmarks"] for w in told.works] == sorted(
            (w.total_bookmarks for w in works), reverse=True
        )
    else:
        assert told.ids == ids(works if order == "date_d" else works[::-1])
    # it asks in English, and so tags come translated
    for row in told.works:
        tags = world.works["illust", row["id"]].tags
        assert row["tags"] == [{"name": tag, "translated_name": words.TRANSLATIONS.get(tag)} for tag in tags]


def test_a_search_by_title_between_days_with_its_files(world: World, read: Read) -> None:
    every = live(world, "illust")
    word = every[3].title.split()[0]
    since, until = (addresses.iso(work.create_ms)[:10] for work in (every[100], every[2]))
    told = read(f"{WEB}/search?q={quote(word)}&s_mode=s_tc&scd={since}&ecd={until}")
    flawless(told)
    works = [
        w for w in every
        if word.lower() in f"{w.title} {w.caption}".lower() and since <= addresses.iso(w.create_ms)[:10] <= until
    ]  # fmt: skip
    assert works
    assert told.ids == ids(works)
    assert told.sums() == files(world, works)


def series_of(world: World, medium: str) -> list[Series]:
    return [s for s in world.series.values() if s.medium == medium and not world.users[s.user_id].gone]


def test_series_of_manga(world: World, read: Read) -> None:
    for series in series_of(world, "illust"):
        told = read(f"{WEB}/user/{series.user_id}/series/{series.id}")
        flawless(told)
        works = [w for n in reversed(series.works) if (w := world.works["illust", n]).state == LIVE]
        assert told.ids == ids(works)
        assert told.sums() == files(world, works)
        assert [w["num_series"] for w in told.works] == list(range(len(works), 0, -1))
        head = told.works[0]["series"]
        assert (head["id"], head["title"], head["total"]) == (series.id, series.title, len(works))


# Novels ---------------------------------------------------------------------------------------------------


def test_the_novels_of_an_artist_with_text_covers_and_pictures(world: World, read: Read) -> None:
    user_id = artist_of(world, "novel", "private")
    told = read(
        f"{WEB}/users/{user_id}/novels",
        covers=True,
        embeds=True,
        metadata=True,
        comments=True,
        metadata_bookmark=True,
    )
    flawless(told)
    works = live(world, "novel", user_id)
    assert any("[uploadedimage:" in w.text for w in works)
    assert told.ids == ids(works)
    assert told.sums() == novel_files(world, works)
    for row, work in zip(told.works, works, strict=True):
        describes(row, work)
        assert row["text_length"] == len(work.text)
        assert row["user"]["comment"] == world.users[user_id].comment
        # of the old version of comments, which knows no replies apart
        assert [c["id"] for c in row["comments"]] == [c.id for c in lists.roots_of(world, work.key)]
        mark = world.bookmarks[world.me].get(work.key)
        assert sorted(row.get("tags_bookmark", ())) == sorted(mark.tags if mark else ())


def test_a_novel_and_the_illusts_that_it_embeds(world: World, read: Read) -> None:
    novel = next(w for w in live(world, "novel") if "[pixivimage:" in w.text and "[uploadedimage:" in w.text)
    told = read(f"{WEB}/novel/show.php?id={novel.id}", covers=True, embeds=True)
    flawless(told)
    assert told.sums() == novel_files(world, [novel])
    describes(told.works[0], novel)
    embedded = dict.fromkeys(novel.text.split("[pixivimage:")[n + 1].split("]")[0].split("-")[0]
                             for n in range(novel.text.count("[pixivimage:")))  # fmt: skip
    assert [url for url, _ in told.queued] == [f"{WEB}/artworks/{number}" for number in embedded]


def test_series_of_novels(world: World, read: Read) -> None:
    for series in series_of(world, "novel"):
        works = [w for n in series.works if (w := world.works["novel", n]).state == LIVE]
        told = read(f"{WEB}/novel/series/{series.id}", covers=True, embeds=True)
        flawless(told)
        assert told.sums() == novel_files(world, works)
        whole = read(f"{WEB}/novel/show.php?id={works[-1].id}", full_series=True)
        flawless(whole)
        assert whole.ids == told.ids == ids(works)


@pytest.mark.parametrize(("restrict", "query"), [("public", ""), ("private", "?rest=hide")])
def test_bookmarked_novels(world: World, read: Read, restrict: str, query: str) -> None:
    told = read(f"{WEB}/users/{world.me}/bookmarks/novels{query}", covers=True, embeds=True)
    works = marked(world, "novel", restrict)
    hidden = [w for w in works if w.state != LIVE]
    assert hidden
    assert [line for _, line in told.noise] == [f"Unable to download novel {w.id}" for w in hidden]
    assert told.status == 0
    assert told.ids == ids(works)
    assert told.sums() == novel_files(world, (w for w in works if w.state == LIVE))


def test_bookmarked_novels_by_tag(world: World, read: Read) -> None:
    tag, count = lists.bookmark_tags(world, world.me, "novel", "public")[0]
    told = read(f"{WEB}/users/{world.me}/bookmarks/novels/{quote(tag, safe='')}", download=False)
    works = marked(world, "novel", "public", tag)
    assert len(works) == count > 2
    assert told.ids == ids(works)
