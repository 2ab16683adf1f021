"""`pixmirror api`: every read endpoint from the shell, and saved answers checked."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pixmirror.cli import api as api_functions
from pixmirror.cli import api_check
from pixmirror.cli.demo_setup import TOKEN
from pixmirror.demo.server import running
from pixmirror.pixiv.app import endpoints as app_endpoints
from tests import faults
from tests.cli.conftest import write_config
from tests.pixiv.covered import endpoints
from tests.pixiv.legacy import made

REPO = Path(__file__).parents[2]
RECORDED = REPO.parent / "shared" / "recorded"
FIXTURES = REPO / "tests" / "pixiv" / "fixtures"
NOT_OURS = ("account-provisional-create", "accounts-api-login")  # another service's, which nothing documents
NO_MODEL = ("FRAGMENT-seriesNavData",)
ME = 10000001
recorded = pytest.mark.skipif(not RECORDED.is_dir(), reason="the recorded responses are not here")


def all_recorded():
    """Each file with its API and the endpoint that the notes name."""
    if not RECORDED.is_dir():
        return []
    found = []
    for line in (RECORDED / "INDEX.md").read_text().splitlines():
        name, _, endpoint = ([cell.strip() for cell in line.split("|")] + [""] * 4)[1:4]
        api = {"app": "app", "oauth": "oauth", "web-ajax": "web"}.get(name.split("/")[0])
        if api and not name.split("/")[1].startswith((*NOT_OURS, *NO_MODEL)):
            path = re.sub(r"^item of ", "", endpoint)
            found.append((api, "error" if path.endswith("error") or " error" in path else path, RECORDED / name))
    return found


ALL = all_recorded()
ANSWERED = [row for row in ALL if row[1] != "error"]


def lines(result):
    return [json.loads(line) for line in result.stdout.splitlines()]


def checked(pixmirror, api, path, *files, code=0):
    result = pixmirror("api", "check", api, path, *files, "--dump")
    assert result.exit_code == code, result.output
    return lines(result)


def saved(tmp_path, value, name="answer.json"):
    place = tmp_path / name
    place.write_text(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
    return place


def fixture(name):
    return json.loads((FIXTURES / f"{name}.json").read_text())


# Recorded answers ---------------------------------------------------------------------------------------


@recorded
@pytest.mark.parametrize(("api", "path", "file"), ANSWERED, ids=lambda v: v.stem if isinstance(v, Path) else "")
def test_each_recorded_answer_is_made_again(pixmirror, api, path, file):
    (row,) = checked(pixmirror, api, path, file)
    assert (row["ok"], row["bad_items"], row["lost"], row["error"]) == (True, 0, [], None)
    assert row["again"] == json.loads(file.read_text())
    assert row["file"] == str(file)
    assert row["parsed"] is not None


@recorded
@pytest.mark.parametrize(
    ("api", "file"),
    [(a, f) for a, p, f in ALL if p == "error"],
    ids=lambda v: v.stem if isinstance(v, Path) else "",
)
def test_each_recorded_error_is_named(pixmirror, api, file):
    (row,) = checked(pixmirror, api, "error", file)
    assert row["error"] == ("TokenRejected" if "auth-token" in file.name else "InvalidRequest")
    assert row["again"] == json.loads(file.read_text())
    (row,) = checked(pixmirror, api, {"oauth": "/auth/token"}[api], file, code=7)
    assert row["ok"] is False


@recorded
def test_recorded_answers_of_other_endpoints_are_refused():
    """One that is taken for another's can be told by nothing but where it came from."""
    app = [
        (app_endpoints.endpoint(api_check.path_of(p)) or "", f)
        for a, p, f in ANSWERED
        if a == "app" and f.stat().st_size < 50_000
    ]
    names = sorted({name for name, _ in app})
    refused = 0
    for own, file in app:
        payload = json.loads(file.read_text())
        for name in names:
            if api_check.reader("app", name)(file).ok:
                kinds = app_endpoints.ANSWERS[own], app_endpoints.ANSWERS[name]
                same = kinds[0].key == kinds[1].key and kinds[0].model is kinds[1].model
                bare = kinds[0].key not in payload  # a whole object without its name, or a part
                assert same or bare, (file.name, name)
            else:
                refused += 1
    assert refused > 1200


@recorded
def test_web_and_token_answers_are_refused_elsewhere(pixmirror):
    token = next(f for a, _, f in ANSWERED if a == "oauth")
    web = next(f for a, _, f in ANSWERED if a == "web" and f.name.startswith("illust-ID__"))
    app = RECORDED / "app" / "v1-illust-detail__azuline.json"
    for api, path, file in (
        ("app", "/v1/user/detail", app),
        ("app", "/v1/user/detail", token),
        ("app", "/v1/illust/detail", web),
        ("web", "/ajax/illust/{id}", app),
        ("web", "/ajax/user/{id}", web),
        ("web", "/ajax/illust/1", web),
        ("oauth", "/auth/token", app),
    ):
        (row,) = checked(pixmirror, api, path, file, code=7)
        assert row["error"], (path, file)


# Checking -----------------------------------------------------------------------------------------------


def test_every_read_endpoint_of_the_app_has_its_model():
    paths = {
        e.path
        for e in endpoints()
        if e.method == "GET" and e.function.startswith("pixmirror.pixiv.app.") and not e.gone and not e.tested
    }
    assert {path for path in paths if path and "{" not in path and app_endpoints.endpoint(path) is None} == set()
    assert len(paths) > 60


def test_fixtures_are_read_and_made_again(pixmirror, tmp_path):
    for path, name in (
        ("/v1/illust/detail", "illust_detail"),
        ("/v2/illust/detail", "illust_detail"),
        ("https://app-api.pixiv.net/v1/illust/detail?illust_id=5", "illust_detail"),
        ("/v1/user/following", "user_previews"),
        ("/v1/illust/series", "illust_series"),
        ("/v1/mute/list", "mute_list"),
    ):
        (row,) = checked(pixmirror, "app", path, FIXTURES / f"{name}.json")
        assert row["ok"]
        assert row["again"] == fixture(name)
    (row,) = checked(pixmirror, "oauth", "/auth/token", FIXTURES / "token.json")
    assert row["parsed"]["user"]["id"]
    (row,) = checked(pixmirror, "app", "/webview/v2/novel", FIXTURES / "novel_text.html")
    assert row["parsed"]["text"]


def test_a_missing_id_and_an_unknown_field_are_told(pixmirror, tmp_path):
    page = fixture("illusts")
    page["illusts"][0]["new_field"] = {"x": 1}
    del page["illusts"][1]["id"]
    file = saved(tmp_path, page)
    (row,) = checked(pixmirror, "app", "/v1/user/illusts", file, code=7)
    assert (row["ok"], row["bad_items"], row["items"]) == (False, 1, len(page["illusts"]) - 1)
    assert row["unknown_fields"] == ["illusts[].new_field"]
    assert row["problems"][0].startswith("illusts[1].id")
    assert row["again"] == page
    assert row["lost"] == []

    told = pixmirror("api", "check", "app", "/v1/user/illusts", file)
    assert told.exit_code == 7
    assert "unknown: illusts[].new_field" in told.stdout
    assert "1 bad" in told.stdout


def test_a_bad_work_of_a_user_list_counts(pixmirror, tmp_path):
    page = fixture("user_previews")
    row = next(r for r in page["user_previews"] if r["illusts"])
    row["illusts"][0]["id"] = None
    (said,) = checked(pixmirror, "app", "/v1/user/following", saved(tmp_path, page), code=7)
    assert said["bad_items"] == 1


def test_only_unknown_fields_are_no_fault(pixmirror, tmp_path):
    detail = fixture("illust_detail")
    detail["illust"]["user"]["new"] = 1
    (row,) = checked(pixmirror, "app", "/v1/illust/detail", saved(tmp_path, detail))
    assert (row["ok"], row["unknown_fields"]) == (True, ["illust.user.new"])
    result = pixmirror("api", "check", "app", "/v1/illust/detail", saved(tmp_path, detail), "--json")
    assert set(lines(result)[0]) >= {"file", "ok", "items", "bad_items", "unknown_fields"}
    assert "parsed" not in lines(result)[0]


def test_a_page_of_another_list_is_refused_by_its_next_url(pixmirror, tmp_path):
    page = fixture("illusts")
    page["next_url"] = "https://app-api.pixiv.net/v1/illust/ranking?mode=day&offset=30"
    file = saved(tmp_path, page)
    (row,) = checked(pixmirror, "app", "/v1/user/illusts", file, code=7)
    assert "/v1/illust/ranking" in row["says"]
    assert checked(pixmirror, "app", "/v1/illust/ranking", file)[0]["ok"]


def test_files_that_cannot_be_read_do_not_stop_the_others(pixmirror, tmp_path):
    html = saved(tmp_path, "<!DOCTYPE html><html></html>", "page.json")
    cut = saved(tmp_path, '{"illust": ', "cut.json")
    good = FIXTURES / "illust_detail.json"
    rows = checked(pixmirror, "app", "/v1/illust/detail", tmp_path / "absent", tmp_path, html, cut, good, code=7)
    assert [row["ok"] for row in rows] == [False] * 4 + [True]
    assert [row["error"] for row in rows] == ["StorageError", "StorageError", "BadResponse", "BadResponse", None]
    assert all(row["says"].endswith(".") for row in rows[:4])


@pytest.mark.parametrize(
    ("api", "path", "hint"),
    [
        ("app", "/v1/ilust/detail", "did you mean /v1/illust/detail?"),
        ("web", "/ajax/illust/5/page", "did you mean /ajax/illust/{id}/pages?"),
        ("app", "/auth/token", "did you mean `pixmirror api check oauth /auth/token`?"),
        ("papp", "/v1/illust/detail", "app, web, oauth"),
    ],
)
def test_unknown_endpoints_are_config_errors(pixmirror, api, path, hint):
    result = pixmirror("api", "check", api, path, FIXTURES / "illust_detail.json")
    assert result.exit_code == 2
    assert hint in result.stderr


def app_error(**said):
    return {"error": {"user_message": "", "message": "", "reason": "", "user_message_details": {}, **said}}


def web_error(message):
    return {"error": True, "message": message, "body": []}


@pytest.mark.parametrize(
    ("api", "body", "name", "expected"),
    [
        ("app", app_error(message="Rate Limit"), "e.json", "RateLimited"),
        (
            "app",
            app_error(message="Error occurred at the OAuth process. invalid_grant"),
            "e.json",
            "TokenRejected",
        ),
        ("app", app_error(user_message="該当作品は削除されたか、存在しない作品IDです。"), "e.json", "NotFound"),
        ("app", app_error(message='{"offset":["offset must be no more than 5000"]}'), "e.json", "OffsetCap"),
        ("app", app_error(), "ERROR-403-x.json", "Forbidden"),
        ("app", app_error(message='{"mode":["wrong"]}'), "e.json", "InvalidRequest"),
        ("app", app_error(message="The requested end-point does not exist"), "e.json", "EndpointGone"),
        ("web", web_error("An unknown error occurred"), "e.json", "CookieRejected"),
        ("web", web_error("User has left pixiv or the user ID does not exist."), "e.json", "NotFound"),
        ("web", web_error("Invalid request."), "e.json", "InvalidRequest"),
        ("web", web_error("x"), "v__ERROR-429.json", "RateLimited"),
    ],
)
def test_error_bodies_are_named(pixmirror, tmp_path, api, body, name, expected):
    (row,) = checked(pixmirror, api, "error", saved(tmp_path, body, name))
    assert row["error"] == expected
    assert row["again"] == body


def test_an_answer_is_no_error_body(pixmirror, tmp_path):
    (row,) = checked(pixmirror, "app", "error", FIXTURES / "illust_detail.json", code=7)
    assert row["says"] == "It is no error body."
    status = pixmirror("api", "check", "app", "error", saved(tmp_path, app_error()), "--status", "404", "--json")
    assert lines(status)[0]["error"] == "NotFound"


# Asking -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("api", ["app", "web"])
def test_every_function_has_its_command(pixmirror, api):
    listed = pixmirror("api", api)
    for name, function in api_functions.functions(api).items():
        result = pixmirror("api", api, name, "--help")
        assert result.exit_code == 0
        first = " ".join((function.__doc__ or "").split()).split(".")[0]
        assert first in " ".join(result.output.split())
        assert name in listed.output
        assert ("--yes" in result.output) == api_functions.writes(function)
        assert not re.search(r"(?<!,)\b00[0-4]\b|Source:|pixiv\.md", result.output), name
    assert len(api_functions.functions(api)) > 50


@pytest.mark.parametrize("api", ["app", "web"])
def test_what_is_asked_before_a_change_says_what_is_changed(api):
    """The first sentence of a docstring is the question: it cannot lean on the function before it."""
    for name, function in api_functions.functions(api).items():
        if api_functions.writes(function):
            assert not re.search(r"\b(the same|that)\b|\bit$", api_functions._first(function), re.IGNORECASE), name


def test_what_asks_the_app_loads_no_model_of_the_website():
    code = "import sys; from pixmirror.cli import api; api.command('app', 'illusts.detail'); print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "pixmirror.pixiv.app.illusts" in loaded
    assert not {"pixmirror.pixiv.web.models", "pixmirror.cli.api_check", "rich", "alembic"} & set(loaded)


@pytest.mark.parametrize("api", ["app", "web"])
@pytest.mark.usefixtures("web")
def test_a_work_that_pixiv_has_no_more_is_exit_code_10(pixmirror, config, pixiv, work, api):
    works = pixiv.state.world.works
    works["illust", work] = replace(works["illust", work], state="deleted")
    asked = {
        "app": ("illusts.detail", "illusts.ugoira_metadata", "illusts.related", "comments.illust_comments"),
        "web": ("illusts.detail", "illusts.pages", "illusts.ugoira_meta", "comments.roots"),
    }
    changing = {"app": "illusts.bookmark_add", "web": "actions.like"}
    for name in asked[api]:
        assert pixmirror("--config", config, "api", api, name, work).exit_code == 10, name
    assert pixmirror("--config", config, "api", api, changing[api], work, "--yes").exit_code == 10


def test_only_functions_that_change_nothing_are_called_without_a_word():
    methods = {entry.function: entry.method for entry in endpoints()}
    for name, function in api_functions.functions("app").items():
        posts = methods.get(f"{function.__module__}.{function.__name__}") == "POST"
        assert api_functions.writes(function) == (posts and name != "submissions.upload_status"), name
    for name, function in api_functions.functions("web").items():
        assert api_functions.writes(function) == ("post(" in function_source(function)), name


def function_source(function):
    import inspect

    return inspect.getsource(function)


def test_one_work_of_the_app(pixmirror, config, work):
    result = pixmirror("--config", config, "api", "app", "illusts.detail", work)
    assert result.exit_code == 0, result.output
    (row,) = lines(result)
    assert row["id"] == work
    assert row["user"]["id"]


def test_a_token_file_instead_of_the_config(pixmirror, config, work, tmp_path):
    other = saved(tmp_path, TOKEN, "other-token")
    result = pixmirror("--config", config, "api", "app", "illusts.detail", work, "--token-file", other)
    assert result.exit_code == 0, result.output
    wrong = saved(tmp_path, "nonsense-token", "wrong-token")
    refused = pixmirror("--config", config, "api", "app", "illusts.detail", work, "--token-file", wrong)
    assert refused.exit_code == 3
    assert "nonsense" not in refused.output
    absent = pixmirror("--config", config, "api", "app", "illusts.detail", work, "--token-file", tmp_path / "no")
    assert absent.exit_code == 2


def test_pages_of_a_list_and_how_to_go_on(pixmirror, config, pixiv, web):
    def ask(*more):
        result = pixmirror("--config", config, "api", "web", "users.bookmarks_illust", ME, *more)
        assert result.exit_code == 0, result.output
        return [row["id"] for row in lines(result)], result.stderr

    whole, said = ask()
    assert len(whole) == 2
    assert said == ""
    first, said = ask("--limit", "1")
    assert first == whole[:1]
    assert "--next '" in said
    assert ask("--limit", "1", "--pages", "5") == (whole, "")
    assert ask("--next", said.split("'")[1])[0] == whole[1:]


def test_a_list_of_the_app_goes_on_by_its_next_url(pixmirror, config, pixiv, work):
    artist = pixiv.state.world.works["illust", work].user_id
    asked = ("--config", config, "api", "app", "users.illusts", artist)
    whole = lines(pixmirror(*asked, "--pages", "3"))
    assert len(whole) == 5
    for text in (f"user_id={artist}&offset=2", f"https://app-api.pixiv.net/x?user_id={artist}&offset=2"):
        assert lines(pixmirror(*asked, "--next", text)) == whole[2:]
    for option in (("--next", "x"), ("--type", "mangaa")):
        refused = pixmirror(*asked, *option)
        assert refused.exit_code == 2, "as any other value that is wrong on the command line"
        assert option[1] in refused.stderr


def test_it_works_beside_a_process_that_holds_the_lock(pixmirror, mirrored, work):
    from pixmirror.store import MirrorRoot

    root = mirrored.parent / "mirror"
    before = (root / "credentials.json").read_bytes()
    with MirrorRoot.open(root, None, umask=0o077, create=False):
        result = pixmirror("--config", mirrored, "api", "app", "illusts.detail", work)
    assert result.exit_code == 0, result.output
    assert (root / "credentials.json").read_bytes() == before


def test_the_web_with_and_without_a_session(pixmirror, config, web, work, tmp_path, monkeypatch):
    monkeypatch.delenv("PIXMIRROR_PHPSESSID")
    pages = pixmirror("--config", config, "api", "web", "illusts.pages", work)
    assert pages.exit_code == 0, pages.output
    assert "original" in pages.stdout
    out = pixmirror("--config", config, "api", "web", "account.extra")
    assert out.exit_code == 3
    place = saved(tmp_path, f"{ME}_demo", "session")
    by_file = pixmirror("--config", config, "api", "web", "account.extra", "--phpsessid-file", place)
    assert by_file.exit_code == 0, by_file.output
    monkeypatch.setenv("PIXMIRROR_PHPSESSID", f"{ME}_demo")
    found = pixmirror(
        "--config", config, "api", "web", "search.artworks", "風景", "--mode", "safe", "--pages", "2"
    )
    assert found.exit_code == 0, found.output


def test_a_ranking_is_asked_for_by_its_mode_and_without_one_is_that_of_the_day(pixmirror, config, pixiv):
    for mode in ((), ("day",), ("week",)):
        result = pixmirror("--config", config, "api", "app", "illusts.ranking", *mode)
        assert result.exit_code == 0, result.output
    asked = [query for _, path, query in pixiv.state.log if path == "/v1/illust/ranking"]
    assert asked == ["mode=day", "mode=day", "mode=week"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("app", "illusts.detial", "5"), 2, "did you mean illusts.detail?"),
        (("app", "feeds.top"), 2, "api web feeds.top"),
        (("app", "illusts.detail", "five"), 2, "ILLUST_ID"),
        (("app", "illusts.ranking", "dayly"), 2, "day"),
        (("app", "illusts.detail", "99999999"), 10, "404"),
    ],
)
def test_what_cannot_be_asked(pixmirror, config, arguments, code, said):
    result = pixmirror("--config", config, "api", *arguments)
    assert result.exit_code == code, result.output
    assert said in result.stderr


@pytest.fixture
def work(pixiv):
    """A work that the stand-in has."""
    return next(
        i for (medium, i), w in pixiv.state.world.works.items() if medium == "illust" and w.state == "live"
    )


@pytest.fixture
def web(pixiv, monkeypatch):
    """www.pixiv.net, which is the stand-in, too, knows us."""
    monkeypatch.setenv("PIXMIRROR_PHPSESSID", f"{ME}_demo")


# The dead APIs ------------------------------------------------------------------------------------------

OLD = [
    *(("papi", "/v1/works/{id}.json", f) for f in RECORDED.glob("papi/*.json") if "http" not in f.name),
    *(("papi", "error", f) for f in RECORDED.glob("papi/*http400.json")),
    *(("spapi", "/iphone/illust.php", f) for f in RECORDED.glob("spapi/*.csv")),
]


@recorded
@pytest.mark.parametrize(("api", "path", "file"), OLD, ids=lambda v: v.stem if isinstance(v, Path) else "")
def test_each_recorded_answer_of_the_dead_apis_is_read_without_loss(pixmirror, api, path, file):
    (row,) = checked(pixmirror, api, path, file)
    assert (row["ok"], row["bad_items"], row["lost"], row["unknown_fields"]) == (True, 0, [], [])
    if path == "error":
        assert row["error"] == "NotFound"
    elif api == "papi":
        assert row["again"] == json.loads(file.read_text())
    else:
        assert row["items"] == (1 if file.stat().st_size else 0)
        assert ("deleted" in (row["says"] or "")) == (row["items"] == 0)


def test_an_answer_of_another_route_or_a_damaged_row_is_told(pixmirror, tmp_path):
    row, user_row = made.written(tuple(made.work())), made.written(tuple(made.user()))
    file = saved(tmp_path, row + '"1","2","jpg","cut\n' + row + user_row, "illust.csv")
    (look,) = checked(pixmirror, "spapi", "illust.php", file, code=7)
    assert (look["ok"], look["items"], look["bad_items"]) == (False, 2, 2)
    assert any(problem.startswith("line 2:") for problem in look["problems"])
    assert any("which /iphone/illust.php does not give" in problem for problem in look["problems"])


def test_an_unknown_field_of_the_public_api_is_told_and_kept(pixmirror, tmp_path):
    body = {"status": "success", "response": [made.papi_work() | {"novelty": 1}], "count": 1}
    (look,) = checked(pixmirror, "papi", "/v1/works/5.json", saved(tmp_path, body))
    assert (look["ok"], look["unknown_fields"]) == (True, ["response[].novelty"])
    assert look["again"] == body


@pytest.mark.parametrize(
    ("api", "path"), [("papi", "/v1/nothing.json"), ("spapi", "nothing.php"), ("spapi", "error")]
)
def test_there_is_no_check_for_a_route_that_never_was(pixmirror, api, path, tmp_path):
    result = pixmirror("api", "check", api, path, saved(tmp_path, "x"))
    assert result.exit_code == 2
    assert "No route of" in result.output


# Submitting ---------------------------------------------------------------------------------------------

PICTURES = [FIXTURES / "pictures" / name for name in ("0.png", "1.png", "2.jpg")]


def mine(pixiv, medium="illust"):
    world = pixiv.state.world
    return [w for w in world.works.values() if w.user_id == world.me and w.medium == medium and w.state == "live"]


def posts(pixiv):
    return [path for method, path, _ in pixiv.state.log if method == "POST" and path != "/auth/token"]


def test_a_work_is_posted_and_deleted_at_a_word(pixmirror, config, pixiv):
    def ask(*args):
        result = pixmirror("--config", config, "api", "app", *args)
        assert result.exit_code == 0, result.output
        return lines(result)

    tags = ("--tags", "風景", "--tags", "夜")
    (ticket,) = ask("submissions.illust_upload", "三枚", *PICTURES, "--type", "manga", *tags, "--yes")
    (done,) = ask("submissions.upload_complete", ticket["convert_key"], "--every", "0.01")
    (work,) = mine(pixiv)
    assert (work.id, work.title, work.page_count, work.tags) == (done["illust_id"], "三枚", 3, ("風景", "夜"))
    (comment,) = ask("commenting.illust_comment_add", work.id, "--comment", "すてき", "--yes")
    assert ask("comments.illust_comments", work.id)[0]["id"] == comment["id"]
    assert ask("submissions.illust_delete", work.id, "--yes") == []
    assert mine(pixiv) == []


def test_a_novel_comes_from_the_standard_input(pixmirror, config, pixiv):
    text = "長い話。\n" * 40_000
    result = pixmirror(
        "--config", config, "api", "app", "submissions.novel_upload", "題", "-", "--yes", input=text
    )
    assert result.exit_code == 0, result.output
    assert [w.text for w in mine(pixiv, "novel")] == [text]


@pytest.mark.parametrize(
    "args",
    [
        ("submissions.illust_upload", "a", PICTURES[0]),
        ("submissions.novel_delete", "5"),
        ("drafts.add", "a", "b"),
        ("commenting.novel_comment_add", "5", "--comment", "a"),
        ("illusts.bookmark_add", "5"),
        ("users.follow_delete", "5"),
        ("account.mute_edit", "--add-tags", "a"),
    ],
)
def test_nothing_is_changed_without_a_word(pixmirror, config, pixiv, monkeypatch, args):
    unasked = pixmirror("--config", config, "api", "app", *args)
    assert unasked.exit_code == 2
    assert "--yes" in unasked.stderr
    monkeypatch.setattr("pixmirror.cli.api_calls.on_terminal", lambda: True)
    refused = pixmirror("--config", config, "api", "app", *args, input="n\n")
    assert refused.exit_code == 1
    assert "Nothing was sent." in refused.stderr
    assert posts(pixiv) == []


def test_bookmarks_follows_and_mutes_are_changed_and_taken_back_at_a_word(pixmirror, config, work, pixiv):
    def ask(*args):
        result = pixmirror("--config", config, "api", "app", *args)
        assert result.exit_code == 0, result.output
        return lines(result)

    artist = pixiv.state.world.works["illust", work].user_id
    ask("illusts.bookmark_add", work, "--restrict", "private", "--tags", "夜", "--yes")
    (kept,) = ask("illusts.bookmark_detail", work)
    assert (kept["is_bookmarked"], kept["restrict"]) == (True, "private")
    assert [tag["name"] for tag in kept["tags"] if tag["is_registered"]] == ["夜"]
    ask("illusts.bookmark_delete", work, "--yes")
    assert ask("illusts.bookmark_detail", work)[0]["is_bookmarked"] is False
    ask("users.follow_delete", artist, "--yes")
    assert ask("users.follow_detail", artist)[0]["is_followed"] is False
    ask("users.follow_add", artist, "--yes")
    assert ask("users.follow_detail", artist)[0]["is_followed"] is True
    ask("account.mute_edit", "--add-tags", "風景", "--yes")
    assert [row["tag"]["name"] for row in ask("account.mute_list")[0]["muted_tags"]] == ["風景"]
    ask("account.mute_edit", "--delete-tags", "風景", "--yes")
    assert ask("account.mute_list")[0]["muted_tags"] == []


@pytest.mark.usefixtures("web")
def test_a_work_is_liked_at_a_word(pixmirror, config, work, pixiv, monkeypatch):
    monkeypatch.setattr("pixmirror.cli.api_calls.on_terminal", lambda: True)
    result = pixmirror("--config", config, "api", "web", "actions.like", work, input="y\n")
    assert result.exit_code == 0, result.output
    assert "Like a work, which cannot be taken back, at Pixiv?" in result.output
    assert posts(pixiv) == ["/ajax/illusts/like"]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (faults.reset(), "is not known, and it is not sent again. To do it again does no harm"),
        (faults.status(502), "is not known, and it is not sent again. To do it again does no harm"),
        (faults.not_json(), "is not known, and it is not sent again. To do it again does no harm"),
        (faults.error(404), "404"),
    ],
    ids=["reset", "502", "no JSON", "404"],
)
def test_a_change_without_a_clear_answer_is_sent_once_and_told(pixmirror, pixiv, tmp_path, work, fault, said):
    failing = faults.Faults(pixiv)
    failing.add("bookmark/add", fault)
    with running(failing) as url:
        place = write_config(tmp_path / "failing.toml", url, f'refresh_token = "{TOKEN}"')
        result = pixmirror("--config", place, "api", "app", "illusts.bookmark_add", work, "--yes")
    assert result.exit_code == (10 if said == "404" else 8), result.output
    assert said in result.stderr
    assert "tries again by itself" not in result.stderr
    assert len(failing.asked("bookmark/add")) == 1


def test_who_is_asked_sees_what_goes(pixmirror, config, pixiv, monkeypatch):
    monkeypatch.setattr("pixmirror.cli.api_calls.on_terminal", lambda: True)
    args = ("submissions.novel_upload", "題", "文" * 500, "--tags", "夜", "--tags", "海")
    result = pixmirror("--config", config, "api", "app", *args, input="y\n")
    assert result.exit_code == 0, result.output
    for said in ("title: 題", "tags: 夜", "tags: 海", "text: 文文", "…", "Post a novel, at Pixiv?"):
        assert said in result.output
    assert len(mine(pixiv, "novel")) == 1


@pytest.mark.parametrize(
    ("path", "name"),
    [(e.path, Path(e.fixture).stem) for e in endpoints("004") if e.fixture],
)
def test_each_documented_answer_of_a_submission_is_made_again(pixmirror, path, name):
    (row,) = checked(pixmirror, "app", path, FIXTURES / f"{name}.json")
    assert (row["ok"], row["lost"], row["unknown_fields"]) == (True, [], [])
    assert row["again"] == fixture(name)


def test_the_limits_that_the_page_names_are_those_of_the_code():
    from pixmirror.pixiv.app import limits as s

    page = (REPO / "src" / "pixmirror" / "docs" / "submissions.md").read_text()
    said = {row.split("|")[1].strip(): row.split("|")[2] for row in page.splitlines() if row.startswith("| ")}
    numbers = {
        name: [int(n.replace(",", "")) for n in re.findall(r"\d[\d,]*", text)] for name, text in said.items()
    }
    assert numbers["title"] == [s.TITLE, s.NOVEL_TITLE]
    assert (numbers["caption"], numbers["tags"]) == ([s.CAPTION], [s.TAGS, s.TAG])
    assert numbers["text of a novel"] == [s.NOVEL_TEXT]
    assert numbers["files of a work"] == [s.ALL_FILES // 1024**2]


def test_every_command_of_the_page_is_one(pixmirror):
    page = (REPO / "src" / "pixmirror" / "docs" / "submissions.md").read_text()
    named = set(re.findall(r"^    pixmirror api (app|web) (\S+)", page, re.MULTILINE))
    writing = {
        (api, name)
        for api in ("app", "web")
        for name, function in api_functions.functions(api).items()
        if api_functions.writes(function)
    }
    assert all(name in api_functions.functions(api) for api, name in named)
    assert {(api, name.split(".")[0]) for api, name in named} >= {(api, n.split(".")[0]) for api, n in writing}


def test_a_dump_that_is_handed_on_holds_no_token(pixmirror, tmp_path):
    secret = "sEcret0123456789abcdefghijklmnop"
    user = {"id": "7", "name": "me", "account": "acc", "mail_address": "", "is_premium": False, "x_restrict": 0}
    body = {
        "access_token": secret, "expires_in": 3600, "token_type": "bearer", "scope": "", "refresh_token": secret,
        "device_token": secret, "user": {**user, "is_mail_authorized": True, "profile_image_urls": {}},
    }  # fmt: skip
    place = saved(tmp_path, {**body, "response": body})
    result = pixmirror("api", "check", "oauth", "/auth/token", place, "--dump")
    assert secret not in result.output
    assert '"expires_in": 3600' in result.output
