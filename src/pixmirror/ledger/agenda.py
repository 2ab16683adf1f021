"""The agenda: what is asked of Pixiv next, and why, with one function for each reason. Nothing else adds chores.

A question that is on the agenda already keeps its place: the earlier time and the more urgent lane win. When one
that was answered comes again is said where its answer is recorded, in `sync/chores.py`.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal, TypeAlias

from sqlalchemy import Connection

from pixmirror.catalogue import chores, runs
from pixmirror.catalogue.chores import PARTS, Kind
from pixmirror.catalogue.sql import KEYS, changed, column, listed, value
from pixmirror.clock import DAY_MS, HOUR_MS
from pixmirror.models import Lane, Work, from_ms, to_ms

Ask: TypeAlias = tuple[int, Lane, int]  # the key of what is asked about, how urgently, when it is due (ms UTC)

# When a work that is hidden is looked at again, by the time that it has been so; then every half year.
YOUNG = 2 * DAY_MS
LOOKS_YOUNG = (HOUR_MS // 6, HOUR_MS, 6 * HOUR_MS, DAY_MS, 7 * DAY_MS, 30 * DAY_MS, 180 * DAY_MS)
LOOKS_OLD = (30 * DAY_MS, 180 * DAY_MS)
LOOKS_KNOWN = (DAY_MS, *LOOKS_OLD)
EVERY = 180 * DAY_MS
IN_A_HURRY = 6 * HOUR_MS  # looks until then are tries of something new
AGES_OF_BOOKMARKS = (DAY_MS, 7 * DAY_MS, 30 * DAY_MS)
RENEWALS = 500  # at most so many things in doubt are asked for anew in a day
WORKS_OF_READ_TAG = 20  # of a tag whose reading is worth a question
READINGS = 20  # of tags are asked for at a time


def _ask(
    conn: Connection, kind: Kind, keys: Iterable[int], lane: Lane, due_at: int, *, moved: bool = False
) -> None:
    chores.add_all(conn, ((kind, key, lane, due_at) for key in keys), moved=moved)


# --- the detail of a work


def probe_caption(conn: Connection, keys: Sequence[int], feed: str, now: int) -> None:
    """Ask whether the first of these works that only lists have shown, without a caption, has one: do lists leave
    them out? Once a day for each kind of feed, and at once: the answer decides how much there is to ask.
    """
    today, probed = from_ms(now).date().isoformat(), f"caption_probe:{feed}"
    if runs.get_meta(conn, probed) == today:
        return
    sql = f"""
    SELECT work_key FROM work WHERE work_key {KEYS}
      AND caption = '' AND detail_at IS NULL AND user_id IS NOT NULL AND state = 'live'"""
    unknown = set(column(conn, sql, keys=listed(keys)))
    if unknown:
        _ask(conn, Kind.DETAIL, [next(key for key in keys if key in unknown)], Lane.NEW, now)
        runs.set_meta(conn, probed, today)


def ask_for_captions(conn: Connection, found: Iterable[Ask]) -> None:
    """Ask for captions that lists leave out, or show empty where detail once gave one."""
    chores.add_all(conn, ((Kind.DETAIL, *ask) for ask in found))


def ask_for_all_captions(conn: Connection, now: int) -> int:
    """Ask for every missing caption, for the account's lists turn out to leave them out. Return how many."""
    sql = """
    INSERT INTO chore (kind, key, lane, due_at)
    SELECT :kind, work_key, :lane, :now FROM work
    WHERE caption = '' AND detail_at IS NULL AND user_id IS NOT NULL AND state = 'live'
    ON CONFLICT DO NOTHING"""
    return changed(conn, sql, kind=Kind.DETAIL, lane=int(Lane.EXTRA), now=now)


def look_at_hidden(conn: Connection, found: Iterable[Ask]) -> None:
    """Look again at works that a placeholder stands for. When: `next_look`."""
    chores.add_all(conn, ((Kind.DETAIL, *ask) for ask in found))


def fill_holes(conn: Connection, kind: Kind, keys: Iterable[int], due_at: int) -> None:
    """Ask again about works of which an answer names files without an address."""
    _ask(conn, kind, keys, Lane.RETRY, due_at)


def ask_for_garbled(
    conn: Connection, kind: Literal[Kind.DETAIL, Kind.TEXT], keys: Iterable[int], now: int
) -> None:
    """Ask again about works of which an answer that is kept here cannot be read any more."""
    _ask(conn, kind, keys, Lane.RETRY, now)


def ask_for_bookmarks(conn: Connection, refused: Iterable[Work], now: int) -> None:
    """Ask again about works that a job refuses for too few bookmarks, when they are 1, 7 and 30 days old."""
    for one in refused:
        born = to_ms(one.create_date) if one.create_date else now
        due_at = next((born + age for age in AGES_OF_BOOKMARKS if born + age > now), None)
        if due_at is not None:
            _ask(conn, Kind.DETAIL, (one.key,), Lane.REFRESH, due_at)


def ask_about_unseen(conn: Connection, keys: Sequence[int], now: int) -> None:
    """Ask, spread over a day, about works that no list shows and of which what is known has grown old."""
    step = DAY_MS // max(len(keys), 1)
    chores.add_all(conn, ((Kind.DETAIL, key, Lane.REFRESH, now + n * step) for n, key in enumerate(keys)))


def ask_about_absent(conn: Connection, due_at: Mapping[int, int], since: int) -> None:
    """Ask about works that their artist's list lacked, read whole from `since` on. `due_at`: by key."""
    chores.add_new(conn, Kind.DETAIL, due_at, Lane.REFRESH, {"absent": since})


def ask_after_removal(conn: Connection, kind: Literal["bookmark", "follow"], ids: Iterable[int], now: int) -> None:
    """Ask why works went from the bookmarks, or artists from those followed: are they still on Pixiv?"""
    _ask(conn, Kind.DETAIL if kind == "bookmark" else Kind.PROFILE, ids, Lane.REFRESH, now)


def ask_after_refusal(conn: Connection, key: int, now: int) -> None:
    """Ask why a file, the frames, the text or the comments of a work are denied: its detail tells."""
    _ask(conn, Kind.DETAIL, (key,), Lane.RETRY, now)


def ask_anew(conn: Connection, kind: str, ids: Sequence[int], at: int, most: int | None = None) -> None:
    """Ask anew about works or users in doubt: only what is denied once more is believed.

    Spread over time: what is held may be much, and the next time `most` more are asked about.
    """
    question = Kind.PROFILE if kind == "user" else Kind.DETAIL
    waiting = f"SELECT key FROM chore WHERE kind = :kind AND key {KEYS} AND due_at <= :at"
    asked = set(column(conn, waiting, kind=question, keys=listed(ids), at=at))
    wanted = [i for i in ids if i not in asked][:most]
    step = DAY_MS // RENEWALS
    chores.add_all(conn, ((question, i, Lane.REFRESH, at + n * step) for n, i in enumerate(wanted)))


def ask_control(conn: Connection, kind: Literal[Kind.DETAIL, Kind.CONTROL], key: int, now: int) -> None:
    """Ask for a work that lists show, or for the own profile: is it there, while others are denied?"""
    _ask(conn, kind, (key,), Lane.RETRY, now)


def ask_for_user(conn: Connection, keys: Iterable[int], user_ids: Iterable[int], now: int) -> None:
    """Ask about works and artists because the user of the mirror said `pixmirror retry`."""
    _ask(conn, Kind.DETAIL, keys, Lane.RETRY, now)
    _ask(conn, Kind.PROFILE, user_ids, Lane.RETRY, now)


def begin_wish(conn: Connection, kind: Literal[Kind.DETAIL, Kind.PROFILE], key: int, now: int) -> None:
    """Ask first of all for a work or an artist because the user of the mirror said `pixmirror add`."""
    chores.add_afresh(conn, kind, key, Lane.NEW, now, {"added": now})


# --- profiles


def ask_for_profile(conn: Connection, user_id: int, now: int) -> None:
    """Ask for a profile: the artist is new to a job, their list is empty, or the user wants them back."""
    _ask(conn, Kind.PROFILE, (user_id,), Lane.EXTRA, now)


def ask_whether_left(conn: Connection, user_id: int, now: int) -> None:
    """Ask whether an artist has left: much of theirs is denied, or their list shows nothing any more."""
    _ask(conn, Kind.PROFILE, (user_id,), Lane.RETRY, now)


def ask_after_website(conn: Connection, user_id: int, now: int) -> None:
    """Ask for the profile of an artist of whom the website has no list, or denies several works."""
    _ask(conn, Kind.PROFILE, (user_id,), Lane.REFRESH, now)


# --- files, texts, comments

_LACKS_ZIP = f"""
SELECT work_key FROM work WHERE work_key {KEYS} AND type = 'ugoira' AND NOT EXISTS
  (SELECT 1 FROM media m WHERE m.owner_kind = 'work' AND m.owner_id = work_key AND m.role = 'ugoira')"""
_LACKS_TEXT = f"""
SELECT work_key FROM work WHERE work_key {KEYS} AND type = 'novel' AND user_id IS NOT NULL AND NOT EXISTS
  (SELECT 1 FROM text_version t WHERE t.work_key = work.work_key)"""


def ask_for_wanted(conn: Connection, keys: Collection[int], now: int) -> None:
    """Ask for frames and texts that are not here, of works that some job wants from now on."""
    if not keys:
        return
    for kind, lacking in ((Kind.UGOIRA, _LACKS_ZIP), (Kind.TEXT, _LACKS_TEXT)):
        _ask(conn, kind, column(conn, lacking, keys=listed(keys)), Lane.COMPLETE, now)


def ask_for_parts(conn: Connection, found: Sequence[tuple[Kind, Ask]], *, edited: bool) -> None:
    """Ask for frames and texts that are not here, or that may be other ones since the work was `edited`."""
    chores.add_all(conn, ((kind, *ask) for kind, ask in found), moved=edited)


def ask_for_comments(conn: Connection, found: Iterable[Ask]) -> None:
    """Ask for comments that were never read, or whose number moved."""
    chores.add_all(conn, ((Kind.COMMENTS, *ask) for ask in found))


def ask_for_replies(conn: Connection, comment_keys: Iterable[int], now: int) -> None:
    """Ask for the replies to comments of which none is known, or for all of them again."""
    _ask(conn, Kind.REPLIES, comment_keys, Lane.EXTRA, now)


def write_sidecar_again(conn: Connection, key: int, due_at: int, error: str) -> None:
    """Try again at `due_at` to write a sidecar that could not be written."""
    _ask(conn, Kind.SIDECAR, (key,), Lane.REFRESH, due_at)
    chores.postpone(conn, Kind.SIDECAR, key, due_at, error)


# --- the website


def list_on_website(conn: Connection, user_ids: Iterable[int], now: int) -> None:
    """Ask the website for lists of artists that were read never or long ago, or that count other works than we."""
    _ask(conn, Kind.COVERAGE, user_ids, Lane.REFRESH, now)


def read_on_website(conn: Connection, keys: Iterable[int], now: int) -> None:
    """Ask the website for works that the app hides or never showed. One that waits already goes on waiting."""
    chores.add_new(conn, Kind.WEB, dict.fromkeys(keys, now), Lane.REFRESH)


# Kana tells itself how it is read.
_UNREAD_TAGS = f"""
SELECT t.id FROM tag t
WHERE t.works >= :works AND t.name GLOB '*[\u3400-\u4dbf\u4e00-\u9fff\u3005]*'
  AND NOT EXISTS (SELECT 1 FROM tag_reading r WHERE r.name = t.name)
  AND NOT EXISTS (SELECT 1 FROM chore c WHERE c.kind = '{Kind.READING}' AND c.key = t.id)
ORDER BY t.works DESC LIMIT :most"""


def unread_tags(conn: Connection, now: int) -> list[int]:
    """Return the commonest tags of which the website has not told how they are read; a few at a time. All tags are
    gone through for it, which is no work for the writer.
    """
    waiting = value(conn, f"SELECT count(*) FROM chore WHERE kind = '{Kind.READING}' AND due_at <= :now", now=now)
    most = READINGS - waiting
    return column(conn, _UNREAD_TAGS, works=WORKS_OF_READ_TAG, most=most) if most > 0 else []


def ask_for_readings(conn: Connection, tags: Sequence[int], now: int) -> None:
    """Ask the website how these tags are read."""
    chores.add_new(conn, Kind.READING, dict.fromkeys(tags, now), Lane.REFRESH)


def look_into_inbox(conn: Connection, account_id: int, now: int) -> None:
    """Ask whether Pixiv's office has written to the account, as it does when it warns one. Once a day."""
    chores.add_new(conn, Kind.INBOX, {account_id: now}, Lane.REFRESH)


# --- the account's own lists


def ask_whether_listed(
    conn: Connection, kind: Literal["bookmark", "follow"], ids: Iterable[int], now: int
) -> None:
    """Ask for the own detail of entries that lists lacked, or whose list is not read: do they still stand?"""
    _ask(conn, Kind.BOOKMARK if kind == "bookmark" else Kind.FOLLOW, ids, Lane.REFRESH, now)


def ask_for_own_tags(conn: Connection, key: int, now: int) -> None:
    """Ask for the own tags of bookmarks: some bookmarks came, or all were read."""
    _ask(conn, Kind.BOOKMARK_TAGS, (key,), Lane.EXTRA, now, moved=True)


def read_earlier_rankings(conn: Connection, key: int, now: int) -> None:
    """Ask for the earlier days of rankings, after a ranking job has read the newest."""
    _ask(conn, Kind.RANKING, (key,), Lane.BACKFILL, now)


# --- what is asked no more, or later


def _about(kinds: Sequence[Kind], which: str) -> str:
    """Match the chores of these kinds about works, and those about the replies below them."""
    return f"""(kind IN {tuple(kind.value for kind in kinds)} AND key {which}
  OR kind = 'replies' AND key IN (SELECT comment_key FROM comment WHERE work_key {which}))"""


FROM_APP = (Kind.DETAIL, *PARTS)  # what is asked of the app about a work itself
_PARTS_OF_WORKS = _about(PARTS, KEYS)
_ALL_OF_USER = _about(FROM_APP, "IN (SELECT work_key FROM work WHERE user_id = :user)")
_FORGET_WORKS = f"DELETE FROM chore WHERE {_about(Kind.about('work'), KEYS)}"
_FORGET_USER = f"""
DELETE FROM chore WHERE kind IN {tuple(kind.value for kind in Kind.about("user"))} AND key = :user
  OR kind = 'web' AND key IN (SELECT work_key FROM web_listed WHERE user_id = :user)"""


def drop_details(conn: Connection, keys: Iterable[int]) -> None:
    """Ask no more for the detail of works that are shown whole again, or believed to be over."""
    changed(conn, f"DELETE FROM chore WHERE kind = '{Kind.DETAIL}' AND key {KEYS}", keys=listed(keys))


def drop_parts(conn: Connection, keys: Iterable[int]) -> None:
    """Ask no more for frames, texts and comments of works that are over."""
    changed(conn, f"DELETE FROM chore WHERE {_PARTS_OF_WORKS}", keys=listed(keys))


def put_off_parts(conn: Connection, keys: Iterable[int], due_at: int) -> None:
    """Ask only later for frames, texts and comments of works that are hidden: they may come back."""
    # As if new, so that whoever shows the work again brings it forward.
    later = f"UPDATE chore SET due_at = :at, attempts = 0, error = NULL WHERE {_PARTS_OF_WORKS} AND due_at < :at"
    changed(conn, later, keys=listed(keys), at=due_at)


def drop_user(conn: Connection, user_id: int) -> None:
    """Ask no more about the works of an artist who has left."""
    changed(conn, f"DELETE FROM chore WHERE {_ALL_OF_USER}", user=user_id)


def put_off_user(conn: Connection, user_id: int, due_at: int) -> None:
    """Ask only later about the works of an artist of whom much is denied: their profile tells first."""
    later = f"UPDATE chore SET due_at = :at WHERE {_ALL_OF_USER} AND due_at < :at"
    changed(conn, later, user=user_id, at=due_at)


def drop_forgotten(conn: Connection, keys: Iterable[int], user_id: int | None) -> None:
    """Ask no more about works that the user forgets, and with `user_id` about a whole artist."""
    changed(conn, _FORGET_WORKS, keys=listed(keys))
    if user_id is not None:
        changed(conn, _FORGET_USER, user=user_id)


# --- when a hidden work is looked at again

_SAME_MEDIUM = "work_key & 1 = :parity AND create_date IS NOT NULL"
_BELOW = f"SELECT create_date FROM work WHERE work_key < :key AND {_SAME_MEDIUM} ORDER BY work_key DESC LIMIT 1"
_ABOVE = f"SELECT 1 FROM work WHERE work_key > :key AND {_SAME_MEDIUM} LIMIT 1"
# By its own index: between a novel and the next one may lie all illusts.
_NOVEL_ABOVE = """
SELECT 1 FROM work INDEXED BY work_novels
WHERE work_key & 1 AND work_key > :key AND create_date IS NOT NULL LIMIT 1"""


def next_look(conn: Connection, key: int, create_date: int | None, hidden_at: int, now: int) -> Ask:
    """Say when and how urgently a work that is hidden since then is asked for again.

    New works are hidden for some minutes at times; old ones stay so (pixiv.md 7.2).
    """
    if _is_young(conn, key, create_date, hidden_at):
        looks: tuple[int, ...] = LOOKS_YOUNG
    else:
        looks = LOOKS_OLD if create_date is None else LOOKS_KNOWN
    age = now - hidden_at
    after = next((look for look in looks if look > age), (age // EVERY + 1) * EVERY)
    lane = Lane.RETRY if looks is LOOKS_YOUNG and after <= IN_A_HURRY else Lane.REFRESH
    return key, lane, hidden_at + after


def _is_young(conn: Connection, key: int, create_date: int | None, at: int) -> bool:
    """Tell whether it was posted lately. Ids grow with time: without a date the nearest known work below tells."""
    if create_date is not None:
        return at - create_date < YOUNG
    below = value(conn, _BELOW, key=key, parity=key & 1)
    if below is not None and at - below < YOUNG:
        return True
    above = value(conn, _NOVEL_ABOVE, key=key) if key & 1 else value(conn, _ABOVE, key=key, parity=0)
    return above is None
