"""The fast demo Pixiv as a child process, and the competitors that are let loose on it."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import trustme

from pixmirror.demo.oauth import REFRESH_TOKEN
from pixmirror.demo.server import HOSTS
from tests.bench import measure
from tests.bench.measure import Spent, run

IMAGE_HOSTS = ("i.pximg.net", "s.pximg.net")
ROOT = Path(__file__).parents[2]
GALLERY_DL = Path(__file__).with_name("gallery_dl_run.py")


@dataclass(frozen=True)
class Pixiv:
    """`api` and `images` are base URLs; `trust` is the certificate to believe, None with plain HTTP."""

    api: str
    images: str
    child: subprocess.Popen[str]
    trust: Path | None = None

    def tell(self, order: str) -> Any:
        assert self.child.stdin is not None
        self.child.stdin.write(f"{order}\n")
        self.child.stdin.flush()
        return self._line()

    def _line(self) -> Any:
        assert self.child.stdout is not None
        return json.loads(self.child.stdout.readline())

    @property
    def environment(self) -> dict[str, str]:
        """What makes Python, requests and curl believe its certificate."""
        names = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
        return dict.fromkeys(names, str(self.trust)) if self.trust else {}

    @property
    def hosts(self) -> dict[str, str]:
        return {host: self.images if host in IMAGE_HOSTS else self.api for host in HOSTS}


@contextmanager
def pixiv(tls: Path | None = None, **spec: Any) -> Iterator[Pixiv]:
    """Serves a world of this tests.bench.server.Spec; over TLS if there is a folder for the certificates."""
    trust = None
    if tls:
        trust, spec["certificate"] = tls / "ca.pem", str(tls / "server.pem")
        ca = trustme.CA()
        ca.cert_pem.write_to_path(str(trust))
        ca.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(spec["certificate"])
    argv = [sys.executable, "-m", "tests.bench.server", json.dumps(spec)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as child:
        assert child.stdout is not None
        said = json.loads(child.stdout.readline())
        yield Pixiv(said["api"], said["images"], child, trust)
        assert child.stdin is not None
        child.stdin.close()  # it ends with that


def unit_environment() -> dict[str, str]:
    """What the systemd unit sets for malloc."""
    unit = ROOT / "systemd" / "pixmirror.service"
    lines = [line for line in unit.read_text().splitlines() if line.startswith("Environment=MALLOC_")]
    return dict(line.removeprefix("Environment=").split("=", 1) for line in lines)


# pixmirror --------------------------------------------------------------------------------------------------


def write_config(folder: Path, server: Pixiv, connections: int) -> Path:
    """A mirror of all that is followed, without pacing. No comments and profiles: nobody else reads them."""
    folder.mkdir(parents=True, exist_ok=True)
    hosts = ", ".join(f'"{host}" = "{base}"' for host, base in server.hosts.items())
    path = folder / "config.toml"
    path.write_text(f"""
[mirror]
root = "{folder / "mirror"}"
keep_free = "0"

[pixiv]
refresh_token = "{REFRESH_TOKEN}"
requests_per_minute = 0
requests_per_day = 0
image_bytes_per_day = "0"
image_connections = {connections}
hosts = {{ {hosts} }}

[[jobs]]
name = "following"
kind = "following"
every = "30m"
comments = false
profiles = false
""")
    path.chmod(0o600)
    return path


def sync(config: Path, server: Pixiv, env: Mapping[str, str] | None = None) -> Spent:
    """One `pixmirror sync`, as a user runs it."""
    env = {**server.environment, **(env or {})}
    return run([sys.executable, "-m", "pixmirror", "--config", config, "sync"], env=env)


# curl -------------------------------------------------------------------------------------------------------


def curl(folder: Path, server: Pixiv, urls: Sequence[str], connections: int, then: str = "") -> Spent:
    """Fetches image URLs into a folder; `then` is a shell command run on it in the same measurement."""
    folder.mkdir(parents=True)
    lines = []
    for url in urls:
        path = urlsplit(url).path
        lines += [f'url = "{server.images}{path}"', f'output = "{folder}/{path.rpartition("/")[2]}"']
    config = folder.with_suffix(".curl")
    config.write_text("\n".join(lines))
    fetch = f"curl -sS --fail --parallel --parallel-max {connections} --config '{config}'"
    return run(["sh", "-ec", f"{fetch}\n{then}"], cwd=folder, env=server.environment)


HASH_AND_SYNC = "find . -type f -print0 | xargs -0 sha256sum > ../sums\nfind . -type f -print0 | xargs -0 sync"


def httpx_alone(folder: Path, server: Pixiv, urls: Sequence[str], connections: int) -> Spent:
    """Fetches and hashes image URLs with httpx, and nothing else: the floor under our own CPU."""
    folder.mkdir(parents=True)
    listed = folder.with_suffix(".urls")
    listed.write_text("\n".join(server.images + urlsplit(url).path for url in urls))
    argv: list[str | Path] = [sys.executable, "-m", "tests.bench.httpx_alone", str(connections), folder, listed]
    return run(argv, cwd=ROOT, env=server.environment)


# gallery-dl -------------------------------------------------------------------------------------------------


def gallery_dl(folder: Path, server: Pixiv, url: str, **options: Any) -> Spent:
    """Lets gallery-dl fetch a page of Pixiv with all that it points to, as fast as its documentation allows."""
    command = measure.gallery_dl()
    assert command is not None
    with command.open() as script:
        python = script.readline().removeprefix("#!").strip()
    folder.mkdir(parents=True, exist_ok=True)
    task = folder / "task.json"
    given = {"hosts": server.hosts, "token": REFRESH_TOKEN, "url": url}
    task.write_text(json.dumps(given | {"options": {"base-directory": str(folder / "files"), **options}}))
    return run([python, "-I", GALLERY_DL, task], env=server.environment)
