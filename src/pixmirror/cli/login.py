"""`pixmirror login`: from a browser, a token, or another program's token to a tested, stored one."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pixmirror.cli import pending, tokens
from pixmirror.cli.common import Session, note, on_terminal, read_input, run, say, sentence, session
from pixmirror.errors import ConfigError, LoginError, StorageError, TokenRejected, WrongAccount
from pixmirror.logs import hide
from pixmirror.terminal import one_line

if TYPE_CHECKING:
    from pixmirror.models import Token
    from pixmirror.pixiv import PendingLogin, Transport

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


class LoginFailed(LoginError):
    """The login did not work; the text says why."""

    advice = "See `pixmirror help recover` for the ways to log in."


def login(
    ctx: typer.Context,
    token_or_code: Annotated[
        str | None,
        typer.Argument(help="A login code or the whole callback address; `-` reads from standard input."),
    ] = None,
    token_file: Annotated[Path | None, typer.Option("--token-file", help="A file with a refresh token.")] = None,
    source: Annotated[
        str | None, typer.Option("--from", metavar="PROGRAM", help="Take the token of gallery-dl or pixivutil2.")
    ] = None,
    path: Annotated[
        Path | None, typer.Option("--path", help="With --from: where that program's config file or folder is.")
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
    _refuse_what_could_not_be_kept(s)
    if start:
        login_page = pending.begin(s)
        say(HOW.format(url=login_page.url, paste="Give it to `pixmirror login 'CODE'`"))
        return
    try:
        token = _token(s, token_or_code, token_file, source, path)
    except TokenRejected as error:
        raise LoginFailed(str(error)) from error
    _keep(s, token)
    pending.forget(s)
    say(f"Logged in as {one_line(token.user_name)} ({token.user_account}, user:{token.user_id}).")
    say(rating(token.x_restrict))


def _refuse_what_could_not_be_kept(s: Session) -> None:
    """Raise StorageError before Pixiv is asked: a code works once, and an unstored token may be lost."""
    nearest = next(p for p in (s.root, *s.root.parents) if os.path.lexists(p))
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise StorageError(f"The login could not be kept: {nearest} cannot be written to")


def _token(
    s: Session, token_or_code: str | None, token_file: Path | None, source: str | None, path: Path | None
) -> "Token":
    if token_file is not None:
        return _redeem(s, tokens.one_token(tokens.read_text(token_file), str(token_file)))
    if source is not None:
        return _of_program(s, source, path)
    if token_or_code == "-":
        return _either(s, read_input(), pending.load(s))
    if token_or_code is not None:
        return _argument(s, token_or_code)
    if not on_terminal():
        raise ConfigError(
            "There is no terminal to ask on: use --token-file FILE, `-` (standard input), --from PROGRAM, or "
            "`login --start` and then `login CODE`."
        )
    return _ask(s)


def _of_program(s: Session, source: str, path: Path | None) -> "Token":
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


def _argument(s: Session, text: str) -> "Token":
    begun = pending.load(s)
    if begun is None and tokens.is_address(text):
        raise LoginFailed("There is no login waiting for a code: run `pixmirror login --start` first.")
    if begun is None:
        note(
            "A refresh token on the command line lands in the shell's history and in the list of processes: "
            "remove it there, and use --token-file or `-` next time."
        )
    return _either(s, text, begun)


def _ask(s: Session) -> "Token":
    """Log in step by step. The same page serves for as many codes as it takes to be in time."""
    begun = pending.new(s)
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


def _either(s: Session, text: str, begun: "PendingLogin | None") -> "Token":
    """Try a text as a code for the login that has begun, then as a refresh token: both look alike."""
    from pixmirror.pixiv import parse_code

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


def _redeem(s: Session, secret: str, begun: "PendingLogin | None" = None) -> "Token":
    """Ask Pixiv once, which is also the test of what was given."""
    from pixmirror.daemon.credentials import identity
    from pixmirror.pixiv import redeem_code, redeem_refresh_token

    app = identity(s.config)
    hide(secret)

    async def redeem() -> "Token":
        async with _transport(s) as transport:
            if begun is not None:
                return await redeem_code(transport, app, secret, begun.verifier)
            return await redeem_refresh_token(transport, app, secret)

    return run(redeem())


def _transport(s: Session) -> "Transport":
    from pixmirror.clock import Clock
    from pixmirror.pixiv import Pacer, Transport

    p, clock = s.config.pixiv, Clock()
    proxy = p.proxy.get_secret_value() if p.proxy else None
    return Transport(clock, Pacer(clock, per_minute=0), hosts=p.hosts, only_mapped=bool(p.hosts), proxy=proxy)


def _keep(s: Session, token: "Token") -> None:
    """Store the token in this account's mirror: by the running daemon, which uses it at once, or here."""
    from dataclasses import asdict

    from pixmirror.daemon import credentials

    _check_account(s, token)
    if s.ask("token", token=asdict(token)) is not None:
        note("The running pixmirror has taken it over.")
        return
    with s.take(create=True) as root:
        credentials.save(root, credentials.configured_token(s.config, s.env), token)


def _check_account(s: Session, token: "Token") -> None:
    from pixmirror.catalogue import runs

    if not s.catalogue.exists():
        return
    with s.reading() as db:
        owner = db.read_sync(runs.account_id)
    if owner is not None and owner != token.user_id:
        raise WrongAccount(
            f"This token belongs to {token.user_name} (user:{token.user_id}), but the mirror in {s.root} is "
            f"that of user:{owner}; nothing was stored."
        )


def rating(x_restrict: int) -> str:
    """Return what the account's viewing restriction means for the mirror."""
    if x_restrict <= 0:
        return "This account hides R-18 works: they stay out of lists. Pixiv's viewing settings change that."
    return f"This account shows R-18{' and R-18G' if x_restrict > 1 else ''} works."
