"""`pixmirror gallery`: the mirror in a browser."""

import asyncio
import os
import sys
import threading
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from pixmirror import control
from pixmirror.cli.common import Session, importing, note, on_terminal, read_input, say, session
from pixmirror.config import Config, find_config, gallery_password_file, load, read_gallery_password
from pixmirror.errors import ConfigError, NotHere
from pixmirror.store import refuse_others
from pixmirror.store.part import storage, write_atomic

if TYPE_CHECKING:
    from pixmirror.gallery.place import Gallery
    from pixmirror.gallery.serve import Stop

GREETING = "listening "  # the one line of a gallery that another command has started
SHORTEST_PASSWORD = 8


def gallery(
    ctx: typer.Context,
    address: Annotated[
        bool, typer.Option("--address", help="Print an address that opens the running gallery, once.")
    ] = False,
    set_password: Annotated[
        bool, typer.Option("--set-password", help="Choose the password that other machines are asked for.")
    ] = False,
    beside: Annotated[bool, typer.Option("--beside", hidden=True)] = False,
) -> None:
    """Look at your mirror in a browser: it prints an address to open, and runs until Ctrl-C or SIGTERM.

    The address holds a key that is good for one browser, once, for ten minutes. `run --gallery` starts both.

    \b
    Examples:
      pixmirror gallery
      pixmirror gallery --address          for one more browser
      pixmirror gallery --set-password     to be opened from other machines: `pixmirror help gallery`
    """
    s = session(ctx)
    if address and set_password:
        raise ConfigError("Give --address or --set-password: one of them.")
    if address:
        typer.echo(running_address(s))
    elif set_password:
        _set_password(s)
    else:
        _serve(s, beside=beside)


def running_address(s: Session) -> str:
    """Ask the running gallery for an address, with a new key. NotHere where none runs."""
    s.refuse_others(to_write=True)
    answer = control.ask_now(s.root, s.env, {"command": "address"}, of=control.GALLERY)
    if answer is None or not answer.get("ok"):
        raise NotHere(f"No gallery of {s.root} runs: `pixmirror gallery` starts it.")
    return str(answer["address"])


def _serve(s: Session, *, beside: bool) -> None:
    with importing():
        from pixmirror import logs
        from pixmirror.gallery.serve import serve
        from pixmirror.sync.kinds import KINDS

    config = _config(s)
    logs.setup("WARNING" if beside or sys.stdout.isatty() else "INFO", env=s.env)
    refuse_others(config.mirror.root, to_write=True)
    password, ready = read_gallery_password(config, s.env), partial(_ready, beside=beside)
    asyncio.run(serve(config, s.env, password, ready, lambda: load(s.config_file, s.env, KINDS)))


def _config(s: Session) -> Config:
    """Return the configuration; that of an empty file where there is none yet: a page says what to do."""
    try:
        find_config(s.config_file)
    except ConfigError:
        if s.config_file is not None:
            raise
        note("There is no config file yet; the gallery says how to begin.")
        return Config()
    return s.config


def _ready(gallery: "Gallery", stop: "Stop", *, beside: bool) -> None:
    """Say where it answers: with a key to a terminal alone, never to a journal."""
    from pixmirror.gallery import serve

    base = serve.base_address(gallery)
    if beside:
        threading.Thread(target=_end_with_input, args=(asyncio.get_running_loop(), stop), daemon=True).start()
        sys.stdout.write(f"{GREETING}{base}\n")
        sys.stdout.flush()
    elif sys.stdout.isatty():
        say(f"The gallery of {gallery.root} is open. Ctrl-C ends it.")
        typer.echo(f"  {serve.address(gallery)}")
        if gallery.is_locked:
            say("This address is good once, for ten minutes; `pixmirror gallery --address` prints another one.")
    else:
        serve.log.info("The gallery of %s answers at %s.", gallery.root, base)


def _end_with_input(loop: asyncio.AbstractEventLoop, stop: "Stop") -> None:
    """Stop when the command that has started this is no more."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    loop.call_soon_threadsafe(stop)


def _set_password(s: Session) -> None:
    from pixmirror.gallery.login import LONGEST_PASSWORD, password_hash

    s.refuse_others(to_write=True)
    if on_terminal():
        given = typer.prompt("Password of the gallery", hide_input=True, confirmation_prompt=True)
    else:
        given = read_input("the password").rstrip("\r\n")
    if not SHORTEST_PASSWORD <= len(given) <= LONGEST_PASSWORD or "\n" in given:
        raise ConfigError(f"A password is one line of {SHORTEST_PASSWORD} to {LONGEST_PASSWORD:,} characters.")
    path = gallery_password_file(s.config)
    with storage(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomic(path, path.with_name(f".{path.name}.part"), f"{password_hash(given)}\n".encode(), 0o600)
    say(f"Its hash is in {path}. A gallery that runs asks for it after it was started again.")
