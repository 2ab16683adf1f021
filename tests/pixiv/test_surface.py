"""The library as its users meet it: what is public, what it needs, and a whole visit over real sockets."""

import ast
import asyncio
import json
import shutil
import ssl
import subprocess
import sys
from functools import partial
from importlib.resources import files
from pathlib import Path

import pytest

import pixmirror.pixiv as surface
from pixmirror import errors, models
from pixmirror.clock import Clock
from pixmirror.pixiv import Client, Pacer, Transport, items, open_image
from pixmirror.pixiv.app import users
from pixmirror.pixiv.hosts import ALLOWED_HOSTS
from pixmirror.pixiv.wire import Request

pytestmark = pytest.mark.anyio


def test_every_public_name_is_there_and_documented():
    for name in surface.__all__:
        assert getattr(surface, name).__doc__, name


ALL = """
import importlib, pkgutil, pixmirror.pixiv
for name in pixmirror.pixiv.__all__:
    getattr(pixmirror.pixiv, name)
for module in pkgutil.walk_packages(pixmirror.pixiv.__path__, "pixmirror.pixiv."):
    importlib.import_module(module.name)
"""


def loaded(code: str) -> set[str]:
    """Return the modules that a fresh process has after `code`, without those that it has anyway."""
    command = [sys.executable, "-c", f"{code}\nimport sys; print(*(name for name, m in sys.modules.items() if m))"]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


def test_the_library_needs_nothing_of_the_rest_of_the_mirror():
    names = loaded(ALL)
    for other in ("catalogue", "store", "config", "sync", "fetch", "cli", "daemon"):
        assert f"pixmirror.{other}" not in names
    assert "pixmirror.pixiv.app" in names


def test_the_library_brings_in_no_heavy_module():
    heavy = {"PIL", "alembic", "apscheduler", "click", "jinja2", "numpy", "pygments", "rich", "sqlalchemy"}
    heavy |= {"starlette", "typer", "uvicorn"}
    assert not heavy & loaded(ALL)


def test_a_client_reads_no_model_of_the_website_before_it_is_asked_there():
    names = loaded("from pixmirror.pixiv import Client, items, download_work; Client('token', phpsessid='11_a')")
    assert not {"pixmirror.pixiv.web.models", "pixmirror.pixiv.web.bodies", "pixmirror.pixiv.web.composed"} & names


def test_importing_the_library_loads_none_of_what_it_stands_on():
    assert not {"httpx", "pydantic", "asyncio"} & loaded("import pixmirror.pixiv")


@pytest.mark.parametrize("package", [surface, models], ids=["pixiv", "models"])
def test_every_public_name_comes_from_where_type_checkers_see_it(package):
    tree = ast.parse(Path(package.__file__).read_text(encoding="utf-8"))
    checked = next(node for node in tree.body if isinstance(node, ast.If))
    imports = (node for node in checked.body if isinstance(node, ast.ImportFrom))
    seen = {alias.name: node.module for node in imports for alias in node.names}
    homes = {name: f"pixmirror.{home}" for home, names in package._HOMES.items() for name in names.split()}
    assert homes == seen
    assert set(package.__all__) == set(seen)
    assert set(package.__all__) <= set(dir(package))


def test_submodules_are_attributes_and_a_wrong_name_is_an_attribute_error():
    assert loaded("import pixmirror.pixiv; pixmirror.pixiv.app.AppApi; pixmirror.pixiv.blocking.Client")
    with pytest.raises(AttributeError, match="no attribute 'Cleint'"):
        getattr(surface, "Cle" + "int")


def test_whoever_builds_on_it_gets_its_types():
    assert files("pixmirror").joinpath("py.typed").is_file()


async def answer_http(reader, writer, respond):
    """A keep-alive HTTP server in ten lines: `respond(request line, headers) -> (content type, body)`."""
    while True:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
        except asyncio.IncompleteReadError:
            return
        length = next((int(x[16:]) for x in head.lower().split("\r\n") if x.startswith("content-length: ")), 0)
        await reader.readexactly(length)
        kind, body = respond(head)
        writer.write(
            f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        )
        await writer.drain()


async def test_a_whole_visit_over_real_sockets_at_a_real_pace(serve, load):
    first, second = load("illusts"), load("illusts")
    second["next_url"] = None
    asked = []

    def respond(head):
        line = head.split("\r\n")[0]
        asked.append(line)
        if line.startswith("POST /auth/token"):
            return "application/json", json.dumps(load("token")).encode()
        if "/img-original/" in line:
            return "image/png", b"\x89PNG"
        return "application/json", json.dumps(second if "offset=30" in line else first).encode()

    async def handler(reader, writer):
        await answer_http(reader, writer, respond)

    async with serve(handler) as base:
        hosts = dict.fromkeys(ALLOWED_HOSTS, base)
        async with Client("r", hosts=hosts, only_mapped=True, requests_per_minute=6000) as pixiv:
            works = [work async for work in items(partial(users.illusts, pixiv.app, 501))]
            async with open_image(pixiv.transport, works[0].item.originals[0]) as stream:
                body = b"".join([chunk async for chunk in stream])
    assert len(works) == 8
    assert body == b"\x89PNG"
    assert [line.split()[1].split("?")[0] for line in asked] == [
        "/auth/token",
        "/v1/user/illusts",
        "/v1/user/illusts",
        "/img-original/img/2025/03/04/05/06/07/9001_p0.png",
    ]
    assert (pixiv.transport.counts.token, pixiv.transport.counts.api, pixiv.transport.counts.image) == (1, 2, 1)


@pytest.fixture
def certificate(tmp_path):
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl command")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=DNS:localhost", "-out", str(cert), "-keyout", str(key)]
    subprocess.run([*command, *names], check=True, capture_output=True)
    return cert, key


async def test_tls_trusts_what_ssl_cert_file_names_and_nothing_else(certificate, monkeypatch):
    cert, key = certificate
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)

    async def handler(reader, writer):
        await answer_http(reader, writer, lambda head: ("application/json", b"{}"))
        writer.close()

    async def ask(base):
        clock = Clock()
        async with Transport(clock, Pacer(clock, per_minute=0), hosts={"app-api.pixiv.net": base}, tries=1) as t:
            return await t.ask_json(Request("GET", "app-api.pixiv.net", "/v1/x"))

    server = await asyncio.start_server(handler, "127.0.0.1", 0, ssl=context)
    async with server:
        base = f"https://localhost:{server.sockets[0].getsockname()[1]}"
        with pytest.raises(errors.Unreachable, match="CERTIFICATE"):
            await ask(base)
        monkeypatch.setenv("SSL_CERT_FILE", str(cert))
        assert await ask(base) == {}
