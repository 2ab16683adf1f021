"""What is done to many works at once: collected, rated, exported, asked for again, forgotten; and the way back."""

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from pixmirror.catalogue.refs import Ref
from pixmirror.gallery.zipped import MISSING, member_name, zipped
from tests.gallery.accessible import faults
from tests.gallery.asking import FORM, Answer, ask
from tests.gallery.changed import spoil
from tests.gallery.conftest import Mirrored, Served, Tabs, copied, serving
from tests.gallery.readable import ask as of_catalogue
from tests.gallery.test_work_asked import daemon, own

STORED = """
SELECT w.work_key, m.path FROM work w JOIN media m ON m.owner_kind = 'work' AND m.owner_id = w.work_key
WHERE m.state = 'stored' AND m.is_current = 1 ORDER BY w.work_key, m.role, m.idx"""


# What is told of what was done stays as long as a slow machine needs to press its button.
PATIENT = "const own = setTimeout; window.setTimeout = (f, ms, ...more) => own(f, ms >= 8000 ? 1e8 : ms, ...more);"


def first_works(served: Served) -> list[int]:
    return list(dict.fromkeys(key for key, _ in of_catalogue(served.root, STORED)))[:3]


@pytest.fixture
def keys(own_gallery: Served) -> list[int]:
    """Three works with files."""
    return first_works(own_gallery)


@pytest.fixture(scope="module")
def shared(mirrored: Mirrored, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A gallery of a copy of the mirror, for all that hardly changes it."""
    with serving(copied(mirrored.root, tmp_path_factory.mktemp("chosen") / "root")) as served:
        yield served


def named(key: int) -> str:
    return f"{'n' if key & 1 else 'w'}{key >> 1}"


def choose(page: Page, command: str, keys: list[int], **fields: str) -> None:
    """Send a plain form of the works from the page that is shown."""
    page.evaluate(
        """([action, fields]) => {
          const form = Object.assign(document.createElement("form"), {method: "post", action});
          for (const [name, value] of fields)
            form.append(Object.assign(document.createElement("input"), {type: "hidden", name, value}));
          document.body.append(form);
          form.submit();
        }""",
        [f"/chosen/{command}", [*(["id", named(key)] for key in keys), *([k, v] for k, v in fields.items())]],
    )


def post(served: Served, command: str, body: str, **headers: str) -> Answer:
    given = FORM | {"origin": served.url, "referer": f"{served.url}/works?type=manga"} | headers
    return ask(served.url, f"/chosen/{command}", given, method="POST", body=body.encode())


def ids(keys: list[int]) -> str:
    return "&".join(f"id={named(key)}" for key in keys)


def test_works_are_collected_and_rated_and_the_page_they_came_from_takes_it_back(
    tabs: Tabs, own_gallery: Served, keys: list[int]
) -> None:
    with tabs.looking(own_gallery.url) as page:
        page.add_init_script(PATIENT)
        page.goto("/works")
        choose(page, "collect", keys, name="夜 <b>")
        expect(page.get_by_role("status").get_by_text("3 works collected as “夜 <b>”.")).to_be_visible()
        assert page.url == f"{own_gallery.url}/works"
        assert own(own_gallery, "SELECT work_key FROM collection_work ORDER BY position") == [(k,) for k in keys]
        assert faults(page) == []
        page.get_by_role("button", name="Undo").click()
        page.wait_for_load_state()
        expect(page.get_by_role("button", name="Undo")).to_have_count(0)
        assert own(own_gallery, "SELECT * FROM collection") == []

        choose(page, "rate", keys[:2], rating="3")
        expect(page.get_by_text("2 works: 3 stars.")).to_be_visible()
        choose(page, "rate", keys, rating="0")
        expect(page.get_by_text("3 works: no stars.")).to_be_visible()
        assert own(own_gallery, "SELECT * FROM rating") == []
        page.get_by_role("button", name="Undo").click()
        page.wait_for_load_state()
        assert own(own_gallery, "SELECT work_key, stars FROM rating ORDER BY 1") == [(k, 3) for k in keys[:2]]
        page.reload()
        expect(page.locator(".toast")).to_have_count(0)


def test_works_go_into_a_collection_that_is_there_and_only_the_new_ones_come_out_again(
    own_gallery: Served, keys: list[int]
) -> None:
    answer = post(own_gallery, "collect", f"{ids(keys[:1])}&name=best")
    assert (answer.status, answer.location) == (303, "/works?type=manga")
    (row,) = own(own_gallery, "SELECT id FROM collection")
    answer = post(own_gallery, "collect", f"{ids(keys)}&collection={row[0]}", accept="text/vnd.fragment")
    assert "2 works collected, 1 was in it before." in answer.text  # to a module the toast itself
    address = answer.text.partition('action="')[2].partition('"')[0]
    given = FORM | {"origin": own_gallery.url}
    assert ask(own_gallery.url, address, given, method="POST", body=b"").location == "/"
    assert own(own_gallery, "SELECT work_key FROM collection_work") == [(keys[0],)]
    assert ask(own_gallery.url, address, given, method="POST", body=b"").status == 404


def test_an_export_is_a_zip_of_the_files_as_they_are_without_what_was_forgotten(
    own_gallery: Served, keys: list[int]
) -> None:
    with daemon(own_gallery.root):
        assert post(own_gallery, "forget", f"{ids(keys[2:])}&sure=1").status == 303
    answer = post(own_gallery, "export", ids(keys), accept_encoding="gzip")
    assert answer.status == 200
    assert answer.headers["Content-Disposition"] == 'attachment; filename="pixmirror-2-works.zip"'
    media = own_gallery.gallery.media
    wanted = {
        path: (media / path).read_bytes()
        for key, path in of_catalogue(own_gallery.root, STORED)
        if key in keys[:2]
    }
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        assert archive.testzip() is None
        assert {one.compress_type for one in archive.infolist()} == {zipfile.ZIP_STORED}
        found = {name: archive.read(name) for name in archive.namelist() if not name.endswith(".txt")}
    assert found == wanted
    assert post(own_gallery, "export", ids(keys[2:])).status == 404


def test_a_zip_names_what_is_not_there_and_leads_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"x" * 1_000_000)
    made = b"".join(zipped(tmp_path, ["a.png", "gone.png"]))
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        assert archive.read("a.png") == b"x" * 1_000_000
        assert "gone.png" in archive.read(MISSING).decode()
    assert [*tmp_path.iterdir()] == [tmp_path / "a.png"]
    assert member_name("7/9_p0.jpg") == "7/9_p0.jpg"
    assert member_name("/../..\\C:\x00/..") == "_C__"


def test_forgetting_asks_first_and_then_goes_through_the_daemon(
    tabs: Tabs, own_gallery: Served, keys: list[int]
) -> None:
    spoil(own_gallery.root)
    with daemon(own_gallery.root) as asked, tabs.looking(own_gallery.url, 360) as page:
        page.goto("/works?order=arrived")
        choose(page, "forget", keys)
        expect(page.get_by_role("heading", name="Forget 3 works?")).to_be_visible()
        assert asked == []
        assert faults(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        page.get_by_role("button", name="Forget").click()
        expect(page.get_by_text("3 works forgotten.")).to_be_visible()
        assert page.url.endswith("/works?order=arrived")
    assert [(one["command"], len(one["refs"])) for one in asked] == [("forget", 3)]
    assert of_catalogue(own_gallery.root, "SELECT count(*) FROM tombstone") == [(3,)]


def test_one_work_is_forgotten_for_good_only_after_a_question(own_gallery: Served, keys: list[int]) -> None:
    address, form = Ref.of_work(keys[0]).page, r'<form method="post" action="([^"]*)"><button class="b" name="id"'
    assert re.findall(form, ask(own_gallery.url, address).text) == [f"{address}/forget"]
    mirror = own_gallery.gallery.config.mirror.model_copy(update={"trash_days": 0})
    own_gallery.gallery.config = own_gallery.gallery.config.model_copy(update={"mirror": mirror})
    assert re.findall(form, ask(own_gallery.url, address).text) == ["/chosen/forget"]
    asks = post(own_gallery, "forget", ids(keys[:1])).text
    assert "Forget 1 work?" in asks
    assert "removed for good" in asks


def test_what_refuses_to_forget_leads_back_to_where_the_works_were_chosen(
    own_gallery: Served, keys: list[int]
) -> None:
    asks = post(own_gallery, "forget", ids(keys)).text
    address = re.search(r'action="/chosen/([^"]*)"', asks)
    assert address is not None
    refused = post(own_gallery, address[1], f"{ids(keys)}&sure=1", referer=f"{own_gallery.url}/chosen/forget")
    assert (refused.status, 'href="/works?type=manga">Back' in refused.text) == (503, True)


def test_what_the_daemon_says_against_is_told(own_gallery: Served, keys: list[int]) -> None:
    for command in ("retry", "forget"):
        answer = post(own_gallery, command, f"{ids(keys)}&sure=1")
        assert answer.status == 503
        assert "The mirror is not running." in answer.text
    with daemon(own_gallery.root):
        answer = post(own_gallery, "retry", ids(keys))
        assert (answer.status, "Nothing of it can be asked for again." in answer.text) == (409, True)


@pytest.mark.parametrize(
    ("command", "most", "says"),
    [
        (
            "retry",
            2,
            "Nothing is missing of 1 other that could be asked for. 1 work not: ",
        ),
        ("forget", 2, "2 works forgotten. 1 work not: "),
    ],
)
def test_where_the_daemon_stops_on_the_way_it_is_told_how_far_it_came_and_why(
    own_gallery: Served, keys: list[int], command: str, most: int, says: str
) -> None:
    with daemon(own_gallery.root, most) as asked:
        answer = post(own_gallery, command, f"{ids(keys)}&sure=1")
    assert len(asked) == 1
    told = ask(own_gallery.url, "/works", cookie=answer.cookie).text
    assert f"{says}The disk is full." in told


@pytest.mark.parametrize(
    ("command", "body", "status"),
    [
        ("collect", "", 400),
        ("collect", "id=x1", 400),
        ("collect", "id=w1&id=%00", 400),
        ("collect", "id=w0", 400),
        ("collect", "id=w" + "9" * 40, 400),
        ("collect", "id=w1&name=x", 404),
        ("collect", "{}", 400),
        ("collect", "{}&collection=x", 400),
        ("collect", "{}&collection=99", 404),
        ("collect", "{}&name=" + "x" * 101, 400),
        ("rate", "{}&rating=6", 400),
        ("rate", "{}", 400),
        ("burn", "{}", 404),
        ("rate", "&".join(f"id=w{n}" for n in range(1, 1002)), 413),
        ("rate", "&".join(f"id=w{n}" for n in range(1, 9000)), 400),
    ],
)
def test_nonsense_gets_a_sentence_and_changes_nothing(
    shared: Served, command: str, body: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    before = own(shared, "SELECT name, 0 FROM collection UNION ALL SELECT work_key, stars FROM rating")
    answer = post(shared, command, body.replace("{}", ids(first_works(shared))))
    assert answer.status == status, answer.text
    assert "<h1>" in answer.text
    assert caplog.text == ""
    assert own(shared, "SELECT name, 0 FROM collection UNION ALL SELECT work_key, stars FROM rating") == before


@pytest.mark.parametrize(
    "away", ["//evil.example/", "/\\evil.example", "http://evil.example/", "javascript:x", "x" * 3000]
)
def test_nobody_is_led_away_by_a_form(shared: Served, away: str) -> None:
    answer = post(shared, f"rate?back={quote(away)}", f"{ids(first_works(shared))}&rating=1")
    assert (answer.status, answer.location) == (303, "/")
    answer = post(shared, "rate", f"{ids(first_works(shared))}&rating=1", referer="http://evil.example/works")
    assert (answer.status, answer.location) == (303, "/")
