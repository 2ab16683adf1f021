"""Turn a page of works into rows, wanted files and chores, in one transaction (architecture: one transaction)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue import media, tombstones
from pixmirror.catalogue.chores import Kind
from pixmirror.catalogue.payloads import LEGACY, canonical
from pixmirror.catalogue.schema import series, work, work_job
from pixmirror.catalogue.seen import DETAIL, WEB, Seen
from pixmirror.catalogue.sql import Many, excluded, next_seq, upsert
from pixmirror.clock import DAY_MS
from pixmirror.ingest import captions, lacking, stats, versions
from pixmirror.ingest.known import Known, load_known, media_of, tags_of, with_text
from pixmirror.ingest.merging import CONTENT, COUNTERS, Answer, Facts, fold, fold_counters
from pixmirror.ingest.payloads import INSERT_PAYLOAD, bases_of, digest_of, keep_decoration, payload_row
from pixmirror.ingest.people import record_users
from pixmirror.ingest.stubs import record_stubs
from pixmirror.ingest.tags import record_translations, write_tags
from pixmirror.ledger import agenda, moves
from pixmirror.ledger.agenda import Ask
from pixmirror.ledger.moves import Move
from pixmirror.ledger.sightings import see
from pixmirror.models import Illust, Lane, Novel, Received, State, to_ms, url_version, work_key

_MOVING = ("state", "state_at", "evidence", "detail_at", "change_seq", "first_seen", "last_seen")

_UPSERT = Many(upsert(work, *CONTENT, *COUNTERS, *_MOVING))
_COUNT = ", ".join(f"{name} = :{name}" for name in COUNTERS)
_TOUCH = Many(f"UPDATE work SET last_seen = :now, {_COUNT} WHERE work_key = :key")
_JOB = Many(upsert(work_job, "refused_reason"))
_title = excluded(series).c.title
_SERIES = Many(upsert(series, "title", "user_id", where=(_title != "") & (_title != series.c.title)))


@dataclass(frozen=True, slots=True)
class Ingested:
    """What a page brought: keys of works that are new (or until now only stubs) or changed."""

    new: tuple[int, ...] = ()
    changed: tuple[int, ...] = ()
    known: int = 0
    stubs: int = 0


_UNTOLD = Facts({}, [])


@dataclass(slots=True)
class _Item:
    """One live work of the page beside what is known of it."""

    key: int
    work: Illust | Novel
    text: str
    digest: bytes
    old: Any  # the work's row, or None
    settled: bool  # the payload changes nothing
    reason: str | None  # why this job refuses its files
    wanted: bool
    facts: Facts = _UNTOLD  # as they stand after this answer, where that is not settled
    changed: bool = False
    lacks: bool = False  # pages that the answer itself says there are
    kept: bool = False  # its payload becomes a row: what lies outside of the work's own row moves only then
    unshown: bool = False  # only dumps, and at most placeholders, told of it until now
    is_new: bool = False  # until now it had no row, or one that no answer had filled


def record_works(
    conn: Connection, seen: Seen, works: Sequence[Received[Illust | Novel]], refusals: Mapping[int, str]
) -> Ingested:
    """Record a page of works. `refusals`: why this job's filters refuse a work's files, by work key."""
    page: dict[int, Received[Illust | Novel]] = {}
    for received in works:
        key = received.item.key
        if key not in page or page[key].item.is_stub:
            page[key] = received
    page, barred = tombstones.screened(conn, page)
    stubs = [r for r in page.values() if r.item.is_stub]
    shown = page if not stubs else {key: r for key, r in page.items() if not r.item.is_stub}
    # Before the works are read: a rename moves the change_seq of works.
    record_users(conn, seen, (r.item.user for r in shown.values() if r.item.user))
    known = load_known(conn, seen, page)
    items = [_item(seen, known, key, r, refusals) for key, r in shown.items()]
    for item in items:
        item.wanted &= item.key not in barred

    fresh = [i for i in items if not i.settled]
    # Also of works without a row: damage may have taken the row alone.
    tags_before = tags_of(conn, [i.key for i in fresh])
    media_before = media_of(conn, [i.key for i in fresh])
    files = versions.Changes()
    emptied = any(i.old is not None and i.old.caption and not i.work.caption for i in fresh)
    stripped = emptied and captions.are_stripped(conn, seen.account_id)
    for item in fresh:
        # What a dump told may have never been told by anybody else: an empty caption is no news of it.
        dumped = LEGACY in known.payloads.get(item.key, ())
        answer = Answer(seen.endpoint, seen.now, item.work, stripped or dumped)
        before = None if item.old is None else Facts.of(item.old, tags_before.get(item.key, ()))
        item.facts = fold(before, answer)
        item.changed = before is None or item.unshown or not item.facts.says_the_same_as(before)
        if isinstance(item.work, Illust):
            item.changed |= _compare_files(files, seen, item, media_before.get(item.key, ()))
        # What another class of endpoint changed in between and this one changes back is a version too.
        again = item.old is not None and item.old.evidence == WEB != seen.endpoint
        item.kept = item.changed or again or not known.latest_is(item.key, seen.endpoint, item.digest)
    _write_works(conn, seen, items, fresh, known)
    if stubs:
        record_stubs(conn, seen, stubs, known)
    changed_tags = {i.key: i.facts.tags for i in fresh if i.facts.tags != tags_before.get(i.key, [])}
    ids = write_tags(conn, changed_tags, tags_before)
    settled = [i.work.tags for i in items if i.settled]
    record_translations(conn, seen, [i.work.tags for i in fresh], settled, ids)
    files.write(conn)
    for item in (i for i in fresh if i.lacks and i.wanted):
        lacking.ask_again(conn, Kind.DETAIL, item.key, seen.now)
    _write_jobs(conn, seen, items, [r.item.key for r in stubs], known)
    if seen.endpoint not in (DETAIL, WEB) and (whole := [i.key for i in items if i.old is not None and i.is_new]):
        agenda.drop_details(conn, whole)
    _add_chores(conn, seen, [i for i in items if i.key not in barred], known, media_before)
    _write_payloads(conn, seen, [i for i in fresh if i.kept])
    keep_decoration(conn, [i.work for i in items], seen.now)
    see(conn, seen, ((i.key, State.LIVE, seen.endpoint) for i in items), known.sightings)
    # That a dump knows a work is no state of it, so there is nothing to move from.
    back = [i.key for i in items if i.old is not None and i.old.state != "live" and i.old.evidence != LEGACY]
    if back:
        moves.log(conn, "work", (Move(key, "live", seen.endpoint, seen.account_id) for key in back), seen.now)

    new = tuple(i.key for i in items if i.is_new)
    changed = tuple(i.key for i in items if i.changed and not i.is_new)
    return Ingested(new, changed, len(items) - len(new) - len(changed), len(stubs))


def _item(
    seen: Seen, known: Known, key: int, received: Received[Illust | Novel], refusals: Mapping[int, str]
) -> _Item:
    item = received.item
    text = canonical(received.raw)
    old = known.works.get(key)
    digest = digest_of(received, text, known.payloads.get(key, {}).get(seen.endpoint))
    settled = old is not None and old.state == "live" and known.settled(key, seen.endpoint, digest)
    if seen.endpoint == DETAIL and old is not None:
        settled = settled and old.detail_at is not None
    if isinstance(item, Illust) and item.page_count > max(len(item.meta_pages), 1):
        settled = False  # it names fewer pages than it counts, which is to be noticed each time
    reason = refusals.get(key)
    if isinstance(item, Novel):
        reason = reason or (None if seen.wants.novels else "novels = false")
    else:
        reason = reason or (None if seen.wants.files else "files = false")
    others = known.jobs.get(key, {})
    wanted = any(why is None for job, why in others.items() if job != seen.job)
    if seen.job:
        wanted = wanted or reason is None
    unshown = known.unshown(key)
    is_new = old is None or old.user_id is None or unshown
    return _Item(key, item, text, digest, old, settled, reason, wanted, unshown=unshown, is_new=is_new)


def _compare_files(files: versions.Changes, seen: Seen, item: _Item, rows: Sequence[Any]) -> bool:
    assert isinstance(item.work, Illust)
    due, indexes, whole, moved = versions.pages_of(item.work), set[int](), False, False
    mine = versions.WorkFiles(seen, item.key, item.facts.row["user_id"], rows, item.wanted)
    for shown, whole in versions.shown_by(item.work):
        indexes = {f.index for f in shown}
        moved = versions.compare(files, mine, shown, whole)
    item.lacks = not whole and bool(due)
    if item.lacks or any(not r.url for r in rows):
        moved |= lacking.note(files, mine, "page", due, indexes)
    return moved


def _write_works(
    conn: Connection, seen: Seen, items: Sequence[_Item], fresh: Sequence[_Item], known: Known
) -> None:
    seq = next_seq(conn) if any(i.changed for i in fresh) else 0
    counters = {i.key: fold_counters({} if i.old is None else i.old._asdict(), i.work) for i in items}
    rows = []
    for item in fresh:
        old = item.old
        same_state = old is not None and old.state == "live"
        rows.append(
            item.facts.row
            | counters[item.key]
            | {
                "work_key": item.key,
                "medium": item.work.medium,
                "state": "live",
                "state_at": old.state_at if same_state else seen.now,
                # What only the website showed until now is the app's again.
                "evidence": seen.endpoint if not same_state or old.evidence == WEB else old.evidence,
                "detail_at": item.facts.detail_at,
                "change_seq": seq if item.changed else old.change_seq,
                "first_seen": seen.now if old is None or known.unseen(item.key) else old.first_seen,
                "last_seen": seen.now,
            }
        )
    _UPSERT(conn, rows)
    _TOUCH(conn, [{"key": i.key, "now": seen.now, **counters[i.key]} for i in items if i.settled])
    # The first values stand in the first answer.
    shown_before = (i for i in items if not i.is_new)
    moved = [i.key for i in shown_before if any(getattr(i.old, n) != v for n, v in counters[i.key].items())]
    if moved:
        stats.write(conn, ((key, counters[key]) for key in moved), seen.now)
    named = {
        work_key(i.work.medium, i.work.series.id): (i.work.series.title, i.facts.row["user_id"])
        # An empty title takes the place of none, within a page as across pages.
        for i in sorted(fresh, key=lambda i: bool(i.work.series and i.work.series.title))
        if i.work.series and i.kept
    }
    _SERIES(
        conn,
        [
            {"series_key": key, "title": title, "user_id": user_id, "first_seen": seen.now}
            for key, (title, user_id) in named.items()
        ],
    )


def _write_jobs(conn: Connection, seen: Seen, items: Sequence[_Item], stubs: Sequence[int], known: Known) -> None:
    """Write who saw what, and what it refuses. Want or refuse files where that changed."""
    rows = []
    gained: list[int] = []
    lost: list[int] = []
    reasons = {i.key: i.reason for i in items} | dict.fromkeys(stubs) if seen.job else {}
    for key, reason in reasons.items():
        jobs = known.jobs.get(key, {})
        if seen.job not in jobs or (jobs[seen.job] != reason and key not in stubs):
            rows.append({"work_key": key, "job": seen.job, "first_seen": seen.now, "refused_reason": reason})
    for item in items:
        if item.old is not None:
            # No job at all: until now only a re-reading has seen it, whose files are refused.
            was_wanted = any(reason is None for reason in known.jobs.get(item.key, {}).values())
            if item.wanted != was_wanted:
                (gained if item.wanted else lost).append(item.key)
    _JOB(conn, rows)
    if gained:
        agenda.ask_for_wanted(conn, media.want_files(conn, gained, seen.lane), seen.now)
    if lost:
        media.refuse_files(conn, lost)


def _add_chores(
    conn: Connection, seen: Seen, items: Sequence[_Item], known: Known, media_before: Mapping[int, Sequence[Any]]
) -> None:
    novels = [i.key for i in items if not i.settled and i.old is not None and isinstance(i.work, Novel)]
    texts = with_text(conn, novels) if novels else set()
    parts: list[tuple[Kind, Ask]] = []
    edited: list[tuple[Kind, Ask]] = []
    for item in items:
        if not item.settled and item.wanted:
            if isinstance(item.work, Novel):
                # Any edit may be one of the text; what only detail tells is none.
                longer = item.old is not None and item.old.text_length != item.facts.row["text_length"]
                moved = item.old is None or longer or (item.changed and seen.endpoint != DETAIL)
                if moved or item.key not in texts or _has_new_cover(item.work, media_before.get(item.key, ())):
                    (edited if item.changed else parts).append((Kind.TEXT, _completing(seen, item)))
            elif item.work.type == "ugoira" and _lacks_zip(item.work, media_before.get(item.key, ())):
                (edited if item.changed else parts).append((Kind.UGOIRA, _completing(seen, item)))
    if parts:
        agenda.ask_for_parts(conn, parts, edited=False)
    if edited:
        agenda.ask_for_parts(conn, edited, edited=True)
    if seen.wants.comments:
        due = ((i.key, _comments_due(seen, i, known)) for i in items)
        if comments := [(key, Lane.EXTRA, at) for key, at in due if at is not None]:
            agenda.ask_for_comments(conn, comments)
    bare = [i for i in items if not (i.settled or i.work.caption or seen.endpoint in (DETAIL, WEB))]
    if bare:
        stripped = captions.are_stripped(conn, seen.account_id)
        lanes = ((i.key, _caption_lane(i, media_before.get(i.key, ()), stripped=stripped)) for i in bare)
        if lacking_captions := [(key, lane, seen.now) for key, lane in lanes if lane is not None]:
            agenda.ask_for_captions(conn, lacking_captions)


def _completing(seen: Seen, item: _Item) -> Ask:
    """Say how urgently frames or text are asked for, and since when.

    Those of an old work wait for the lists that bring it (architecture: one budget); comments are due later.
    """
    edited = item.old is not None and item.changed
    if edited or seen.lane < Lane.BACKFILL or item.work.create_date is None:
        return item.key, Lane.COMPLETE, seen.now
    return item.key, Lane.EXTRA, min(to_ms(item.work.create_date), seen.now)


def _caption_lane(item: _Item, files: Sequence[Any], *, stripped: bool) -> Lane | None:
    """Say how urgently detail is asked for the caption that an answer leaves empty; None: not at all.

    Who edits something else may have edited the caption too, which a list that leaves captions out (`stripped`)
    would not show. Where lists have captions, only one that detail gave is asked about: it may be emptied.
    """
    if not stripped:
        return Lane.REFRESH if item.facts.row["caption"] and item.kept and not item.is_new else None
    if not item.facts.row["caption"] and (item.old is None or item.old.detail_at is None):
        return Lane.EXTRA
    edited = item.changed or (isinstance(item.work, Novel) and _has_new_cover(item.work, files))
    return Lane.REFRESH if edited and not item.is_new else None


def _lacks_zip(work: Illust, rows: Sequence[Any]) -> bool:
    versions = [r.version for r in rows if r.role == "ugoira" and r.is_current]
    shown = max((url_version(url) for url in work.originals), default="")
    return not versions or shown > max(versions)


def _has_new_cover(novel: Novel, rows: Sequence[Any]) -> bool:
    """True if a list shows a newer time of the cover than is known. Its address comes with the text."""
    known = max((r.version for r in rows if r.role == "cover"), default="")
    return bool(known) and novel.image_urls is not None and url_version(novel.image_urls.large or "") > known


def _comments_due(seen: Seen, item: _Item, known: Known) -> int | None:
    """Return when a work's comments are due, as far as this answer tells; None: nothing to add."""
    if item.work.comment_access_control not in (None, 0):
        return None
    total = item.work.total_comments
    old = item.old
    if total is not None:
        # A count that the comments' own list contradicts for good is no news; one that has moved is.
        is_read = old is not None and old.comments_at is not None
        news = total != old.comments_total and total != old.total_comments if is_read else True
        return seen.now if total > 0 and news else None
    if old is not None and (
        old.comments_at is not None or (item.settled and seen.job in known.jobs.get(item.key, {}))
    ):
        return None
    created = item.facts.row["create_date"] if item.facts.row else item.old.create_date
    return max(seen.now, (created or seen.now) + 7 * DAY_MS)


def _write_payloads(conn: Connection, seen: Seen, kept: Sequence[_Item]) -> None:
    bases = bases_of(conn, [i.key for i in kept if not i.is_new])
    INSERT_PAYLOAD(
        conn,
        [
            payload_row("work", i.key, seen.endpoint, i.text, i.digest, seen.now, seen.language, bases.get(i.key))
            for i in kept
        ],
    )
