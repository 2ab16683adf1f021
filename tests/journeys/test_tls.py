"""Nothing in the product knows that it talks to a stand-in: with no hosts mapped it works over TLS as well."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
import trustme
import uvicorn

from pixmirror.demo.generate import add_artist, empty_world
from pixmirror.demo.server import HOSTS, create_app
from tests.standin import FOLLOWING, Setup

pytestmark = pytest.mark.anyio


@pytest.fixture
def tls_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A stand-in that holds certificates for the real names, which lead to it."""
    ca = trustme.CA()
    certificate = ca.issue_cert(*HOSTS)
    key, chain, root = tmp_path / "key.pem", tmp_path / "chain.pem", tmp_path / "ca.pem"
    certificate.private_key_pem.write_to_path(str(key))
    for n, blob in enumerate(certificate.cert_chain_pems):
        blob.write_to_path(str(chain), append=n > 0)
    ca.cert_pem.write_to_path(str(root))
    world = empty_world()
    add_artist(world, works=5, manga=2, ugoira=1, novels=1)
    config = uvicorn.Config(
        create_app(world), port=0, ssl_keyfile=key, ssl_certfile=chain, log_level="critical", lifespan="off"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        threading.Event().wait(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]

    real = anyio.connect_tcp
    asked: set[tuple[str, int]] = set()

    async def connect(remote_host: str, remote_port: int, **kwargs: Any) -> Any:
        asked.add((remote_host, remote_port))
        assert remote_host in HOSTS
        assert remote_port == 443
        return await real("127.0.0.1", port, **kwargs)

    monkeypatch.setattr(anyio, "connect_tcp", connect)
    monkeypatch.setenv("SSL_CERT_FILE", str(root))
    yield port
    server.should_exit = True
    thread.join(timeout=10)
    assert ("app-api.pixiv.net", 443) in asked
    assert ("i.pximg.net", 443) in asked


async def test_a_mirror_works_unmodified_over_tls_with_the_real_names(tmp_path: Path, tls_port: int) -> None:
    setup = Setup(tmp_path / "mirror", "", [FOLLOWING], pixiv={"hosts": {}})

    report = await setup.sync()

    assert report.exit_code == 0
    assert len(setup.export("works")) == 8
    assert {row["state"] for row in setup.export("files")} == {"stored"}
