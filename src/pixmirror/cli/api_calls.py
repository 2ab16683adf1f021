"""Asking Pixiv for `pixmirror api`: paced as the config says, with the login of the mirror, without its lock."""

import inspect
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import typer

from pixmirror.cli import tokens
from pixmirror.cli.common import Session, json_line, note, on_terminal, read_input, run, session
from pixmirror.cli.pace import pace, refuse_warned
from pixmirror.clock import Clock
from pixmirror.config import Config, find_config, pasted
from pixmirror.daemon import credentials
from pixmirror.errors import (
    BadResponse,
    ConfigError,
    ExitCode,
    NotSent,
    ServerError,
    UnclearOutcome,
    UnexpectedPage,
    Unreachable,
    WrongValue,
)
from pixmirror.logs import hide
from pixmirror.models import Listing, Model, Received, Token
from pixmirror.pixiv import AppApi, AppIdentity, Auth, Pacer, Transport, paging
from pixmirror.pixiv.failures import shortened
from pixmirror.pixiv.reading import next_query
from pixmirror.pixiv.web import WebApi, WebSession
from pixmirror.pixiv.web import paging as web_paging
from pixmirror.store import kept_login
from pixmirror.terminal import one_line, typed

COOKIE = "PIXMIRROR_PHPSESSID"


@dataclass(frozen=True, slots=True)
class Own:
    """Our options, beside those of the function."""

    pages: int | None = None
    next: str | None = None
    token_file: Path | None = None
    phpsessid_file: Path | None = None
    user_agent: str | None = None
    yes: bool | None = None


def sure(what: str, given: Mapping[str, Any], own: Own) -> None:
    """Go on only at the user's word."""
    if own.yes:
        return
    if not on_terminal():
        raise ConfigError("This changes something at Pixiv, and nobody is here to be asked: say --yes.")
    for name, value in given.items():
        for one in value if isinstance(value, tuple) else (value,):
            note(f"  {name}: {shortened(' '.join(str(one).split()))}")
    if not typer.confirm(f"{one_line(what).rstrip('.')}, at Pixiv?"):
        note("Nothing was sent.")
        raise typer.Exit(ExitCode.DECLINED)


@contextmanager
def telling_the_outcome(name: str) -> Iterator[None]:
    """Say of a change that got no clear answer that it may have been done; submissions say so by themselves."""
    try:
        yield
    except NotSent:
        raise
    except (Unreachable, ServerError, UnexpectedPage, BadResponse) as failure:
        if isinstance(failure, Unreachable) and not failure.sent:
            raise NotSent(str(failure)) from failure
        raise UnclearOutcome(str(failure), name, "To do it again does no harm: it is then done once.") from failure


def call(
    ctx: typer.Context, name: str, function: Callable[..., Awaitable[Any]], given: Mapping[str, Any], own: Own
) -> None:
    """Print what a function answers, an item a line."""
    s = session(ctx)
    config = _config(s, own)
    given = {k: read_input() if k == "text" and v == "-" else v for k, v in given.items()}
    given = {k: typed(v) if isinstance(v, str) else v for k, v in given.items()}
    if "progress" in inspect.signature(function).parameters and sys.stderr.isatty():
        given["progress"] = _moved

    async def ask() -> None:
        async with _transport(s, config) as transport:
            api = _app(s, config, transport, own) if name == "app" else _web(s, config, transport, own)
            if own.pages is None:
                show(await function(api, **given))
                return
            walk = paging.pages if name == "app" else web_paging.pages
            left = own.pages
            async for page in walk(partial(function, api, **given), next=_query(own.next)):
                show(page)
                left -= 1
                if not left:
                    if page.next is not None:
                        note(f"There is more: --next '{urlencode(page.next)}'")
                    break

    run(ask())


def _moved(done: int, total: int) -> None:
    """Show on one line how much of the files went."""
    typer.echo(f"\r{done * 100 // total} % of {total} bytes", err=True, nl=done >= total)


def show(answer: Any) -> None:
    """Print an answer as JSON lines."""
    match answer:
        case Listing():
            for received in answer.items:
                _line(received.item)
            for broken in answer.broken:
                note(f"{broken.path} could not be read and is left out: {broken.reason}.")
        case Received():
            _line(answer.item)
        case tuple():
            for value in answer:
                _line(value)
        case None:
            note("Done.")
        case _:
            _line(answer)


def _line(value: Any) -> None:
    if isinstance(value, Model):
        value = value.model_dump(mode="json", by_alias=True, warnings=False)
    typer.echo(json_line(value), nl=False)


def _query(text: str | None) -> Mapping[str, str] | None:
    if not text:
        return None
    with suppress(BadResponse):
        if "=" in text:
            return next_query(text if "?" in text else f"?{text}")
    raise WrongValue(f"--next {text!r} holds no query: give a next_url, or what stands behind its ?.")


def _config(s: Session, own: Own) -> Config | None:
    """Return the config; with a login of one's own it may be missing."""
    if s.config_file is None and (own.token_file or own.phpsessid_file or s.env.get(COOKIE)):
        try:
            find_config(None)
        except ConfigError:
            return None
    return s.config


@asynccontextmanager
async def _transport(s: Session, config: Config | None) -> AsyncIterator[Transport]:
    clock = Clock()
    if config is None:
        async with Transport(clock, Pacer(clock, per_minute=30)) as made:
            yield made
        return
    p = config.pixiv
    refuse_warned(s)
    pacer = Pacer(clock, per_minute=p.requests_per_minute, per_day=p.requests_per_day, state=pace(s))
    async with credentials.transport_to(config, clock, pacer) as made:
        yield made


def _app(s: Session, config: Config | None, transport: Transport, own: Own) -> AppApi:
    refresh: str | None
    token: Token | None = None
    if own.token_file is not None:
        refresh = tokens.one_token(tokens.read_text(own.token_file), str(own.token_file))
    elif config is not None:
        refresh, token = kept_login.load(s.unlocked(), credentials.configured_token(config, s.env))
    else:
        refresh = None
    if refresh:
        hide(refresh)
    who = AppIdentity() if config is None else credentials.identity(config)
    auth = Auth(transport, identity=who, refresh_token=refresh, token=token)
    return AppApi(transport, auth, who, "en" if config is None else config.pixiv.language)


def _web(s: Session, config: Config | None, transport: Transport, own: Own) -> WebApi:
    where = own.phpsessid_file
    given = tokens.read_text(where) if where is not None else s.env.get(COOKIE, "")
    text = pasted.bare(pasted.cookies_in(given))
    if where is not None and not text:
        raise ConfigError(f"{where} is empty; it should hold a PHPSESSID.")
    login = None
    if text:
        whole = "=" in text
        for secret in (text, *(pair.partition("=")[2].strip() for pair in text.split(";") if whole)):
            hide(secret)
        login = WebSession("" if whole else text, text if whole else "", own.user_agent or "")
    return WebApi(transport, login, "en" if config is None else credentials.site_language(config.pixiv.language))
