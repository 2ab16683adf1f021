"""Doing one chore: ask Pixiv about one work, comment list or user, and record the answer.

A chore stays until its answer is committed; a cut one is done again, from its progress where it has some.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any, Literal

from pixmirror.catalogue import added, briefs, chores, endpoints, tombstones
from pixmirror.catalogue.added import ADDED
from pixmirror.catalogue.chores import OF_WEBSITE, PARTS, Chore, Kind
from pixmirror.catalogue.database import Connection
from pixmirror.catalogue.seen import DETAIL, Wants
from pixmirror.clock import DAY_MS, HOUR_MS, jst_day
from pixmirror.contained import contained
from pixmirror.errors import AccountWarned, BadResponse, Forbidden, NotFound, PixivError, PixmirrorError
from pixmirror.ingest import adding, lacking, sidecars, web_health
from pixmirror.ingest import captions as ingest_captions
from pixmirror.ingest import files as ingest_files
from pixmirror.ingest import lists as ingest_lists
from pixmirror.ingest.broken import record_broken
from pixmirror.ingest.filters import apply_refusals
from pixmirror.ingest.people import record_profile, record_user_state
from pixmirror.ingest.refresh import created
from pixmirror.ledger import absent, agenda, controls, doubts, leavers
from pixmirror.ledger.sightings import record_state
from pixmirror.models import Illust, Lane, Novel, Received, State, WorkFacts, partly_read, split_key, url_version
from pixmirror.pixiv.app import illusts, novels, users
from pixmirror.pixiv.web import account
from pixmirror.sync import bookmark_tags, comments, coverage, filters, refresh, sources, website
from pixmirror.sync.context import Context, Job
from pixmirror.sync.kinds import ranking
from pixmirror.sync.recording import write_one
from pixmirror.sync.setbacks import BACKOFF_S
from pixmirror.sync.suspicion import concerns_what_was_asked

PROFILE_AGAIN_MS = 30 * DAY_MS
ABSENT_AGAIN_MS = 7 * DAY_MS
# As a list's, but more often after six hours: what fails for most of a day comes soon after, with no job to ask.
FAILED_AGAIN_S = (*BACKOFF_S[:5], *(21_600,) * 8, 86_400)
PART_AGAIN_MS = (6 * HOUR_MS, DAY_MS, ABSENT_AGAIN_MS)
CLOSED_AGAIN_MS = 180 * DAY_MS  # comments that nobody may see, of a live work
LAG_AGAIN_MS = 3_600_000
LAG_TRIES = 48


async def run_chore(ctx: Context, job: Job, chore: Chore) -> None:
    """Do it; what concerns only this item is recorded on it, what concerns everything is raised."""
    thing = endpoints.of_chore(chore.kind, chore.key)
    if (gone := await ctx.endpoints.closed(ctx.db, thing, ctx.clock.now())) is not None:
        await ctx.db.run(endpoints.wait, thing, gone, key=chore.key)
        return
    try:
        with contained(f"The chore {chore.kind} {chore.key}", chore.error):
            await _do(ctx.asking(chore.attempts, chore.error), job, chore)
    except PixmirrorError as error:
        own = ctx.of_its_own(("chore", chore.kind, chore.key), error, chore.error)
        if own is not None:
            await ctx.db.run(chores.postpone, chore.kind, chore.key, ctx.clock.now() + DAY_MS, own)
            return
        if concerns_what_was_asked(error):
            again_s = FAILED_AGAIN_S[min(chore.attempts, len(FAILED_AGAIN_S) - 1)]
            due = ctx.clock.now() + again_s * 1000
            await ctx.db.run(chores.postpone, chore.kind, chore.key, due, str(error))
        if error.scope == "everything":
            raise
        await _heard(ctx, chore, error)  # which raises what is everybody's trouble
        await ctx.endpoints.heard(ctx.db, thing, error, ctx.clock.now(), chore.key)
    else:
        await ctx.endpoints.heard(ctx.db, thing, None, ctx.clock.now())
        await _heard(ctx, chore, None)
    ctx.wake()


async def _heard(ctx: Context, chore: Chore, error: PixmirrorError | None) -> None:
    subject = ("chore", chore.kind, chore.key)
    if chore.kind in OF_WEBSITE:
        await website.heard(ctx, subject, error)
    elif chore.kind != Kind.RANKING:  # which tells itself what it heard of each day
        await ctx.heard(subject, error)


async def _do(ctx: Context, job: Job, chore: Chore) -> None:
    if await ctx.db.read(tombstones.bars_chore, chore.kind, chore.key):
        await ctx.db.run(chores.done, chore.kind, chore.key)
        return
    try:
        await HANDLERS[chore.kind](ctx, job, chore, Lane(chore.lane))
    except (NotFound, Forbidden) as error:
        await ctx.db.run(_absent, ctx, job, chore, error)


def _absent(conn: Connection, ctx: Context, job: Job, chore: Chore, refusal: PixivError) -> None:
    """Put off what was refused. A 404 is recorded as evidence that the thing is gone, a 403 is not."""
    now, error = ctx.clock.now(), str(refusal)
    seen = ctx.seen(job, chore.kind, Lane(chore.lane), now)
    forbidden = isinstance(refusal, Forbidden)
    if chore.kind == Kind.CONTROL:
        chores.done(conn, chore.kind, chore.key)  # no answer is an answer
        return
    if chore.kind == Kind.DETAIL:
        record_state(conn, seen, chore.key, State.UNKNOWN if forbidden else State.GONE, f"detail: {error}")
    elif chore.kind == Kind.PROFILE:
        state = State.UNKNOWN if forbidden else State.USER_GONE
        record_user_state(conn, seen, chore.key, state, f"profile: {error}")
    if forbidden and chore.kind in (Kind.DETAIL, Kind.PROFILE):
        chores.postpone(conn, chore.kind, chore.key, now + ABSENT_AGAIN_MS, error)
    elif chore.kind == Kind.DETAIL:
        _detail_absent(conn, ctx, chore, now)
    elif chore.kind == Kind.PROFILE:
        _profile_absent(conn, chore, now)
    elif chore.kind in PARTS:
        brief = briefs.work_brief(conn, chore.key)
        if brief is not None and brief.state in State.OVER:
            chores.done(conn, chore.kind, chore.key)  # it was under way when that was believed
        else:
            # They are asked of a work that is gone or hidden: its detail tells which. Comments that are refused
            # again in the same words, though the work is there, are closed.
            closed = chore.kind == Kind.COMMENTS and chore.error == error
            if not closed:
                agenda.ask_after_refusal(conn, chore.key, now)
            again = CLOSED_AGAIN_MS if closed else _refused_again_ms(chore, error)
            chores.postpone(conn, chore.kind, chore.key, now + again, error)
    else:
        chores.postpone(conn, chore.kind, chore.key, now + ABSENT_AGAIN_MS, error)
    if not forbidden and chore.kind in agenda.FROM_APP:
        user_id = leavers.user_of(conn, chore.key)
        if user_id is not None:
            leavers.refused(conn, user_id, now)


def _refused_again_ms(chore: Chore, error: str) -> int:
    """Return how long a refused part of a work waits. Comments are closed by a second refusal, so that one comes
    late; frames and texts are asked for soon, for a gateway that refuses everything for hours is no news of them.
    """
    if chore.kind == Kind.COMMENTS:
        return ABSENT_AGAIN_MS
    tries = chore.attempts if chore.error == error else 0  # what failed otherwise is no refusal
    return PART_AGAIN_MS[min(tries, len(PART_AGAIN_MS) - 1)]


def _detail_absent(conn: Connection, ctx: Context, chore: Chore, now: int) -> None:
    """Ask again for a second sighting (architecture: absent is not deleted), later where lists deny the news."""
    brief = briefs.work_brief(conn, chore.key)
    if brief is None or brief.state in State.OVER:
        chores.done(conn, chore.kind, chore.key)
        return
    waits = doubts.stands(conn, "work", chore.key)
    waits = waits or absent.times_denied(conn, ctx.account_id, chore.key, now - PROFILE_AGAIN_MS) > 1
    second = ABSENT_AGAIN_MS if waits else DAY_MS
    chores.done(conn, chore.kind, chore.key, again_at=now + second, lane=int(Lane.REFRESH))


def _profile_absent(conn: Connection, chore: Chore, now: int) -> None:
    """Asked again a day later; once it is believed, more and more rarely."""
    found = leavers.state_of(conn, chore.key)
    if found is None and added.is_wished(conn, chore.kind, chore.key):
        chores.done(conn, chore.kind, chore.key)  # nobody but the user has ever named them
    elif found is None:
        chores.done(conn, chore.kind, chore.key, again_at=now + PROFILE_AGAIN_MS)
    elif found[0] in State.LEFT:
        chores.done(conn, chore.kind, chore.key, again_at=leavers.next_profile(found[1], now))
    else:
        waits = ABSENT_AGAIN_MS if doubts.stands(conn, "user", chore.key) else DAY_MS
        chores.done(conn, chore.kind, chore.key, again_at=now + waits, lane=int(Lane.EXTRA))


async def _control(ctx: Context, job: Job, chore: Chore, lane: Lane) -> None:
    """Ask for our own profile, which is there as long as Pixiv answers as it should. Nothing of it is kept."""
    await users.detail(ctx.api.at(lane), ctx.account_id)

    def record(conn: Connection) -> None:
        controls.answered(conn, controls.PROFILE, ctx.clock.now())
        chores.done(conn, chore.kind, chore.key)

    await ctx.db.run(record)


async def _inbox(ctx: Context, job: Job, chore: Chore, lane: Lane) -> None:
    """Look whether Pixiv's office has written to us. Only yes or no and the day are kept."""
    found = await website.ask(ctx, lane, account.has_warning)
    if found is None:
        return
    now = ctx.clock.now()

    def record(conn: Connection) -> bool:
        chores.done(conn, chore.kind, chore.key, again_at=now + DAY_MS)
        return web_health.office_wrote(conn, found, jst_day(now))

    if await ctx.db.run(record):
        raise AccountWarned("Pixiv's office has written to the account, as it does to warn one: nothing is sent.")


async def _ugoira(ctx: Context, job: Job, chore: Chore, lane: Lane) -> None:
    illust_id = chore.key >> 1
    received = await illusts.ugoira_metadata(ctx.api.at(lane), illust_id)

    def record(conn: Connection) -> None:
        zip_version = url_version(received.item.zip_urls.medium)
        if zip_version < ingest_files.shown_version(conn, chore.key) and chore.attempts < LAG_TRIES:
            # The file was replaced and the metadata does not know yet.
            due = ctx.clock.now() + LAG_AGAIN_MS
            chores.postpone(conn, chore.kind, chore.key, due, "the metadata is older than the work's files")
            return
        seen = replace(ctx.seen(job, "ugoira", Lane.NEW, ctx.clock.now()), wants=Wants())
        ingest_files.record_ugoira(conn, seen, illust_id, received.item)
        again = lacking.next_look(conn, Kind.UGOIRA, chore.key, seen.now)
        chores.done(conn, chore.kind, chore.key, again_at=again, lane=int(Lane.RETRY))

    await write_one(ctx.db, ctx.clock, "ugoira", "ugoira_metadata", received, record)


async def _text(ctx: Context, job: Job, chore: Chore, lane: Lane) -> None:
    received = await novels.text(ctx.api.at(lane), chore.key >> 1)
    if received.item.id != chore.key >> 1:
        raise BadResponse(f"webview/v2/novel: asked for novel {chore.key >> 1}, got {received.item.id}")

    def record(conn: Connection) -> None:
        seen = ctx.seen(job, "webview", Lane.NEW, ctx.clock.now())
        files = any(ctx.jobs[n].wants.files for n in briefs.jobs_of(conn, chore.key) if n in ctx.jobs)
        ingest_files.record_text(conn, replace(seen, wants=replace(seen.wants, files=files)), received)
        again = refresh.text_again(created(conn, chore.key), seen.now)
        looks = (again, lacking.next_look(conn, Kind.TEXT, chore.key, seen.now))
        again = min((look for look in looks if look is not None), default=None)
        chores.done(conn, chore.kind, chore.key, again_at=again, lane=int(Lane.REFRESH))

    await write_one(ctx.db, ctx.clock, "text", "text", received, record)


async def _detail(ctx: Context, job: Job, chore: Chore, lane: Lane) -> None:
    medium, work_id = split_key(chore.key)
    absence = absent.Absence.of(chore.progress)
    wished = await ctx.db.read(added.is_wished, chore.kind, chore.key)
    if (
        absence is not None
        and not wished
        and await ctx.db.read(absent.is_back, ctx.account_id, chore.key, absence.since)
    ):
        await ctx.db.run(chores.done, chore.kind, chore.key)
        return
    received: Received[Illust | Novel]
    if medium == "illust":
        received = await illusts.detail(ctx.api.at(lane), work_id)
    else:
        received = await novels.detail(ctx.api.at(lane), work_id)
    if received.item.id != work_id:
        raise BadResponse(f"{medium}/detail: asked for {work_id}, got {received.item.id}")

    def record(conn: Connection) -> None:
        before = briefs.work_brief(conn, chore.key)
        record_broken(conn, DETAIL, partly_read([received]), ctx.clock.now())
        whose = sources.NOBODY
        if added.is_wished(conn, chore.kind, chore.key):
            whose = ctx.jobs.get(ADDED, whose)
        sources.record_works(ctx, whose, conn, [received], DETAIL, lane, ctx.clock.now())
        if before and not before.caption and received.item.caption and not received.item.is_stub:
            ingest_captions.set_captions_stripped(conn, ctx.account_id, ctx.clock.now())
        chores.done(conn, chore.kind, chore.key)
        lacking.ask_again(conn, Kind.DETAIL, chore.key, ctx.clock.now())
        if received.item.is_stub:
            _look_again(conn, ctx, chore.key)
        else:
            controls.answered(conn, controls.of_detail(chore.key), ctx.clock.now())
            _judge_again(conn, ctx, received)

    await write_one(ctx.db, ctx.clock, DETAIL, medium, received, record)


def _look_again(conn: Connection, ctx: Context, key: int) -> None:
    """Ask for a hidden work again, the more rarely the longer it is hidden."""
    now, brief = ctx.clock.now(), briefs.work_brief(conn, key)
    hidden_at = absent.still_hidden_since(conn, ctx.account_id, key)
    look = agenda.next_look(conn, key, brief.create_date if brief else None, hidden_at or now, now)
    agenda.look_at_hidden(conn, [look])


def _judge_again(conn: Connection, ctx: Context, received: Received[Illust | Novel]) -> None:
    """Have the jobs that saw the work judge it as it is now: its bookmarks may have become enough."""
    work, now = received.item, ctx.clock.now()
    for name in briefs.jobs_of(conn, work.key):
        job = ctx.jobs.get(name)
        if job is not None:
            reason = filters.refuse(job.wanted, WorkFacts.of(work, work.type))
            apply_refusals(conn, name, {work.key: reason}, now)
            if reason is not None and job.wanted.minimum_bookmarks:
                agenda.ask_for_bookmarks(conn, [work], now)


async def _profile(ctx: Context, job: Job, chore: Chore, lane: Lane) -> None:
    received = await users.detail(ctx.api.at(lane), chore.key)

    def record(conn: Connection) -> None:
        now = ctx.clock.now()
        record_profile(conn, ctx.seen(job, "profile", lane, now), received)
        controls.answered(conn, controls.PROFILE, now)
        again_at: int | None = now + PROFILE_AGAIN_MS
        if added.is_wished(conn, chore.kind, chore.key):
            # Before a job is found for the lists: it would read them for good.
            adding.open_lists(conn, ctx.account_id, chore.key, coverage.totals_of(received.item), now)
            again_at = again_at if adding.is_of_a_job(conn, ctx.account_id, chore.key) else None
        coverage.after_profile(ctx, job, conn, received, now)
        chores.done(conn, chore.kind, chore.key, again_at=again_at)

    await write_one(ctx.db, ctx.clock, "profile", "profile", received, record)


async def _bookmark(ctx: Context, job: Job, chore: Chore, lane: Lane) -> None:
    """Tell a removed bookmark from one that was switched to the list that no job reads."""
    medium, work_id = split_key(chore.key)
    ask = illusts.bookmark_detail if medium == "illust" else novels.bookmark_detail
    await _record_entry(ctx, chore, "bookmark", ask(ctx.api.at(lane), work_id))


async def _follow(ctx: Context, job: Job, chore: Chore, lane: Lane) -> None:
    """Tell an artist who is not followed any more from one whose follow was switched."""
    await _record_entry(ctx, chore, "follow", users.follow_detail(ctx.api.at(lane), chore.key))


async def _record_entry(
    ctx: Context, chore: Chore, table: Literal["bookmark", "follow"], answer: Awaitable[Received[Any]]
) -> None:
    said, restrict = f"{table}/detail: not {table}ed", None
    try:
        found = (await answer).item
        is_there, restrict = getattr(found, f"is_{table}ed"), found.restrict
    except NotFound as error:  # a bookmark goes with its work
        is_there, said = False, f"{table}/detail: {error}"

    def record(conn: Connection) -> None:
        now = ctx.clock.now()
        if not is_there:
            ingest_lists.not_listed(conn, table, ctx.account_id, chore.key, said, now)
        elif restrict not in ("public", "private"):  # a list that we do not know
            ingest_lists.touch_unread(conn, ctx.account_id, table, None, (chore.key,), now)
        elif table == "bookmark":
            ingest_lists.record_bookmarks(conn, ctx.account_id, restrict, (chore.key,), now, None)
        else:
            ingest_lists.record_follows(conn, ctx.account_id, restrict, (chore.key,), now)
        chores.done(conn, chore.kind, chore.key)

    await ctx.db.run(record)


async def _sidecar(ctx: Context, job: Job, chore: Chore, lane: Lane) -> None:
    """Have a sidecar written again that could not be written. Asks Pixiv nothing."""

    def record(conn: Connection) -> None:
        sidecars.write_again(conn, [chore.key])
        chores.done(conn, chore.kind, chore.key)

    await ctx.db.run(record)


HANDLERS: dict[str, Callable[[Context, Job, Chore, Lane], Awaitable[None]]] = {
    Kind.UGOIRA: _ugoira,
    Kind.TEXT: _text,
    Kind.DETAIL: _detail,
    Kind.PROFILE: _profile,
    Kind.CONTROL: _control,
    Kind.INBOX: _inbox,
    Kind.COMMENTS: comments.run,
    Kind.REPLIES: comments.run_replies,
    Kind.BOOKMARK_TAGS: bookmark_tags.run,
    Kind.RANKING: ranking.backfill,
    Kind.BOOKMARK: _bookmark,
    Kind.FOLLOW: _follow,
    Kind.COVERAGE: partial(coverage.run, coverage.read_list),
    Kind.WEB: partial(coverage.run, coverage.read_work),
    Kind.READING: partial(coverage.run, coverage.read_tag),
    Kind.SIDECAR: _sidecar,
}
