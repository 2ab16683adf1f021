"""Ask www.pixiv.net. A refused cookie stops only the work that needs it."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from pixmirror.clock import DAY_MS
from pixmirror.errors import Challenge, LoginError, PixmirrorError
from pixmirror.ingest import web_health
from pixmirror.models import Lane
from pixmirror.pixiv.web.api import WebApi
from pixmirror.sync.context import Context
from pixmirror.sync.suspicion import Subject

CHALLENGED_MS = DAY_MS // 4

T = TypeVar("T")


async def ask(ctx: Context, lane: Lane, read: Callable[[WebApi], Awaitable[T]]) -> T | None:
    """Return what `read` returns, or None where no cookie is configured or Pixiv has refused it.

    What waits for the cookie is then put off in the catalogue, and comes again when it works.
    """
    web, now = ctx.web, ctx.clock.now()
    if web is None or web.session is None:
        await ctx.db.run(web_health.wait, now + 30 * DAY_MS, web_health.NO_LOGIN)
        return None
    refusal = await ctx.db.read(web_health.refusal)
    if refusal is not None and now < refusal.until:
        await ctx.db.run(web_health.wait, refusal.until, refusal.reason)
        return None
    session = web_health.digest(web.session.phpsessid)
    try:
        found = await read(web.at(lane))
    except LoginError as error:
        reason = f"{error} {error.advice}"
        await ctx.db.run(web_health.refused, session, ctx.clock.now(), reason)
        return None
    except Challenge as error:
        await ctx.db.run(web_health.refused, session, ctx.clock.now(), str(error), CHALLENGED_MS)
        return None
    if refusal is not None:
        await ctx.db.run(web_health.works, ctx.clock.now())
    return found


async def heard(ctx: Context, subject: Subject, error: PixmirrorError | None) -> None:
    """Note how the website answered. Where the trouble is not this thing's own, all that needs it waits."""
    if error is None:
        await ctx.website.answered()
    elif await ctx.website.failed(subject, error) and ctx.web is not None and ctx.web.session is not None:
        session = web_health.digest(ctx.web.session.phpsessid)
        await ctx.db.run(web_health.refused, session, ctx.clock.now(), str(error), CHALLENGED_MS)
