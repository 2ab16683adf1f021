"""Who is let in, and what is refused, over real HTTP: each with a sentence."""

import asyncio
import logging
import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser
from starlette.routing import Route

from pixmirror.catalogue.gallery.sessions import Session
from pixmirror.clock import DAY_MS, Clock
from pixmirror.errors import DiskFull
from pixmirror.gallery.app import PAGES
from pixmirror.gallery.login import FIRST_WAIT_S, FREE_TRIES, KEY_S, digest, password_hash
from pixmirror.gallery.security import MOST_BODY
from pixmirror.gallery.sessions import IDLE_MS
from tests.gallery.asking import ask, send
from tests.gallery.conftest import Mirrored, Served, copied, looking, serving
from tests.gallery.readable import until
from tests.hostile.addresses import REQUESTS

PASSWORD = "correct horse"
HASH = password_hash(PASSWORD)


class SetClock(Clock):
    """A clock that stands until it is set."""

    ms = 1_790_000_000_000

    def now(self) -> int:
        return self.ms

    def monotonic(self) -> float:
        return self.ms / 1000


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def keyed(own_root: Path, clock: SetClock) -> Iterator[Served]:
    """A gallery that is opened by a key."""
    with serving(own_root, clock=clock, require_key=True) as served:
        yield served


@pytest.fixture(scope="module")
def locked(mirrored: Mirrored, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A gallery that is opened by a key, for all tests that leave it as it is."""
    with serving(copied(mirrored.root, tmp_path_factory.mktemp("locked") / "root"), require_key=True) as served:
        yield served


@pytest.fixture
def guarded(own_root: Path, clock: SetClock) -> Iterator[Served]:
    """A gallery with a password."""
    with serving(own_root, HASH, clock) as served:
        yield served


def let_in(served: Served) -> str:
    """Return the cookie of a browser that came in by a key."""
    answer = ask(served.url, f"/?key={served.gallery.keys.make()}", user_agent="Firefox")
    assert answer.status == 303
    return answer.cookie


# --- the key


def test_a_key_becomes_a_session_and_leaves_the_address(keyed: Served) -> None:
    answer = ask(keyed.url, f"/?key={keyed.gallery.keys.make()}")
    assert (answer.status, answer.location) == (303, "/")
    assert {part.strip() for part in answer.headers["Set-Cookie"].split(";")[1:]} == {
        "HttpOnly", "Max-Age=5184000", "Path=/", "SameSite=strict",
    }  # fmt: skip
    assert ask(keyed.url, "/works").status == 401
    assert ask(keyed.url, "/works", cookie=answer.cookie).status == 200


def test_a_key_opens_one_browser_once(keyed: Served) -> None:
    key = keyed.gallery.keys.make()
    assert ask(keyed.url, f"/?key={key}").status == 303
    second = ask(keyed.url, f"/?key={key}")
    assert second.status == 403
    assert "pixmirror gallery --address" in second.text
    assert "Set-Cookie" not in second.headers


def test_a_key_is_good_for_ten_minutes(keyed: Served, clock: SetClock) -> None:
    key, late = keyed.gallery.keys.make(), keyed.gallery.keys.make()
    clock.ms += int(KEY_S * 1000) - 1
    assert ask(keyed.url, f"/?key={key}").status == 303
    clock.ms += 1
    assert ask(keyed.url, f"/?key={late}").status == 403


def test_no_preview_and_no_look_at_the_headers_uses_a_key_up(keyed: Served) -> None:
    key = keyed.gallery.keys.make()
    assert ask(keyed.url, f"/?key={key}", sec_purpose="prefetch;prerender").status == 403
    assert ask(keyed.url, f"/?key={key}", method="HEAD").status == 403
    assert ask(keyed.url, f"/?key={key}").status == 303


def test_where_no_key_is_needed_it_leaves_the_address_all_the_same(gallery: Served) -> None:
    answer = ask(gallery.url, "/?key=left-over")
    assert (answer.status, answer.location) == (303, "/")


def test_no_log_holds_a_key(keyed: Served, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    key = keyed.gallery.keys.make()
    for _ in range(2):
        ask(keyed.url, f"/?key={key}")
    assert key not in caplog.text


# --- the session


def addresses() -> list[str]:
    """An address of every page that is there, but the login."""
    pages = [route for routes in PAGES for route in routes if isinstance(route, Route)]
    made = {re.sub(r"\{\w+(:\w+)?\}", "1", route.path) for route in pages if "GET" in (route.methods or ())}
    return sorted(made - {"/login"})


@pytest.mark.parametrize("path", [*addresses(), "/nothing", "/%00", "/static", "/staticX/js/app.js"])
def test_without_a_session_nothing_is_shown(locked: Served, path: str) -> None:
    answer = ask(locked.url, path, accept="*/*")
    assert answer.status in (401, 404)
    assert answer.body.count(b"\n") == 1  # a sentence


def test_the_design_needs_no_session(keyed: Served) -> None:
    assert ask(keyed.url, "/static/gallery.css").status == 200
    assert ask(keyed.url, "/static/../works").status in (401, 404)
    assert ask(keyed.url, "/static/%2e%2e/works").status in (401, 404)


def test_a_session_outlives_the_gallery(own_root: Path, clock: SetClock) -> None:
    with serving(own_root, clock=clock, require_key=True) as served:
        cookie = let_in(served)
    with serving(own_root, clock=clock, require_key=True) as served:  # at another port
        assert ask(served.url, "/works", cookie=cookie).status == 200
        by_port = f"pixmirror_{served.gallery.listen.port}={cookie.partition('=')[2]}"  # as it was named before
        assert ask(served.url, "/works", cookie=by_port).status == 200
        send(served.url, "/logout", cookie=by_port)
        assert ask(served.url, "/works", cookie=cookie).status == 401


def test_the_cookie_itself_is_nowhere_on_disk(own_root: Path) -> None:
    with serving(own_root, require_key=True) as served:
        _, _, token = let_in(served).partition("=")
    assert all(token.encode() not in path.read_bytes() for path in own_root.glob("gallery.*"))


def test_a_session_that_is_not_used_ends(keyed: Served, clock: SetClock) -> None:
    cookie = let_in(keyed)
    clock.ms += IDLE_MS - DAY_MS
    assert ask(keyed.url, "/works", cookie=cookie).status == 200
    clock.ms += IDLE_MS - DAY_MS  # it was seen meanwhile
    assert ask(keyed.url, "/works", cookie=cookie).status == 200
    clock.ms += IDLE_MS + 1
    assert ask(keyed.url, "/works", cookie=cookie).status == 401


def test_logging_out_ends_the_session_here_and_in_the_browser(keyed: Served) -> None:
    cookie = let_in(keyed)
    answer = send(keyed.url, "/logout", cookie=cookie)
    assert (answer.status, answer.location) == (303, "/login")
    assert "Max-Age=0" in answer.headers["Set-Cookie"]
    assert ask(keyed.url, "/works", cookie=cookie).status == 401


def test_one_session_is_ended_or_all_but_ones_own(keyed: Served) -> None:
    own, *others = (let_in(keyed) for _ in range(4))
    of_first = next(one for one in keyed.gallery.sessions.all() if is_of(one, others[0]))
    assert send(keyed.url, "/sessions/end", {"session": of_first.digest[:16]}, cookie=own).status == 303
    assert [ask(keyed.url, "/works", cookie=c).status for c in (own, *others)] == [200, 401, 200, 200]
    send(keyed.url, "/sessions/end", {"session": "others"}, cookie=own)
    assert [ask(keyed.url, "/works", cookie=c).status for c in (own, *others)] == [200, 401, 401, 401]


def is_of(session: Session, cookie: str) -> bool:
    return session.digest == digest(cookie.partition("=")[2])


# --- the password


def test_the_password_leads_where_one_was_going(guarded: Served) -> None:
    shut = ask(guarded.url, "/works?at=2")
    assert (shut.status, shut.location) == (303, "/login?next=%2Fworks%3Fat%3D2")
    form = ask(guarded.url, shut.location).text
    assert 'value="/works?at=2"' in form
    answer = send(guarded.url, "/login", {"password": PASSWORD, "next": "/works?at=2"})
    assert (answer.status, answer.location) == (303, "/works?at=2")
    assert ask(guarded.url, "/works", cookie=answer.cookie).status == 200


@pytest.mark.parametrize(
    "away", ["//evil.example", "https://evil.example", "/\\evil.example", "", "/login", "/a\nb"]
)
def test_nobody_is_led_away_by_the_login(guarded: Served, away: str) -> None:
    assert send(guarded.url, "/login", {"password": PASSWORD, "next": away}).location == "/"


def test_wrong_passwords_make_the_next_one_wait(guarded: Served, clock: SetClock) -> None:
    answers = [send(guarded.url, "/login", {"password": "wrong"}) for _ in range(FREE_TRIES)]
    assert [answer.status for answer in answers] == [401] * FREE_TRIES
    assert all("That is not it." in answer.text for answer in answers)
    assert "The next try is open in 4 s." in answers[-1].text
    barred = send(guarded.url, "/login", {"password": PASSWORD})
    assert barred.status == 429
    assert int(barred.headers["Retry-After"]) > 0
    assert "Too many tries." in barred.text
    clock.ms += int(FIRST_WAIT_S * 1000)
    assert send(guarded.url, "/login", {"password": PASSWORD}).status == 303


def test_another_password_ends_all_sessions(own_root: Path) -> None:
    with serving(own_root, HASH) as served:
        _, _, token = send(served.url, "/login", {"password": PASSWORD}).cookie.partition("=")
    with serving(own_root, HASH) as served:
        assert ask(served.url, "/works", cookie=f"{served.gallery.cookie}={token}").status == 200
    with serving(own_root, password_hash("another one")) as served:
        assert ask(served.url, "/works", cookie=f"{served.gallery.cookie}={token}").status == 303


def test_where_nobody_was_for_so_long_the_password_is_asked_for_again(own_root: Path, clock: SetClock) -> None:
    with serving(own_root, HASH, clock, lock_after="10m") as served:
        cookie = send(served.url, "/login", {"password": PASSWORD}).cookie
        for path, minutes, status in (
            ("/works", 9, 200),
            ("/static/check.svg", 9, 200),  # by lock.js, for somebody who is there
            ("/works", 9, 200),
            ("/mirror/events?once", 6, 200),  # by a page that is open
            ("/works/new?since=0", 3, 200),
            ("/works", 2, 303),
        ):
            clock.ms += minutes * 60_000
            assert ask(served.url, path, cookie=cookie).status == status, path
        assert served.gallery.sessions.all() == ()
    with serving(own_root, None, clock, lock_after="10m", require_key=True) as served:
        cookie = let_in(served)
        clock.ms += 3_600_000
        answer = ask(served.url, "/works", cookie=cookie)
        assert (answer.status, "lock.js" in answer.text) == (200, False)


def test_a_page_at_which_nobody_is_locks_itself(browser: Browser, own_root: Path) -> None:
    with serving(own_root, HASH, lock_after="10m") as served, looking(browser, served.url) as page:
        page.clock.install()
        page.goto("/search?q=x")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url(f"{served.url}/search?q=x")
        until(page, "() => localStorage.seen")
        page.clock.run_for("09:00")
        page.keyboard.press("Shift")
        page.clock.run_for("09:00")
        assert page.url == f"{served.url}/search?q=x"
        page.clock.run_for("02:00")
        page.wait_for_url(re.compile(r"/login\?next=%2Fsearch%3Fq%3Dx"))
        assert served.gallery.sessions.all() == ()


def test_odd_passwords_are_wrong_ones(guarded: Served) -> None:
    for odd in ("", "x" * 5000, "\0", "\ud800"):
        assert send(guarded.url, "/login", {"password": odd}).status in (401, 429)


def test_one_password_is_looked_at_a_time(guarded: Served) -> None:
    async def many() -> list[bool]:
        password = guarded.gallery.password
        assert password is not None
        found = await asyncio.gather(*(password.try_one("wrong", f"192.0.2.{n}") for n in range(20)))
        return [one.tried for one in found]

    with ThreadPoolExecutor(1) as thread:
        tried = thread.submit(lambda: asyncio.run(many())).result()
    assert tried.count(True) == 8
    assert tried.count(False) == 12


# --- from where


NOT_OURS = [
    *("evil.example", "evil.example:8787", "127.0.0.1.evil.example", ""),
    *("localhost/static/", "127.0.0.1?x", "a@127.0.0.1", "[::1"),
]


@pytest.mark.parametrize("host", NOT_OURS)
def test_a_name_that_is_not_ours_is_refused(gallery: Served, host: str) -> None:
    answer = ask(gallery.url, "/works", host=host)
    assert answer.status in (400, 421)
    assert "<img" not in answer.text


def test_our_own_names_are_known(own_root: Path, gallery: Served) -> None:
    port = urlsplit(gallery.url).port
    for host in ("localhost", f"127.0.0.1:{port}", "[::1]:8787", "192.168.1.5:80", socket.gethostname().upper()):
        assert ask(gallery.url, "/works", host=host).status == 200
    with serving(own_root, hosts=("gallery.example",)) as served:
        assert ask(served.url, "/works", host="Gallery.example:8787").status == 200


@pytest.mark.parametrize("origin", ["null", "https://evil.example", "http://127.0.0.1:1", "http://127.0.0.1", ""])
def test_a_form_of_another_origin_is_refused(locked: Served, origin: str) -> None:
    cookie = let_in(locked)
    answer = send(locked.url, "/logout", origin=origin, cookie=cookie)
    assert answer.status == 403
    assert ask(locked.url, "/works", cookie=cookie).status == 200


def test_a_form_of_this_origin_by_https_names_the_key_to_set(keyed: Served) -> None:
    answer = send(keyed.url, "/logout", origin=keyed.url.replace("http:", "https:"), cookie=let_in(keyed))
    assert answer.status == 403
    assert "gallery.trusted_proxies" in answer.text


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_no_other_site_can_probe_what_is_here(gallery: Served, site: str) -> None:
    image = {"sec_fetch_site": site, "sec_fetch_mode": "no-cors", "sec_fetch_dest": "image"}
    frame = {"sec_fetch_site": site, "sec_fetch_mode": "navigate", "sec_fetch_dest": "iframe"}
    for headers in (image, frame, {"sec_fetch_site": site}):
        assert ask(gallery.url, "/works", headers).status == 403
        assert ask(gallery.url, "/static/gallery.css", headers).status == 403


def test_a_link_of_another_site_leads_here(keyed: Served) -> None:
    link = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate", "sec_fetch_dest": "document"}
    first = ask(keyed.url, "/works", link)  # without the cookie, which is SameSite=Strict
    assert (first.status, first.headers["Refresh"]) == (401, "0")
    assert ask(keyed.url, "/works", cookie=let_in(keyed), sec_fetch_site="same-origin").status == 200
    assert send(keyed.url, "/logout", {}, link, cookie=let_in(keyed)).status == 403


# --- behind a proxy


def test_a_proxy_that_is_named_says_by_what_scheme_it_was_asked(own_root: Path) -> None:
    with serving(own_root, require_key=True, hosts=("nas.example",), trusted_proxies=("127.0.0.1",)) as served:
        proxied = {"host": "nas.example", "x_forwarded_proto": "https"}
        answer = ask(served.url, f"/?key={served.gallery.keys.make()}", proxied)
        assert "Secure" in answer.headers["Set-Cookie"]
        own = {"cookie": answer.cookie, **proxied}
        assert send(served.url, "/logout", {}, own, origin="http://nas.example").status == 403
        assert send(served.url, "/logout", {}, own, origin="https://nas.example").status == 303


def test_a_user_that_a_named_proxy_has_logged_in_needs_no_key(own_root: Path) -> None:
    named: dict[str, Any] = {"trusted_proxies": ("127.0.0.1",), "user_header": "Remote-User"}
    with serving(own_root, require_key=True, **named) as served:
        assert ask(served.url, "/works", remote_user="me").status == 200
        assert ask(served.url, "/works", remote_user=" ").status == 401
        assert ask(served.url, "/works").status == 401


def test_without_a_key_a_proxy_lets_nobody_in_that_it_has_not_named(own_root: Path) -> None:
    named: dict[str, Any] = {"trusted_proxies": ("127.0.0.1",), "user_header": "Remote-User"}
    with serving(own_root, require_key=False, **named) as served:
        assert ask(served.url, "/works", remote_user="me").status == 200
        assert ask(served.url, "/works").status == 401


def test_a_page_that_fails_is_a_sentence_with_the_headers_of_all_others(
    own_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object) -> None:
        raise RuntimeError("a mistake of ours")

    with serving(own_root) as served:
        usual = ask(served.url, "/works").headers
        monkeypatch.setattr(type(served.gallery.shelves), "read", fails)
        answer = ask(served.url, "/works")
    assert answer.status == 500
    assert "a mistake of ours" not in answer.text
    for name in ("Content-Security-Policy", "X-Content-Type-Options", "Cross-Origin-Resource-Policy"):
        assert answer.headers[name] == usual[name]


def test_a_look_that_cannot_be_noted_keeps_nobody_out(keyed: Served, clock: SetClock, caplog: Any) -> None:
    cookie = let_in(keyed)
    clock.ms += DAY_MS

    async def full(*_: object) -> None:
        raise DiskFull("gallery.db")

    keyed.gallery.sessions._own.run = full  # type: ignore[method-assign, assignment]
    try:
        assert ask(keyed.url, "/works", cookie=cookie).status == 200
    finally:
        del keyed.gallery.sessions._own.run
    assert "looked last is not kept" in caplog.text


def test_nobody_else_is_believed_a_header_of_a_proxy(own_root: Path) -> None:
    named: dict[str, Any] = {"trusted_proxies": ("10.0.0.0/8",), "user_header": "Remote-User"}
    with serving(own_root, require_key=True, **named) as served:
        assert ask(served.url, "/works", remote_user="me").status == 401
        answer = ask(served.url, f"/?key={served.gallery.keys.make()}", x_forwarded_proto="https")
        assert "Secure" not in answer.headers["Set-Cookie"]


def test_tries_are_counted_by_who_stands_before_the_proxy(own_root: Path, clock: SetClock) -> None:
    with serving(own_root, HASH, clock, trusted_proxies=("127.0.0.1",)) as served:
        for _ in range(FREE_TRIES):
            send(served.url, "/login", {"password": "wrong"}, x_forwarded_for="1.1.1.1, 192.0.2.7")
        for claimed in ("192.0.2.7", "203.0.113.9, 192.0.2.7", "192.0.2.7, 127.0.0.1"):
            assert send(served.url, "/login", {"password": PASSWORD}, x_forwarded_for=claimed).status == 429
        assert send(served.url, "/login", {"password": PASSWORD}, x_forwarded_for="192.0.2.8").status == 303


# --- how much, and nonsense


def test_a_body_is_bounded_by_what_it_says_and_by_what_comes(keyed: Served) -> None:
    cookie = let_in(keyed)
    assert send(keyed.url, "/logout", cookie=cookie, Content_Length=str(MOST_BODY + 1)).status == 413
    with socket.create_connection(("127.0.0.1", urlsplit(keyed.url).port or 0)) as sock:
        head = (
            f"POST /sessions/end HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://127.0.0.1\r\nCookie: {cookie}\r\n"
        )
        kind = "Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n"
        sock.sendall((head + kind).encode())
        for _ in range(MOST_BODY // 65536 + 2):
            sock.sendall(b"10000\r\n" + b"a" * 65536 + b"\r\n")
        assert b" 413 " in sock.recv(100)


@pytest.mark.parametrize(("method", "path"), REQUESTS)
def test_nonsense_gets_a_sentence_and_leaves_no_trace(
    gallery: Served, caplog: pytest.LogCaptureFixture, method: str, path: str
) -> None:
    answer = ask(gallery.url, path, method=method, body=b"" if method == "POST" else None, origin=gallery.url)
    assert 400 <= answer.status < 500
    assert "Traceback" not in answer.text
    assert caplog.text == ""


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"x"),
        (
            "multipart/form-data; boundary=x",
            b"--x\r\nContent-Disposition: form-data; name=\xff\r\n\r\n\xff\r\n--x--",
        ),
        ("multipart/form-data; boundary=x", b"--x\r\n" * 2000),
        ("application/x-www-form-urlencoded", b"&".join(b"a=%ff" for _ in range(3000))),
        ("application/x-www-form-urlencoded", b"session=\xff%00&session=2"),
        ("application/json", b"{"),
        ("", b"\0"),
    ],
)
def test_a_form_that_is_none_gets_a_sentence_and_leaves_no_trace(
    locked: Served, caplog: pytest.LogCaptureFixture, kind: str, body: bytes
) -> None:
    headers = {"origin": locked.url, "cookie": let_in(locked), "content-type": kind}
    answer = ask(locked.url, "/sessions/end", headers, method="POST", body=body)
    assert answer.status in (303, 400)
    assert "Traceback" not in answer.text
    assert caplog.text == ""


@pytest.mark.parametrize(
    "headers",
    [
        {"cookie": "pixmirror=\xff; =; ;;; a=b; " + "x" * 4000},
        {"cookie": 'pixmirror_0="\\'},
        {"accept": "\xff" * 100},
        {"accept_encoding": "gzip;q=x"},
        {"range": "bytes=9-1,x"},
        {"if_modified_since": "yesterday"},
        {"x_forwarded_for": ",,, \xff", "x_forwarded_proto": "\xff"},
        {"sec_fetch_site": "\xff"},
        {"user_agent": "\x1b[31m"},
    ],
)
def test_hostile_headers_leave_no_trace(
    gallery: Served, caplog: pytest.LogCaptureFixture, headers: dict[str, str]
) -> None:
    assert ask(gallery.url, "/works", headers).status in (200, 400, 403)
    assert ask(gallery.url, "/static/gallery.css", headers).status in (200, 400, 403, 416)
    assert caplog.text == ""
