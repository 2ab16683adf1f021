"""`pixmirror init`: the config file to begin with."""

import json
import re
import shlex
import sys
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, distribution
from importlib.resources import files
from pathlib import Path
from typing import Annotated
from urllib.parse import unquote, urlsplit

import typer

from pixmirror.cli.common import note, say
from pixmirror.config import example_text, user_config
from pixmirror.errors import ConfigError, StorageError

UNITS = ("pixmirror.service", "pixmirror-gallery.service", "pixmirror-failed@.service")
PLACE = "/opt/pixmirror"
STATE = "/var/lib/pixmirror"
SYSTEM_CONFIG = "etc/pixmirror/config.toml"


def init(
    path: Annotated[Path | None, typer.Argument(help="Where to write it (default: ./config.toml).")] = None,
    user: Annotated[bool, typer.Option("--user", help="Write it into your own config folder.")] = False,
    system: Annotated[
        bool, typer.Option("--system", help="For the systemd service: /etc/pixmirror/config.toml.")
    ] = False,
    prefix: Annotated[Path, typer.Option("--prefix", hidden=True)] = Path("/"),
) -> None:
    """Write a commented config file to begin with. A file that is there already is never changed.

    \b
    Examples:
      pixmirror init                  ./config.toml
      pixmirror init --user           the user's config folder
      sudo pixmirror init --system    for the service, and what remains to be done
    """
    if sum((path is not None, user, system)) > 1:
        raise ConfigError("Give a path, or --user, or --system: one of them.")
    text = example_text()
    if system:
        target = prefix / SYSTEM_CONFIG
        text = re.sub(r'(?m)^root = "[^"\n]*"', f'root = "{STATE}"', text, count=1)
    elif user:
        known = user_config()
        if known is None:
            raise ConfigError("Your home is not known here: set HOME, or name a path: `pixmirror init PATH`.")
        target = known
    else:
        target = path or Path("config.toml")
        target = target / "config.toml" if target.is_dir() else target
    _write(target, text, shared=system)
    say(f"Wrote {target}.")
    if system:
        _say_what_remains(target)
        return
    option = "" if target == Path("config.toml") or user else f" --config {shlex.quote(str(target))}"
    say("Look through it, then:")
    for command, what in (
        ("login", "connect your Pixiv account"),
        ("check", "see whether everything is in place"),
        ("sync", "mirror everything once, or `run` to keep going"),
        ("gallery", "look at it in a browser"),
    ):
        say(f"  pixmirror{option} {command:<8}{what}")


def _write(target: Path, text: str, *, shared: bool) -> None:
    """Write a new file: for oneself 0600, as it may come to hold secrets; else 0644."""
    try:
        if not target.parent.is_dir():
            target.parent.mkdir(parents=True)
            target.parent.chmod(0o755 if shared else 0o700)
        with target.open("x", encoding="utf-8") as file:
            target.chmod(0o644 if shared else 0o600)
            file.write(text)
    except FileExistsError:
        raise ConfigError(f"There is a {target} already; it was not changed.") from None
    except PermissionError:
        raise StorageError(f"{target} cannot be written: no permission.") from None
    except OSError as error:
        with suppress(OSError):
            if target.stat().st_size < len(text):
                target.unlink()  # half a file would stand in the way of the next try
        raise StorageError(f"{target} cannot be written: {error.strerror}.") from error


def units_folder() -> Path | None:
    """Return where the units lie: installed with the program, or in the source tree."""
    places = (Path(str(files("pixmirror"))) / "_systemd", Path(__file__).parents[3] / "systemd")
    return next((place for place in places if all((place / unit).is_file() for unit in UNITS)), None)


def _source() -> str:
    """Return what this pixmirror was installed from, as pip noted it (PEP 610); in words where that is gone."""
    with suppress(PackageNotFoundError, ValueError, KeyError):
        url = urlsplit(json.loads(distribution("pixmirror").read_text("direct_url.json") or "{}")["url"])
        place = Path(unquote(url.path))
        if url.scheme == "file" and place.exists():
            return shlex.quote(f"{place}[japanese]")
    return "'.[japanese]'  # in the source tree"


def _say_what_remains(config: Path) -> None:
    folder = units_folder()
    if folder is None:
        note("The units did not come with this installation; take them from the source tree, systemd/.")
    units = [str(folder / unit) if folder else unit for unit in UNITS]
    lines = [
        f"useradd --system --user-group --home-dir {STATE} --shell /usr/sbin/nologin pixmirror",
        f"python3 -m venv {PLACE} && {PLACE}/bin/pip install {_source()}",
        f"install -d -o pixmirror -g pixmirror -m 0700 {STATE}",
        f"sudo -u pixmirror {PLACE}/bin/pixmirror --config {config} login",
        f"cp {' '.join(units)} /etc/systemd/system/",
        "systemctl daemon-reload",
        "systemctl enable --now pixmirror pixmirror-gallery",
    ]
    if Path(sys.prefix) == Path(PLACE):
        lines = [line for line in lines if not line.startswith("python3")]
    say("What remains, as root (skip what is done already):")
    for line in lines:
        say(f"  {line}")
    say(f"Then: {PLACE}/bin/pixmirror --config {config} status")
    say("To look at it in a browser of this machine, open the address that this prints:")
    say(f"  sudo -u pixmirror {PLACE}/bin/pixmirror --config {config} gallery --address")
