"""A demo Pixiv that answers as the dead APIs did, and a way to ask it what the product never sends."""

import httpx
import pytest

from pixmirror.demo.generate import WorldSpec, generate
from pixmirror.demo.oauth import REFRESH_TOKEN
from pixmirror.demo.server import create_app, running
from pixmirror.demo.world import LIVE
from pixmirror.pixiv.legacy import calls
from pixmirror.pixiv.wire import flatten
from tests.pixiv.legacy import demo_papi, demo_spapi

NOW_MS = 1_795_000_000_000


@pytest.fixture(scope="package")
def world():
    spec = WorldSpec(now_ms=NOW_MS, artists=8, private=2, works=260, bookmarks=90, commented=60, others=8)
    made = generate(spec, now=lambda: NOW_MS)
    for medium in ("illust", "novel"):
        made.edit(next(w for w in made.works.values() if w.medium == medium and w.state == LIVE), x_restrict=1)
    return made


@pytest.fixture(scope="package")
def ask(world):
    """Sends a built request to the demo and gives the answer."""
    app = create_app(world)
    app.router.routes[:0] = [*demo_spapi.ROUTES, *demo_papi.ROUTES]
    with running(app) as base, httpx.Client(base_url=base) as client:
        form = {"grant_type": "refresh_token", "refresh_token": REFRESH_TOKEN, **CLIENT}
        token = client.post("/auth/token", data=form, headers=signed()).json()["access_token"]

        def send(request, *, login=True):
            if login and request.host == calls.PAPI_HOST:
                request = calls.authorized(request, token)
            return client.get(request.path, params=dict(flatten(request.params)), headers=dict(request.headers))

        yield send


CLIENT = {
    "client_id": "MOBrBDS8blbauoSck0ZfDbtuzpyT",
    "client_secret": "lsACyCD94FhDUtGTXi3QzcFE2uU1hqtDaKeqrdwj",
}


def signed():
    from hashlib import md5

    now = "2026-11-18T00:00:00+00:00"
    salt = "28c1fdd170a5204386cb1313c7077b34f83e4aaf4aa829ce78c231e05b0bae2c"
    return {"X-Client-Time": now, "X-Client-Hash": md5((now + salt).encode(), usedforsecurity=False).hexdigest()}
