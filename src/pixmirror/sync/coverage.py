"""Read what the website lists of each artist, and those works there that the app hides.

The website is asked with a login of its own. When that is refused, what needs it waits, and nothing else does.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from pixmirror.catalogue import briefs, chores, feeds, runs
from pixmirror.catalogue.chores import Chore, Kind
from pixmirror.catalogue.database import Connection
from pixmirror.catalogue.seen import WEB, Wants
from pixmirror.clock import DAY_MS
from pixmirror.errors import BadResponse, Forbidden, NotFound, PixivError
from pixmirror.ingest import files as ingest_files
from pixmirror.ingest import lacking, web_lists
from pixmirror.ingest.broken import record_broken
from pixmirror.ingest.tags import record_readings
from pixmirror.ledger import agenda, controls
from pixmirror.ledger.sightings import record_state
from pixmirror.models import (
    Illust,
    Lane,
    Medium,
    Novel,
    NovelText,
    Reading,
    Received,
    State,
    UgoiraMetadata,
    UserDetail,
    partly_read,
    split_key,
    work_key,
)
from pixmirror.pixiv.web import as_app, illusts, novels, readings, search, users
from pixmirror.pixiv.web.api import WebApi
from pixmirror.sync import sources, walk, website
from pixmirror.sync.context import Context, Job

READING_AGAIN_MS = 180 * DAY_MS  # of a tag of which no reading is told

Record: TypeAlias = Callable[[Connection, int], None]
Read: TypeAlias = Callable[[Context, WebApi, Job, Chore], Awaitable[Record]]


async def run(read: Read, ctx: Context, job: Job, chore: Chore, lane: Lane) -> None:
    """Do a chore for which the website is read by `read`, whose answer is recorded in one transaction."""
    record = await website.ask(ctx, lane, lambda web: read(ctx, web, job, chore))
    if record is not None:
        await ctx.db.run(lambda conn: record(conn, ctx.clock.now()))


# --- lists


async def read_list(ctx: Context, web: WebApi, job: Job, chore: Chore) -> Record:
    """Do the chore `coverage`: read all ids of an artist, and ask for what the app did not show of them."""
    user_id = chore.key
    try:
        listed = (await users.profile_all(web, user_id)).item
    except (NotFound, Forbidden):
        return lambda conn, now: _no_list(conn, user_id, now)
    keys: dict[Medium, list[int]] = {
        "illust": [work_key("illust", i) for kind in ("illusts", "manga") for i in listed.ids(kind)],
        "novel": [work_key("novel", i) for i in listed.ids("novels")],
    }

    def record(conn: Connection, now: int) -> None:
        web_lists.record_list(conn, user_id, keys["illust"] + keys["novel"], now)
        chores.done(conn, chore.kind, user_id, again_at=now + web_lists.MONTH_MS)
        walkers = _jobs(ctx, web_lists.walkers(conn, ctx.account_id, user_id)) or [job]
        own = web_lists.own_feeds(conn, ctx.account_id, user_id)
        for endpoint, medium in sources.OWN_LISTS.items():
            wanted = medium == "illust" or any(j.wants.novels for j in walkers)
            if wanted and endpoint in own and own[endpoint].full_at is not None:
                lacking = web_lists.lacking(conn, user_id, medium, keys[medium], now)
                agenda.read_on_website(conn, lacking, now)
            elif wanted and keys[medium]:
                # Nothing has shown it yet: the app reads it first, then the website is asked again.
                walker = next((j for j in walkers if j.wants.novels), walkers[0])
                _open_list(conn, ctx, walker, endpoint, user_id, now)

    return record


def _open_list(conn: Connection, ctx: Context, job: Job, endpoint: str, user_id: int, now: int) -> None:
    params, lane = {"user_id": user_id}, int(Lane.BACKFILL)
    feeds.open_if_new(conn, ctx.account_id, endpoint, params, job=job.name, lane=lane, due_at=now)


def _no_list(conn: Connection, user_id: int, now: int) -> None:
    """Ask for the artist's profile, which tells whether they left."""
    chores.done(conn, Kind.COVERAGE, user_id, again_at=now + web_lists.MONTH_MS)
    agenda.ask_after_website(conn, user_id, now)


def after_profile(ctx: Context, job: Job, conn: Connection, received: Received[UserDetail], now: int) -> None:
    """Open a list that no preview showed, but whose works the profile counts; and a full pass where it counts
    other works than we know, once for each such count.
    """
    user_id, totals = received.item.user.id, totals_of(received.item)
    for endpoint, total in totals.items():
        if total and (endpoint == sources.USER_ILLUSTS or job.wants.novels):
            _open_list(conn, ctx, job, endpoint, user_id, now)
    moved = [_count_again(ctx, job, conn, user_id, endpoint, total, now) for endpoint, total in totals.items()]
    if ctx.web is not None and any(moved):
        at = web_lists.listed_at(conn, user_id)
        if at is None or now - at >= DAY_MS:
            agenda.list_on_website(conn, [user_id], now)


def totals_of(user: UserDetail) -> dict[str, int]:
    """Return how many works a profile counts, by the list that has them."""
    profile = user.profile
    return {
        sources.USER_ILLUSTS: (profile.total_illusts or 0) + (profile.total_manga or 0),
        sources.USER_NOVELS: profile.total_novels or 0,
    }


def _count_again(
    ctx: Context, job: Job, conn: Connection, user_id: int, endpoint: str, total: int, now: int
) -> bool:
    """Tell whether the count is news: no pass was made for it, and none of today saw it."""
    feed = web_lists.own_feeds(conn, ctx.account_id, user_id).get(endpoint)
    if feed is None or feed.full_at is None:
        return False
    name = f"counted:{endpoint}:{user_id}"
    if runs.get_meta(conn, name) == str(total):
        return False
    runs.set_meta(conn, name, str(total))
    if web_lists.live_works(conn, user_id, sources.OWN_LISTS[endpoint]) == total:
        return False
    if now - feed.full_at >= DAY_MS:
        walker = ctx.jobs.get(feed.job, job)
        walk.open_full_pass(conn, feed, sources.SOURCES[endpoint](ctx, walker, feed), now)
    return True


# --- works


@dataclass(frozen=True, slots=True)
class _Found:
    """What the website says of one work."""

    work: Received[Illust | Novel]
    frames: UgoiraMetadata | None = None
    text: Received[NovelText] | None = None
    readings: tuple[Reading, ...] = ()


async def read_work(ctx: Context, web: WebApi, job: Job, chore: Chore) -> Record:
    """Do the chore `web`: read a work that the app hides."""
    key = chore.key
    if await ctx.db.read(web_lists.shown_by_app, key):
        return lambda conn, now: chores.done(conn, chore.kind, key)
    medium, work_id = split_key(key)
    try:
        found = await (_illust(web, work_id) if medium == "illust" else _novel(web, work_id))
    except (NotFound, Forbidden) as error:
        refusal = error
        return lambda conn, now: _no_work(ctx, job, conn, chore, refusal, now)
    if found.work.item.id != work_id:
        raise BadResponse(f"/ajax/{medium}/{work_id}: {found.work.item.id} came instead.")
    return lambda conn, now: _record(_speaking(ctx, web), conn, key, found, now)


async def _illust(web: WebApi, work_id: int) -> _Found:
    got = await illusts.detail(web, work_id)
    work = got.item
    if work.is_stub:
        return _Found(as_app.illust(got))
    pages = await illusts.pages(web, work_id) if work.page_count > 1 else None
    if pages is not None:
        got = Received(illusts.with_pages(work, pages), got.raw)
    frames = (await illusts.ugoira_meta(web, work_id)).item if work.type == "ugoira" else None
    return _Found(as_app.illust(got, pages), frames, readings=tuple(readings.of_work(work.tags)))


async def _novel(web: WebApi, work_id: int) -> _Found:
    got = await novels.detail(web, work_id)
    text = None if got.item.is_stub else novels.text_of(got)
    return _Found(as_app.novel(got), text=text, readings=tuple(readings.of_work(got.item.tags)))


def _record(ctx: Context, conn: Connection, key: int, found: _Found, now: int) -> None:
    """Record the work like a page of the app that shows it. Its comments can't be asked for there."""
    owner = found.work.item.user.id if found.work.item.user else 0
    names = dict.fromkeys((*web_lists.walkers(conn, ctx.account_id, owner), *briefs.jobs_of(conn, key)))
    jobs = _jobs(ctx, names) or [sources.NOBODY]
    first, *others = (replace(job, wants=replace(job.wants, comments=False)) for job in jobs)
    record_broken(conn, WEB, partly_read([found.work]), now, owner or None)
    sources.record_works(ctx, first, conn, [found.work], WEB, Lane.BACKFILL, now, others)
    record_readings(conn, found.readings, WEB, now)
    if not found.work.item.is_stub:
        controls.answered(conn, controls.WEBSITE, now)
    seen = ctx.seen(jobs[0], WEB, Lane.BACKFILL, now)
    if found.frames is not None:
        ingest_files.record_ugoira(conn, replace(seen, wants=Wants()), key >> 1, found.frames)
        again = lacking.next_look(conn, Kind.UGOIRA, key, now)
        chores.done(conn, Kind.UGOIRA, key, again_at=again, lane=int(Lane.RETRY))
    if found.text is not None and any(job.wants.novels for job in jobs):
        wants = Wants(files=any(job.wants.files for job in jobs))
        ingest_files.record_text(conn, replace(seen, endpoint="webview", wants=wants), found.text)
        chores.done(conn, Kind.TEXT, key)
    if owner:
        web_lists.fruitful(conn, owner)
    # It is read again as long as the app does not show it.
    chores.done(conn, Kind.WEB, key, again_at=now + web_lists.MONTH_MS)


def _no_work(ctx: Context, job: Job, conn: Connection, chore: Chore, error: PixivError, now: int) -> None:
    """Record that the website does not show the work, unless the app knows better; ask for a second sighting."""
    brief = briefs.work_brief(conn, chore.key)
    if brief is None or brief.state in (State.LIVE, State.UNKNOWN):
        seen = ctx.seen(job, WEB, Lane(chore.lane), now)
        state = State.UNKNOWN if isinstance(error, Forbidden) else State.GONE
        record_state(conn, seen, chore.key, state, f"web: {error}")
    owner = web_lists.owner_of(conn, chore.key)
    if owner is not None and web_lists.fruitless(conn, owner, now):
        agenda.ask_after_website(conn, owner, now)
    times = int(chore.progress.get("refused", 0)) + 1
    chores.save_progress(conn, chore.kind, chore.key, {"refused": times})
    chores.postpone(conn, chore.kind, chore.key, now + (DAY_MS if times < 2 else web_lists.MONTH_MS), str(error))


def _jobs(ctx: Context, names: Any) -> list[Job]:
    return [ctx.jobs[name] for name in names if name in ctx.jobs]


def _speaking(ctx: Context, web: WebApi) -> Context:
    """Return the context with the language in which the website answers."""
    if ctx.api.language.lower().startswith(web.lang.partition("_")[0]):
        return ctx
    return replace(ctx, api=replace(ctx.api, language=web.lang))


# --- tags


async def read_tag(ctx: Context, web: WebApi, job: Job, chore: Chore) -> Record:
    """Do the chore `reading`: ask how a tag is read."""
    name = await ctx.db.read(briefs.tag_name, chore.key)
    told = [] if name is None else list(readings.of_tag((await search.tag(web, name)).item))

    def record(conn: Connection, now: int) -> None:
        record_readings(conn, told, "tag", now)
        is_told = name is None or any(reading.name == name for reading in told)
        chores.done(conn, chore.kind, chore.key, again_at=None if is_told else now + READING_AGAIN_MS)

    return record
