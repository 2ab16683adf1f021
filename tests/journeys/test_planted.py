"""What is secret stands in no other file than those made to hold it, after a run with a Pixiv that repeats it."""

import base64
import os
import re
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from urllib.parse import quote

import httpx
import pytest
from starlette.responses import JSONResponse

from pixmirror import control
from pixmirror.catalogue.payloads import CODEC, unpack
from pixmirror.daemon.mirror import catalogue_path
from pixmirror.demo.server import running
from pixmirror.demo.web.calls import state_of
from pixmirror.gallery.login import password_hash
from tests.daemon.service import Service, app_of, sleep_until, small_world
from tests.faults import Act, Exchange, Faults
from tests.gallery.asking import ask, send

REPO = Path(__file__).parents[2]
TITLE = "a-title-that-is-found-7Qz"  # the control: what is kept must be found
REFRESH, TOPIC = "planted-refresh+/9Kx2", "planted-topic-4Wm"
PING, PING_OF_JOB = "planted-ping-8Rt", "planted-job-3Yp"
APPRISE, PROXY, PASSWORD = "planted-apprise-6Ju", "planted-proxy-5Hb", "planted-password-2Nd"
SESSION = "10000001_demo"  # the stand-in knows no other
HOLDERS = ("credentials.json",)
JOB = {"name": "following", "kind": "following", "every": "1h", "ping": f"http://127.0.0.1:9/{PING_OF_JOB}"}


def forms(secret: str) -> Iterator[bytes]:
    """Give a secret as it is, quoted for a URL, and in base64 wherever it begins in there."""
    raw = secret.encode()
    yield from {raw, quote(secret, safe="").encode(), quote(secret).encode()}
    for before in range(3):
        coded = base64.b64encode(b"\0" * before + raw)
        yield coded[-(-before * 8 // 6) : len(coded) // 4 * 4 - 4]  # without what depends on its neighbours


@dataclass
class Run:
    """A mirror whose secrets are known; `said` is all that came out of it, by where."""

    service: Service
    faults: Faults
    said: dict[str, bytes] = field(default_factory=dict)
    session_key: str = ""

    def command(self, *arguments: str) -> None:
        ended = subprocess.run(
            [sys.executable, "-m", "pixmirror", "--config", str(self.service.config), *arguments],
            env=self.env, capture_output=True, timeout=120, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert b"Traceback" not in ended.stderr, ended.stderr.decode()
        self.said[" ".join(arguments)] = ended.stdout + ended.stderr

    @property
    def env(self) -> dict[str, str]:
        return {**os.environ, **self.service.env, "PYTHONPATH": str(REPO / "src")}

    def secrets(self) -> dict[str, str]:
        state = self.faults.app.state
        given_out = {f"access token {n}": token for n, token in enumerate(state.oauth.access_tokens)}
        assert given_out
        assert self.session_key
        return {
            **given_out, "refresh token": REFRESH, "cookie": SESSION, "CSRF token": state_of(state.world).token,
            "topic": TOPIC, "Apprise": APPRISE, "ping": PING, "ping of a job": PING_OF_JOB, "proxy": PROXY,
            "password": PASSWORD, "session key": self.session_key,
        }  # fmt: skip

    def places(self) -> Iterator[tuple[str, bytes]]:
        """Give all that was said and all that was written, raw, and what Pixiv answered unpacked as well."""
        yield from self.said.items()
        for folder in (self.service.root, self.service.folder / "backup"):
            for path in sorted(folder.rglob("*")):
                if path.is_file() and path.name not in HOLDERS:
                    yield str(path.relative_to(self.service.folder)), path.read_bytes()
        with closing(sqlite3.connect(catalogue_path(self.service.root))) as db:
            bases = dict(db.execute("SELECT id, body FROM payload"))
            for number, codec, body, base in db.execute("SELECT id, codec, body, base FROM payload"):
                whole = unpack(codec, body, None if codec == CODEC else bases[base])
                yield f"payload {number}", str(whole).encode()

    def found(self, secret: str) -> list[str]:
        """Return where a secret stands."""
        looked_for = [*forms(secret)]
        return [where for where, text in self.places() if any(form in text for form in looked_for)]


def repeating(share: float, seed: int = 7) -> Act:
    """Let so many answers be errors that repeat whatever the request proved itself with."""
    rng = Random(seed)

    async def act(x: Exchange) -> None:
        if rng.random() >= share:
            await x.inner(x.scope, x.receive, x.send)
            return
        sent = {name.decode(): value.decode() for name, value in x.scope["headers"]}
        proof = " ".join(sent.get(name, "") for name in ("authorization", "cookie", "x-csrf-token"))
        body = (await x.receive()).get("body", b"").decode()
        words = (
            f"Invalid request: {proof} {quote(proof, safe='')} {base64.b64encode(proof.encode()).decode()} {body}"
        )
        said = {"user_message": words, "message": words, "reason": words}
        await x.say(JSONResponse({"error": said, "message": words, "body": []}, rng.choice((400, 400, 403, 404))))

    return act


@pytest.fixture
def a_run(tmp_path: Path) -> Iterator[Run]:
    world = small_world(works=8)
    world.edit(next(iter(world.works.values())), title=TITLE)
    faults = Faults(app_of(world))
    faults.app.state.oauth.refresh_tokens[REFRESH] = world.me
    with running(faults) as url:
        with socket.create_server(("127.0.0.1", 0)) as free:
            gallery = free.getsockname()[1]
        more = (
            f'[notify]\nurl = "{url}/{TOPIC}"\nping = "{url}/{PING}"\nafter = "0"\n'
            f'apprise = ["json://me:{APPRISE}@127.0.0.1:9/"]\n'
            f'[gallery]\nlisten = "127.0.0.1:{gallery}"\n[http]\ntextfile = "{tmp_path}/mirror/textfile.prom"\n'
        )
        service = Service(tmp_path, url, [JOB], {"refresh_token": REFRESH, "phpsessid": SESSION}, more)
        service.root.mkdir(mode=0o700)
        hashed = service.root / "gallery-password"
        hashed.write_text(password_hash(PASSWORD))
        hashed.chmod(0o600)
        yield Run(service, faults)


def watched(run: Run, gallery: str) -> None:
    """Mirror with the gallery for a while, at DEBUG, and keep all that it says to whoever asks."""
    command = [sys.executable, "-m", "pixmirror", "--config", str(run.service.config), "run"]
    log = run.service.folder / "log"
    with (
        log.open("wb") as out,
        subprocess.Popen(
            [*command, "--gallery", "--log-level", "DEBUG"], env=run.env, stdout=out, stderr=out
        ) as process,
    ):
        try:
            sleep_until(lambda: process.poll() is not None or stored(run) >= 5, 60)
            assert process.poll() is None, log.read_text()
            limits = Path(f"/proc/{process.pid}/limits").read_text()
            assert re.search(r"^Max core file size +0 ", limits, re.MULTILINE)
            for line in Path("/proc").glob("[0-9]*/cmdline"):
                if is_ours(line.parent, process.pid):
                    run.said[f"process {line.parent.name}"] = line.read_bytes()
            sockets = control.socket_paths(run.service.root, run.service.env, control.HTTP)
            with httpx.Client(transport=httpx.HTTPTransport(uds=str(sockets[0]))) as client:
                for path in ("/healthz", "/readyz", "/metrics"):
                    run.said[path] = client.get(f"http://localhost{path}").content
            entered = send(gallery, "/login", {"password": PASSWORD})
            assert entered.status == 303, entered.text
            run.session_key = entered.cookie.partition("=")[2]
            for path in ("/", "/works", "/artists", "/status", "/search?q=a"):
                shown = ask(gallery, path, cookie=entered.cookie)
                run.said[f"page {path}"] = shown.body + str(shown.headers).encode()
        finally:
            process.terminate()
            process.wait(60)
    run.said["log"] = log.read_bytes()
    assert b"DEBUG" in run.said["log"]


def is_ours(process: Path, parent: int) -> bool:
    """Return whether this is the process, or a child of it. What has ended meanwhile is not."""
    try:
        return process.name == str(parent) or f"\nPPid:\t{parent}\n" in (process / "status").read_text()
    except OSError:
        return False


def stored(run: Run) -> int:
    """Return how many files have come."""
    return sum(path.suffix in (".jpg", ".png") for path in (run.service.root / "media").rglob("*"))


def no_secret_is_found(run: Run) -> None:
    where_title_is = run.found(TITLE)
    assert [where for where in where_title_is if where.startswith("mirror/catalogue.db")], where_title_is
    assert {name: where for name, secret in run.secrets().items() if (where := run.found(secret))} == {}


def gallery_of(run: Run) -> str:
    return re.sub(r'(?s).*\[gallery]\nlisten = "(.+?)".*', r"http://\1", run.service.more)


def liked(run: Run) -> None:
    """Have the token of Pixiv's pages asked for, sent and refused."""
    work = next(iter(run.faults.app.state.world.works.values()))
    run.faults.clear()
    run.faults.add("/ajax/illusts/like", repeating(1.0), times=1)
    cookie = run.service.folder / "phpsessid"
    cookie.write_text(SESSION)
    cookie.chmod(0o600)
    run.command("api", "web", "actions.like", str(work.id), "--yes", "--phpsessid-file", str(cookie))
    assert run.faults.asked("/settings/account")


def test_no_secret_is_found_after_a_faulty_run(a_run: Run) -> None:
    a_run.faults.add("/v[123]/.*(comments|detail|series|profile)", repeating(0.5))
    watched(a_run, gallery_of(a_run))
    no_secret_is_found(a_run)


@pytest.mark.long
def test_no_secret_is_found_whatever_is_asked_of_a_faulty_mirror(a_run: Run) -> None:
    a_run.faults.add("^/(?!img-|auth/)", repeating(0.1))
    watched(a_run, gallery_of(a_run))
    a_run.faults.add("^/auth/", repeating(1.0))
    (a_run.service.root / "credentials.json").unlink(missing_ok=True)
    a_run.command("sync")
    liked(a_run)
    to = str(a_run.service.folder / "backup")
    for command in (
        ("sync",), ("status",), ("healthcheck",), ("check", "--pixiv"), ("coverage",), ("plan",),
        ("export", "works"), ("notify", "--test"), ("backup", "--begin", to), ("backup", "--check", to),
        ("verify",), ("gone",),
    ):  # fmt: skip
        a_run.command(*command)
    a_run.service.pixiv["proxy"] = f"http://me:{PROXY}@127.0.0.1:9"
    a_run.service.write()
    for command in (("check", "--pixiv"), ("sync",), ("status",)):
        a_run.command(*command)
    no_secret_is_found(a_run)


@pytest.mark.parametrize("before", ["", "x", "xy"])
def test_the_search_finds_a_secret_in_each_form(before: str) -> None:
    coded = base64.b64encode(f"{before}{REFRESH} and more".encode()).decode()
    for text in (before + REFRESH, f"?token={quote(REFRESH, safe='')}&", coded):
        assert any(form in text.encode() for form in forms(REFRESH))
