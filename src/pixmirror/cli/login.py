"""`pixmirror login`: from a browser, a token, or another program's token to a tested, stored one."""

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from pixmirror.catalogue import runs
from pixmirror.cli import tokens
from pixmirror.cli.common import Session, note, on_terminal, read_input, run, say, sentence, session
from pixmirror.cli.pace import refuse_warned
from pixmirror.clock import Clock
from pixmirror.daemon import credentials
from pixmirror.errors import ConfigError, LoginError, StorageError, TokenRejected, WrongAccount
from pixmirror.logs import hide
from pixmirror.models import Token
from pixmirror.pixiv import (
    Pacer,
    PendingLogin,
    new_login,
    parse_code,
    redeem_code,
    redeem_refresh_token,
)
from pixmirror.store import kept_login
from pixmirror.store.part import write_atomic
from pixmirror.terminal import one_line

HOW = """Open this address in a browser:

  {url}

1. Press F12 there, choose "Network", and keep it open.
2. Log in. The page seems to hang at the end: that is right.
3. In the network list find the last request, to "callback?state=...&code=..." or
   "pixiv://account/login?code=...". Copy its address, or only the value after `code=`.
4. {paste} within 30 seconds. Too late? Reload the page in the browser and
   copy the new code: one click, no new start.
"""
ATTEMPTS = 10
PENDING = "pending-login.json"  # a login that was begun with `login --start` and waits for its code
APP_HOST = "app-api.pixiv.net"


class LoginFailed(LoginError):
    """The login did not work; the text says why."""

    advice = "See `pixmirror help recover` for the ways to log in."


def login(
    ctx: typer.Context,
    token_or_code: Annotated[
        str | None,
        typer.Argument(help="A login code or the whole callback address; `-` reads from standard input."),
    ] = None,
    token_file: Annotated[
        Path | None, typer.Option("--token-file", metavar="FILE", help="A file with a refresh token.")
    ] = None,
    source: Annotated[
        str | None, typer.Option("--from", metavar="PROGRAM", help="Take the token of gallery-dl or pixivutil2.")
    ] = None,
    path: Annotated[
        Path | None,
        typer.Option("--path", metavar="PATH", help="With --from: where that program's config file or folder is."),
    ] = None,
    start: Annotated[
        bool, typer.Option("--start", help="Only print the address; then give the code to `login CODE`.")
    ] = False,
) -> None:
    """Connect your Pixiv account. The token is tested, then stored so that only you can read it.

    \b
    Examples:
      pixmirror login                        in the browser, step by step
      pixmirror login --from gallery-dl      if you use that already
      pixmirror login --from pixivutil2 --path ~/PixivUtil2
      pixmirror login --token-file token.txt
      pass pixiv | pixmirror login -
      pixmirror login --start                without a terminal: first this,
      pixmirror login CODE                   then this
    """
    s = session(ctx)
    if sum((token_or_code is not None, token_file is not None, source is not None, start)) > 1:
        raise ConfigError("Give one of: a code, `-`, --token-file, --from, --start.")
    if path is not None and source is None:
        raise ConfigError("--path belongs to --from.")
    _refuse_what_could_not_be_kept(s, begins=start)
    if start:
        login_page = _begin(s)
        say(HOW.format(url=login_page.url, paste="Give it to `pixmirror login 'CODE'`"))
        return
    try:
        token = _token(s, token_or_code, token_file, source, path)
    except TokenRejected as error:
        raise LoginFailed(str(error)) from error
    _keep(s, token)
    (s.root / PENDING).unlink(missing_ok=True)
    say(f"Logged in as {one_line(token.user_name)} ({token.user_account}, user:{token.user_id}).")
    say(rating(token.x_restrict))


def _refuse_what_could_not_be_kept(s: Session, *, begins: bool) -> None:
    """Raise StorageError before Pixiv is asked: a code works once, and an unstored token may be lost.

    A running pixmirror keeps it for whoever may ask it; what `begins` a login leaves a file until its code comes.
    """
    if begins or not s.has_daemon():
        s.refuse_others(to_write=True)
    nearest = next(p for p in (s.root, *s.root.parents) if os.path.lexists(p))
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise StorageError(f"The login could not be kept: {nearest} cannot be written to")


def _token(
    s: Session, token_or_code: str | None, token_file: Path | None, source: str | None, path: Path | None
) -> Token:
    if token_file is not None:
        return _redeem(s, tokens.one_token(tokens.read_text(token_file), str(token_file)))
    if source is not None:
        return _of_program(s, source, path)
    if token_or_code == "-":
        return _either(s, read_input(), _load(s))
    if token_or_code is not None:
        return _argument(s, token_or_code)
    if not on_terminal():
        raise ConfigError(
            "There is no terminal to ask on: use --token-file FILE, `-` (standard input), --from PROGRAM, or "
            "`login --start` and then `login CODE`."
        )
    return _ask(s)


def _of_program(s: Session, source: str, path: Path | None) -> Token:
    """Return the first token of that program which Pixiv takes."""
    *others, last = tokens.of_program(source, path)
    for token, place in others:
        note(f"Found a token of {source} in {place}.")
        try:
            return _redeem(s, token)
        except TokenRejected as error:
            note(f"{sentence(error)} There is another one.")
    note(f"Found a token of {source} in {last[1]}.")
    return _redeem(s, last[0])


def _argument(s: Session, text: str) -> Token:
    begun = _load(s)
    if begun is None and tokens.is_address(text):
        raise LoginFailed("There is no login waiting for a code: run `pixmirror login --start` first.")
    if begun is None:
        note(
            "A refresh token on the command line lands in the shell's history and in the list of processes: "
            "remove it there, and use --token-file or `-` next time."
        )
    return _either(s, text, begun)


def _ask(s: Session) -> Token:
    """Log in step by step. The same page serves for as many codes as it takes to be in time."""
    begun = _new(s)
    say(HOW.format(url=begun.url, paste="Paste it here"))
    for _ in range(ATTEMPTS):
        try:
            text = typer.prompt("Code, callback address or refresh token", prompt_suffix=": ")
        except UnicodeDecodeError:
            note("That is not text; copy it again.")
            continue
        try:
            return _either(s, text, begun)
        except LoginError as error:
            note(sentence(error))
            note("Reload the page in the browser, copy the new code, and paste it; or press Ctrl-C.")
    raise LoginFailed(f"None of {ATTEMPTS} codes was accepted.")


def _either(s: Session, text: str, begun: PendingLogin | None) -> Token:
    """Try a text as a code for the login that has begun, then as a refresh token: both look alike."""
    text = text.translate({0xFEFF: None, 0x200B: None})
    if tokens.is_address(text):
        if begun is None:
            raise LoginFailed("There is no login waiting for a code: run `pixmirror login --start` first.")
        return _redeem(s, parse_code(text), begun)
    token = tokens.one_token(text, "what was given")
    if begun is None:
        return _redeem(s, token)
    try:
        return _redeem(s, parse_code(token), begun)
    except TokenRejected as refused_as_code:
        try:
            return _redeem(s, token)
        except TokenRejected:
            raise refused_as_code from None


def _redeem(s: Session, secret: str, begun: PendingLogin | None = None) -> Token:
    """Ask Pixiv once, which is also the test of what was given; AccountWarned after a warning."""
    refuse_warned(s)
    app, clock = credentials.identity(s.config), Clock()
    hide(secret)

    async def redeem() -> Token:
        async with credentials.transport_to(s.config, clock, Pacer(clock, per_minute=0)) as transport:
            if begun is not None:
                return await redeem_code(transport, app, secret, begun.verifier)
            return await redeem_refresh_token(transport, app, secret)

    return run(redeem())


def _keep(s: Session, token: Token) -> None:
    """Store the token in this account's mirror: by the running daemon, which uses it at once, or here."""
    _check_account(s, token)
    if s.ask("token", token=asdict(token)) is not None:
        note("The running pixmirror has taken it over.")
        return
    with s.take("login", create=True) as root:
        kept_login.save(root, credentials.configured_token(s.config, s.env), token)


def _check_account(s: Session, token: Token) -> None:
    if not s.catalogue.exists():
        return
    with s.reading() as db:
        owner = db.read_sync(runs.account_id)
    if owner is not None and owner != token.user_id:
        raise WrongAccount(
            f"This token belongs to {token.user_name} (user:{token.user_id}), but the mirror in {s.root} is "
            f"that of user:{owner}; nothing was stored."
        )


# --- a login that was begun


def _new(s: Session) -> PendingLogin:
    return new_login(s.config.pixiv.hosts.get(APP_HOST, f"https://{APP_HOST}"))


def _begin(s: Session) -> PendingLogin:
    """Begin a login, kept in the mirror's root even while a daemon holds it: it is no part of the mirror."""
    login = _new(s)
    text = json.dumps({"url": login.url, "verifier": login.verifier}) + "\n"
    try:
        s.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomic(s.root / PENDING, s.root / f".{PENDING}.part", text.encode(), 0o600)
    except OSError as error:
        raise StorageError(f"{s.root / PENDING} cannot be written: {error.strerror}.") from error
    return login


def _load(s: Session) -> PendingLogin | None:
    try:
        kept = json.loads((s.root / PENDING).read_text("utf-8"))
        return PendingLogin(str(kept["url"]), str(kept["verifier"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


# --- what the account shows


def rating(x_restrict: int) -> str:
    """Return what the account's viewing restriction means for the mirror."""
    if x_restrict <= 0:
        return "This account hides R-18 works: they stay out of lists. Pixiv's viewing settings change that."
    return f"This account shows R-18{' and R-18G' if x_restrict > 1 else ''} works."
