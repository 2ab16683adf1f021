"""The feeds that we know how to walk: how each is asked, what its pages become, and how a job reads its head.

A feed's name is the endpoint without its version; adding one is one function here and one line in SOURCES.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import replace
from functools import partial
from typing import Any

from pixmirror.catalogue import feeds, runs
from pixmirror.catalogue.database import Connection
from pixmirror.catalogue.feeds import Feed
from pixmirror.catalogue.seen import Wants
from pixmirror.ingest import lists as ingest_lists
from pixmirror.ingest import refresh as refresh_rows
from pixmirror.ingest import sharing, web_lists
from pixmirror.ingest import works as ingest
from pixmirror.ingest.broken import broken_ids, record_broken
from pixmirror.ingest.filters import LEFT
from pixmirror.ingest.own_tags import BookmarkList
from pixmirror.ingest.people import record_users
from pixmirror.ledger import absent, agenda
from pixmirror.models import Illust, Lane, Listing, Medium, Novel, Received, Restrict, UserPreview
from pixmirror.pixiv.app import illusts, novels, users
from pixmirror.pixiv.reading import preview_works
from pixmirror.sync import filters, refresh, walk
from pixmirror.sync.context import Context, Job
from pixmirror.sync.recording import Source
from pixmirror.sync.walk import Walked, next_number

FOLLOWING = "user/following"
ILLUST_FOLLOW = "illust/follow"
NOVEL_FOLLOW = "novel/follow"
USER_ILLUSTS = "user/illusts"
USER_NOVELS = "user/novels"
BOOKMARKS_ILLUST = "user/bookmarks/illust"
BOOKMARKS_NOVEL = "user/bookmarks/novel"
OWN_LISTS: dict[str, Medium] = {USER_ILLUSTS: "illust", USER_NOVELS: "novel"}

# A re-reading is no job's: it changes what is known, not who wants it.
NOBODY = Job(name="", kind="user", wants=Wants(comments=False))

Works = Sequence[Received[Illust | Novel]]


def record_works(
    ctx: Context,
    job: Job,
    conn: Connection,
    works: Works,
    endpoint: str,
    lane: Lane,
    now: int,
    others: Sequence[Job] = (),
) -> None:
    """Record the works of a page, with the refusals of this job and of `others` that want the list.

    Each job judges as it is configured now: its filter may have changed since the walk began.
    """
    current = ctx.current(job)
    job = current or job
    seen = ctx.seen(job, endpoint, lane, now)
    comments = job.wants.comments or any(other.wants.comments for other in others)
    seen = replace(seen, wants=replace(job.wants, comments=comments))
    refusals = filters.refusals(job.wanted, works)
    if current is None:
        refusals = {r.item.key: sharing.REMOVED for r in works if not r.item.is_stub}
    else:
        refusals |= {r.item.key: LEFT for r in works if r.item.user is not None and not job.names(r.item.user.id)}
    ingested = ingest.record_works(conn, seen, works, refusals)
    if job.wanted.minimum_bookmarks:
        agenda.ask_for_bookmarks(conn, [r.item for r in works if r.item.key in refusals], now)
    for other in others:
        _also_saw(conn, other, works, lane, now, comments=other.wants.comments and not job.wants.comments)
    if ctx.web is not None and ingested.stubs:
        web_lists.ask_hidden(conn, [r.item.key for r in works if r.item.is_stub], now)


def _also_saw(conn: Connection, job: Job, works: Works, lane: Lane, now: int, *, comments: bool) -> None:
    whole = [r for r in works if not r.item.is_stub]
    refusals = filters.refusals(job.wanted, whole)
    reasons = {r.item.key: refusals.get(r.item.key) for r in whole}
    stubs = {r.item.key for r in works if r.item.is_stub} - reasons.keys()
    sharing.also_saw(conn, job.name, reasons, stubs, now, lane, comments=comments)
    if job.wanted.minimum_bookmarks:
        agenda.ask_for_bookmarks(conn, [r.item for r in whole if r.item.key in refusals], now)


def _others(ctx: Context, conn: Connection, job: Job, feed: Feed) -> list[Job]:
    """Return the other enabled jobs that want this list."""
    names = feeds.jobs_of(conn, feed.account_id, feed.endpoint, feed.params)
    return [ctx.jobs[name] for name in names if name != job.name and name in ctx.jobs]


def _record_listing(
    ctx: Context, job: Job, feed: Feed, endpoint: str, probe: str
) -> Callable[[Connection, Listing[Any], Lane, int], Sequence[int]]:
    def record(conn: Connection, listing: Listing[Any], lane: Lane, now: int) -> Sequence[int]:
        record_broken(conn, listing.endpoint, listing.unread, now, feed.params.get("user_id"))
        others = _others(ctx, conn, job, feed)
        record_works(ctx, job, conn, listing.items, endpoint, lane, now, others)
        keys = tuple(item.key for item in listing)
        agenda.probe_caption(conn, keys, probe, now)
        return [key >> 1 for key in keys]

    return record


def _following(ctx: Context, job: Job, feed: Feed) -> Source:
    restrict = feed.params["restrict"]

    async def read(offset: int | None, lane: Lane) -> Listing[UserPreview]:
        return await users.following(ctx.api.at(lane), ctx.account_id, restrict, offset)

    def record(conn: Connection, listing: Listing[UserPreview], lane: Lane, now: int) -> Sequence[int]:
        record_broken(conn, listing.endpoint, listing.unread, now)
        previews = list(listing)
        ids = [p.user.id for p in previews]
        record_users(conn, ctx.seen(job, "preview", lane, now), [p.user for p in previews])
        jobs = [job, *_others(ctx, conn, job, feed)]
        novels = any(j.wants.novels for j in jobs)
        new = ingest_lists.record_follows(conn, ctx.account_id, restrict, ids, now)
        ingest_lists.touch_unread(conn, ctx.account_id, "follow", None, broken_ids(listing.broken), now)
        works: list[Received[Illust | Novel]] = []
        for preview in previews:
            shown = preview_works(preview)
            record_broken(conn, FOLLOWING, shown.unread, now)
            works += (*shown.illusts, *shown.novels) if novels else shown.illusts
            if preview.user.id in new:
                for j in jobs:
                    _walk_user(ctx, j, conn, preview.user.id, bool(shown.illusts), bool(shown.novels), now)
        for j in jobs:
            _join_lists(ctx, j, conn, works, set(ids) - set(new), now)
        record_works(ctx, job, conn, works, "feed", lane, now, jobs[1:])
        return ids

    def finished(conn: Connection, started: int, now: int) -> None:
        passes = _passes(ctx, conn, job, feed, started)
        ingest_lists.mark_missing(conn, "follow", ctx.account_id, passes, now, share=ctx.brake)

    return Source("offset", read, record, finished=finished)


def _passes(ctx: Context, conn: Connection, job: Job, feed: Feed, started: int) -> dict[Restrict, int | None]:
    """Return when the last full pass of each restrict that an enabled job reads began, this one included."""
    endpoint, restrict = feed.endpoint, feed.params["restrict"]
    runs.set_meta(conn, f"full_pass:{endpoint}:{restrict}", str(started))
    passes: dict[Restrict, int | None] = {restrict: started}
    other: Restrict = "private" if restrict == "public" else "public"
    names = feeds.jobs_of(conn, ctx.account_id, endpoint, {"restrict": other})
    if any(other in j.restrict for j in (job, *(ctx.jobs[n] for n in names if n in ctx.jobs))):
        value = runs.get_meta(conn, f"full_pass:{endpoint}:{other}")
        passes[other] = int(value) if value is not None else None
    return passes


def _join_lists(ctx: Context, job: Job, conn: Connection, works: Works, followed: Set[int], now: int) -> None:
    """Open for a job that came later the lists of artists who were followed before."""
    shown = [r.item for r in works if r.item.user is not None and r.item.user.id in followed]
    for endpoint, medium in OWN_LISTS.items():
        ids = sorted({w.user.id for w in shown if w.medium == medium and w.user is not None})
        if ids and (medium == "illust" or job.wants.novels):
            new = feeds.unwanted_lists(conn, ctx.account_id, job.name, endpoint, ids)
            _open_lists(ctx, job, conn, endpoint, sorted(new), now)


def _open_lists(
    ctx: Context, job: Job, conn: Connection, endpoint: str, user_ids: Sequence[int], now: int
) -> None:
    params, lane = [{"user_id": user_id} for user_id in user_ids], int(Lane.BACKFILL)
    feeds.open_feeds(conn, ctx.account_id, endpoint, params, job=job.name, lane=lane, due_at=now)


def _walk_user(
    ctx: Context, job: Job, conn: Connection, user_id: int, has_illusts: bool, has_novels: bool, now: int
) -> None:
    """Make a user's lists due. One that a preview shows empty waits for the profile's totals."""
    if has_illusts:
        _open_lists(ctx, job, conn, USER_ILLUSTS, [user_id], now)
    if has_novels and job.wants.novels:
        _open_lists(ctx, job, conn, USER_NOVELS, [user_id], now)
    if job.wants.profiles:
        agenda.ask_for_profile(conn, user_id, now)


def _follow_feed(ctx: Context, job: Job, feed: Feed, medium: Medium) -> Source:
    async def read(offset: int | None, lane: Lane) -> Listing[Any]:
        ask = illusts.follow if medium == "illust" else novels.follow
        return await ask(ctx.api.at(lane), feed.params["restrict"], offset)

    def overflowed(conn: Connection, now: int) -> None:
        # Works between its end and what we know stand only in the artists' own lists.
        own = USER_ILLUSTS if medium == "illust" else USER_NOVELS
        feeds.make_due(conn, ctx.account_id, own, now)

    record = _record_listing(ctx, job, feed, "feed", f"follow:{medium}")
    return Source("offset", read, record, backfill=False, overflowed=overflowed)


def _user_works(ctx: Context, job: Job, feed: Feed, medium: Medium) -> Source:
    user_id = feed.params["user_id"]
    record_listing = _record_listing(ctx, job, feed, "list", f"user:{medium}")

    async def read(offset: int | None, lane: Lane) -> Listing[Any]:
        if medium == "illust":
            return await users.illusts(ctx.api.at(lane), user_id, None, offset)
        return await users.novels(ctx.api.at(lane), user_id, offset)

    def record(conn: Connection, listing: Listing[Any], lane: Lane, now: int) -> Sequence[int]:
        ids = record_listing(conn, listing, lane, now)
        owner = listing.head.get("user")
        if not listing.items and not (isinstance(owner, dict) and owner.get("id")):
            # Nobody's empty list is either an empty list or a user who left: the profile tells (pixiv.md 3.3).
            agenda.ask_for_profile(conn, user_id, now)
        return ids

    def head_read(conn: Connection, feed: Feed, now: int) -> bool:
        posted = refresh_rows.posted(conn, user_id, medium, refresh.RECENT)
        feeds.refresh_at(conn, feed.id, refresh.read_again_at(feed.id, posted, now, feed.full_at, now))
        return refresh.full_due_at(feed.id, posted, feed.full_at, now) <= now

    def finished(conn: Connection, started: int, now: int) -> None:
        posted = refresh_rows.posted(conn, user_id, medium, refresh.RECENT)
        head_at = feeds.get_feed(conn, feed.id).head_at or now
        feeds.refresh_at(conn, feed.id, refresh.read_again_at(feed.id, posted, head_at, now, now))
        absent.ask_about_absent(conn, ctx.account_id, user_id, medium, started, now)
        if ctx.web is not None:
            web_lists.after_pass(conn, user_id, medium, now)

    return Source("offset", read, record, finished=finished, head_read=head_read)


def _bookmarks(ctx: Context, job: Job, feed: Feed, medium: Medium) -> Source:
    restrict, tag = feed.params["restrict"], feed.params.get("tag")
    tags = BookmarkList(ctx.account_id, medium, restrict)
    record_listing = _record_listing(ctx, job, feed, "feed", f"bookmarks:{medium}:{restrict}")

    async def read(cursor: int | None, lane: Lane) -> Listing[Any]:
        ask = users.bookmarks_illust if medium == "illust" else users.bookmarks_novel
        return await ask(ctx.api.at(lane), ctx.account_id, restrict, tag, cursor)

    def record(conn: Connection, listing: Listing[Any], lane: Lane, now: int) -> Sequence[int]:
        below = next_number(listing, "max_bookmark_id")
        ids = record_listing(conn, listing, lane, now)
        keys = [item.key for item in listing]
        new = ingest_lists.record_bookmarks(conn, ctx.account_id, restrict, keys, now, below)
        ingest_lists.touch_unread(conn, ctx.account_id, "bookmark", medium, broken_ids(listing.broken), now)
        if new:
            agenda.ask_for_own_tags(conn, tags.key, now)
        return ids

    def finished(conn: Connection, started: int, now: int) -> None:
        if tag is None:
            passes = _passes(ctx, conn, job, feed, started)
            ingest_lists.mark_missing(conn, "bookmark", ctx.account_id, passes, now, medium, share=ctx.brake)
            agenda.ask_for_own_tags(conn, tags.key, now)

    return Source("cursor", read, record, finished=finished)


# How the feeds of each endpoint are read, as a job wants them.
SOURCES: dict[str, Callable[[Context, Job, Feed], Source]] = {
    FOLLOWING: _following,
    ILLUST_FOLLOW: partial(_follow_feed, medium="illust"),
    NOVEL_FOLLOW: partial(_follow_feed, medium="novel"),
    USER_ILLUSTS: partial(_user_works, medium="illust"),
    USER_NOVELS: partial(_user_works, medium="novel"),
    BOOKMARKS_ILLUST: partial(_bookmarks, medium="illust"),
    BOOKMARKS_NOVEL: partial(_bookmarks, medium="novel"),
}


# -- the head of a list, which a job reads down to known ground ------------------------------------------------


async def read_head(
    ctx: Context, job: Job, endpoint: str, params: Mapping[str, Any], floor: int | None = None
) -> tuple[Feed, Walked]:
    """Read a list from its top down to known ground. Its first backfill is left to the backfiller.

    Only the following list is read to its end at once: it shows the newest works of everybody, 30 artists a page,
    and opens all their lists.
    """
    now, lane = ctx.clock.now(), int(Lane.NEW)
    feed = await ctx.db.run(feeds.open_feed, ctx.account_id, endpoint, params, job=job.name, lane=lane, now=now)
    async with ctx.walking.alone(feed.id):
        feed = await ctx.db.read(feeds.get_feed, feed.id)
        if await ctx.is_closed(feed):
            return feed, Walked()
        source = SOURCES[endpoint](ctx.asking(feed.failures), job, feed)
        walked = await walk.head(ctx.db, ctx.clock, feed, source, Lane.NEW, floor=floor)
        newest = ("head", "backfill") if endpoint == FOLLOWING else ("head",)
        if walked.gap is not None and walked.gap.kind in newest:
            walked = walked.plus(await walk.close(ctx.db, ctx.clock, feed, walked.gap, source, Lane.NEW))
        feed = await ctx.db.read(feeds.get_feed, feed.id)
    ctx.wake()
    await ctx.heard_of(feed, walked.error)
    return feed, walked


async def full_pass_if_older(ctx: Context, job: Job, feed: Feed, age_ms: int) -> None:
    """Have the whole list read again where its last full pass is older than this."""
    now = ctx.clock.now()
    if feed.head_at is not None and (feed.full_at is None or now - feed.full_at >= age_ms):
        source = SOURCES[feed.endpoint](ctx, job, feed)
        await ctx.db.run(walk.open_full_pass, feed, source, now)
        ctx.wake()
