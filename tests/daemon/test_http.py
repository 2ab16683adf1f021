"""The daemon as it is seen from outside: /healthz, /readyz, /metrics, and the file for the node exporter."""

import asyncio
import json
import os
import re
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families as families

from pixmirror import control
from pixmirror.catalogue import queue, runs
from pixmirror.catalogue.sql import column
from pixmirror.config import load
from pixmirror.daemon import headline, http, metrics, textfile
from pixmirror.demo.server import create_app, running
from pixmirror.errors import ConfigError
from pixmirror.sync.kinds import KINDS
from tests.daemon.service import BOOKMARKS, FOLLOWING, Broken, Service, app_of, small_world, until
from tests.faults import Faults, status

pytestmark = pytest.mark.anyio

# Every name is a promise: dashboards and alerts are made of them. Histories of more kinds need another name.
EXPECTED: dict[str, tuple[str, tuple[str, ...]]] = {
    "pixmirror_info": ("gauge", ("version",)),
    "pixmirror_start_time_seconds": ("gauge", ()),
    "pixmirror_healthcheck_code": ("gauge", ()),
    "pixmirror_paused": ("gauge", ()),
    "pixmirror_brake_held": ("gauge", ("kind",)),
    "pixmirror_requests": ("counter", ("lane", "outcome")),
    "pixmirror_image_received_bytes": ("counter", ()),
    "pixmirror_requests_left": ("gauge", ()),
    "pixmirror_image_bytes_left": ("gauge", ()),
    "pixmirror_cooldown_seconds": ("gauge", ("host",)),
    "pixmirror_queue_files": ("gauge", ("state",)),
    "pixmirror_queue_questions": ("gauge", ("lane",)),
    "pixmirror_queue_list_gaps": ("gauge", ()),
    "pixmirror_queue_oldest_age_seconds": ("gauge", ("queue",)),
    "pixmirror_works": ("gauge", ("medium",)),
    "pixmirror_files": ("gauge", ("state",)),
    "pixmirror_stored_bytes": ("gauge", ()),
    "pixmirror_disk_free_bytes": ("gauge", ()),
    "pixmirror_disk_full_seconds": ("gauge", ()),
    "pixmirror_scrub_oldest_proof_age_seconds": ("gauge", ()),
    "pixmirror_scrub_findings": ("gauge", ("kind",)),
    "pixmirror_scrub_lost_files": ("gauge", ()),
    "pixmirror_job_runs": ("counter", ("job", "outcome")),
    "pixmirror_job_duration_seconds": ("summary", ("job",)),
    "pixmirror_job_last_success_age_seconds": ("gauge", ("job",)),
    "pixmirror_job_failures": ("gauge", ("job",)),
}
LABELS = {
    "lane": {"new", "complete", "retry", "backfill", "extra", "refresh", "image", "token"},
    "outcome": {
        *("done", "not_found", "limited", "unreachable", "refused", "failed", "cut"),
        "interrupted",
    },
    "queue": {"files", "questions", "lists"},
    "state": {"wanted", "waiting", "stored", "gone", "failed", "damaged", "refused"},
    "kind": {
        *("work", "user", "bookmark", "follow", "comment"),
        *("missing", "stray", "rotten", "unreadable", "partial", "wrong_kind"),
    },
    "medium": {"illust", "novel"},
    "host": {"app-api.pixiv.net", "www.pixiv.net", "i.pximg.net"},
}


def test_the_page_lists_exactly_these_metrics() -> None:
    page = (Path(metrics.__file__).parents[1] / "docs" / "metrics.md").read_text("utf-8")
    rows = re.findall(r"^\| `(pixmirror_\w+)` \| (\w+) \| ([\w, ]*?) ?\| .+ \|$", page, re.MULTILINE)
    listed = {
        name.removesuffix("_total"): (kind, tuple(filter(None, labels.split(", ")))) for name, kind, labels in rows
    }
    assert listed == EXPECTED
    assert all(name.endswith("_total") == (kind == "counter") for name, kind, _ in rows)


@pytest.fixture
def url() -> Iterator[str]:
    with running(app_of(small_world())) as url:
        yield url


@pytest.fixture
def service(tmp_path: Path, url: str) -> Service:
    limits = {"requests_per_day": 5000, "image_bytes_per_day": "1 GiB"}
    return Service(tmp_path, url, jobs=[FOLLOWING, BOOKMARKS], pixiv=limits)


def client(service: Service) -> httpx.AsyncClient:
    path = control.socket_paths(service.root, service.env, control.HTTP)[0]
    return httpx.AsyncClient(
        transport=httpx.AsyncHTTPTransport(uds=str(path), verify=False), base_url="http://localhost"
    )


async def get(service: Service, path: str) -> httpx.Response:
    async with client(service) as asking:
        return await asking.get(path)


async def scraped(service: Service) -> dict[str, Any]:
    answer = await get(service, "/metrics")
    assert answer.status_code == 200, answer.text
    return {found.name: found for found in families(answer.text)}


def values(found: Any) -> dict[tuple[str, ...], float]:
    return {tuple(one.labels.values()): one.value for one in found.samples}


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


async def test_metric_names_types_and_labels_are_exactly_those_that_are_promised(service: Service) -> None:
    async with service.running() as daemon:
        await until(lambda: daemon.mirror.db.read_sync(queue.counts).stored == 6)
        await until(lambda: not daemon.running)
        growth = {"per_day": 1e6, "history": 30}
        kept = {"complete": dict.fromkeys(
            ("artists", "artists_complete", "bookmark_lists", "bookmark_lists_complete", "ranking_days",
             "ranking_days_complete", "kept", "as_of"), 0),
            "totals": {}, "growth": growth, "at": 1, "mark": "", "took_ms": 1}  # fmt: skip
        await daemon.mirror.db.run(runs.set_json, "kept_counts", kept)
        found = await scraped(service)
    ours = {name: one for name, one in found.items() if not name.startswith("process_")}
    labels = {name: {label for sample in one.samples for label in sample.labels} for name, one in ours.items()}
    assert {name: (one.type, tuple(sorted(labels[name]))) for name, one in ours.items()} == EXPECTED
    for one in ours.values():
        for sample in one.samples:
            for label, value in sample.labels.items():
                assert value in LABELS.get(label, {value}), (one.name, label, value)
    jobs = {s.labels["job"] for one in ours.values() for s in one.samples if "job" in s.labels}
    assert jobs == {"following", "bookmarks"}


async def test_metrics_tell_what_was_done_and_what_is_here(service: Service) -> None:
    async with service.running() as daemon:
        await until(lambda: daemon.mirror.db.read_sync(queue.counts).stored == 6)
        await until(lambda: not daemon.running)
        found = await scraped(service)
        spent = daemon.mirror.transport.pacer.spent_today
        received = daemon.mirror.transport.counts.image_bytes
    assert values(found["pixmirror_files"])["stored",] == 6
    assert values(found["pixmirror_queue_files"]) == {("wanted",): 0, ("waiting",): 0}
    assert 0 <= values(found["pixmirror_scrub_oldest_proof_age_seconds"])[()] < 60
    assert set(values(found["pixmirror_scrub_findings"]).values()) == {0}
    assert values(found["pixmirror_works"]) == {("illust",): 6, ("novel",): 0}
    requests = values(found["pixmirror_requests"])
    assert requests["image", "done"] == 6
    assert requests["token", "done"] == 1
    assert sum(n for (lane, _), n in requests.items() if lane not in ("image", "token")) == spent
    assert values(found["pixmirror_requests_left"])[()] == 5000 - spent
    assert values(found["pixmirror_image_received_bytes"])[()] == received
    assert values(found["pixmirror_job_runs"])["following", "done"] == 1
    assert 0 <= values(found["pixmirror_job_last_success_age_seconds"])["following",] < 60
    assert values(found["pixmirror_healthcheck_code"])[()] == 0
    assert found["process_resident_memory_bytes"].samples[0].value > 1 << 20


async def test_a_limit_is_seen_in_outcomes_and_cool_downs(tmp_path: Path) -> None:
    faults = Faults(create_app(small_world()))
    with running(faults) as url:
        service = Service(tmp_path, url)
        faults.add(r"^/v\d", status(429, Retry_After="3600"))
        async with service.running() as daemon:
            pacer = daemon.mirror.transport.pacer
            await until(lambda: pacer.blocked_until() and not daemon.mirror.pace_unsaved())
            found = await scraped(service)
            ready = await get(service, "/readyz")
    assert any(outcome == "limited" for _, outcome in values(found["pixmirror_requests"]))
    assert 3000 < values(found["pixmirror_cooldown_seconds"])["app-api.pixiv.net",] <= 3600
    assert values(found["pixmirror_healthcheck_code"])[()] == 8
    assert ready.status_code == 503


async def test_health_is_that_it_answers_and_readiness_is_what_healthcheck_says(service: Service) -> None:
    async with service.running() as daemon:
        await until(lambda: daemon.mirror.db.read_sync(queue.counts).stored == 6)
        alive = await get(service, "/healthz")
        assert (alive.status_code, alive.text) == (200, "ok\n")
        ready = await get(service, "/readyz")
        first = (await headline.situations(daemon))[0]
        assert (ready.status_code, ready.json()) == (200, first.as_dict())
        (service.root / "media").rename(service.root / "away")
        ready = await get(service, "/readyz")
        assert (ready.status_code, ready.json()["kind"], ready.json()["code"]) == (503, "media_away", 6)
        assert (await get(service, "/healthz")).status_code == 200
        (service.root / "away").rename(service.root / "media")


async def test_no_secret_and_no_title_is_in_any_answer(service: Service) -> None:
    async with service.running() as daemon:
        await until(lambda: daemon.mirror.db.read_sync(queue.counts).stored == 6)
        text = "".join([(await get(service, path)).text for path in ("/metrics", "/readyz", "/healthz")])
        titles = daemon.mirror.db.read_sync(lambda conn: column(conn, "SELECT title FROM work"))
        token = await daemon.mirror.auth.token()
    assert len(titles) == 6
    for secret in ("demo-refresh-token", token.access_token, token.refresh_token, *titles):
        assert secret not in text


async def test_nothing_can_be_done_here_and_a_foreign_name_is_refused(service: Service) -> None:
    async with service.running(), client(service) as asking:
        assert (await asking.post("/readyz")).status_code == 405
        assert (await asking.get("/")).status_code == 404
        assert (await asking.get("/metrics", headers={"Host": "evil.example"})).status_code == 400


async def test_garbage_is_refused_and_harms_nobody(service: Service) -> None:
    path = control.socket_paths(service.root, service.env, control.HTTP)[0]
    async with service.running():
        for sent in (
            b"\x00\xff\r\n\r\n",
            b"GET / HTTP/1.1\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
            b"GET /healthz\r\n\r\n",
        ):
            reader, writer = await asyncio.open_unix_connection(str(path))
            writer.write(sent)
            assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
            writer.close()
        for sent in (b"", b"GET /heal"):
            _, writer = await asyncio.open_unix_connection(str(path))
            writer.write(sent)
            writer.close()
        assert (await get(service, "/healthz")).status_code == 200


async def test_who_says_nothing_keeps_nobody_else_out_for_good(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "PATIENCE_S", 0.2)
    path = control.socket_paths(service.root, service.env, control.HTTP)[0]
    async with service.running():
        silent = [await asyncio.open_unix_connection(str(path)) for _ in range(http.MOST_AT_ONCE + 4)]
        ended = [await asyncio.wait_for(reader.read(), 5) for reader, _ in silent]
        assert set(ended) == {b""}
        for _, writer in silent:
            writer.close()
        assert (await get(service, "/healthz")).status_code == 200


async def test_only_this_user_can_open_the_socket_and_it_goes_with_the_daemon(service: Service) -> None:
    path = control.socket_paths(service.root, service.env, control.HTTP)[0]
    async with service.running():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not path.exists()


async def test_at_an_address_it_answers_beside_the_socket(service: Service) -> None:
    port = free_port()
    service.more = f'[http]\nlisten = "127.0.0.1:{port}"'
    service.write()
    async with service.running():
        async with httpx.AsyncClient(trust_env=False) as asking:
            assert (await asking.get(f"http://127.0.0.1:{port}/healthz")).status_code == 200
        assert (await get(service, "/healthz")).status_code == 200


async def test_a_port_that_is_taken_is_one_sentence(service: Service) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        service.more = f'[http]\nlisten = "127.0.0.1:{port}"'
        service.write()
        with pytest.raises(ConfigError) as caught:
            async with service.running():
                pass
    assert str(caught.value) == (
        f"pixmirror cannot listen at 127.0.0.1:{port}: another program does. Choose another port in http.listen."
    )
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ('listen = "0.0.0.0:9108"', "lets other machines read the metrics"),
        ('listen = "localhost"', "is not an address to listen at"),
        ('textfile = "/tmp/pixmirror.txt"', "only files whose names end with .prom"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_reason(tmp_path: Path, keys: str, says: str) -> None:
    service = Service(tmp_path, "http://127.0.0.1:9", more=f"[http]\n{keys}")
    with pytest.raises(ConfigError, match=re.escape(says)):
        load(service.config, service.env, KINDS)


def test_who_says_so_may_be_read_from_other_machines(tmp_path: Path) -> None:
    keys = '[http]\nlisten = "0.0.0.0:9108"\nopen_to_others = true'
    service = Service(tmp_path, "http://127.0.0.1:9", more=keys)
    assert str(load(service.config, service.env, KINDS).http.listen) == "0.0.0.0:9108"


async def test_the_text_file_is_whole_readable_by_others_and_gone_when_it_stops(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(textfile, "EVERY_S", 0.05)
    file = tmp_path / "pixmirror.prom"
    service.more = f'[http]\ntextfile = "{file}"'
    service.write()
    async with service.running():
        await until(file.exists)
        first = os.stat(file)
        await until(lambda: os.stat(file).st_ino != first.st_ino)  # a new file, not one that is written over
        assert stat.S_IMODE(first.st_mode) == 0o644
        names = {found.name for found in families(file.read_text())}
        assert "pixmirror_files" in names
        assert not any(name.startswith("process_") for name in names)
    assert not file.exists()
    assert not any("prom" in name for name in os.listdir(tmp_path))


async def test_a_text_file_that_cannot_be_written_is_said_once_and_stops_nothing(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(textfile, "EVERY_S", 0.02)
    service.more = f'[http]\ntextfile = "{tmp_path}/nowhere/pixmirror.prom"'
    service.write()
    async with service.running() as daemon:
        await until(lambda: daemon.mirror.db.read_sync(queue.counts).stored == 6)
        await until(lambda: "http.textfile" in caplog.text)
        await asyncio.sleep(0.2)
        assert (await get(service, "/readyz")).json()["code"] == 0
    assert caplog.text.count("http.textfile") == 1


async def test_scrapes_leave_no_descriptor_open(service: Service) -> None:
    async with service.running() as daemon:
        await until(lambda: daemon.mirror.db.read_sync(queue.counts).stored == 6)
        await until(lambda: not daemon.running)
        for _ in range(5):
            await scraped(service)
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(30):
            await scraped(service)
        assert len(os.listdir("/proc/self/fd")) <= before + 2


async def test_while_pixiv_is_down_it_still_answers(tmp_path: Path) -> None:
    app = Broken(app_of(small_world()))
    with running(app.starlette) as url:
        service = Service(tmp_path, url)
        async with service.running():
            assert (await get(service, "/healthz")).status_code == 200
            assert (await get(service, "/metrics")).status_code == 200
            ready = await get(service, "/readyz")
            assert ready.status_code == 503
            assert json.loads(ready.text)["code"] in (3, 8)
