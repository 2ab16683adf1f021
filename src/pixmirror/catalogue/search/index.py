"""The one writer of search.db: follows the catalogue by what moves in it, and makes the file when it is missing.

It follows `change_seq` for the works that changed, `state_change` for those that went and came back, and
`translation_seen` and `tag_reading` for what tags are called; counters of works, which move too often, are
compared little by little (`tidy`). A step is one transaction in search.db and says how far it came: after a cut
the next one goes on there. The catalogue is attached read-only: its own writer alone writes and checkpoints it.

A file of another format, or that knows more than the catalogue, is removed and made anew, from the newest work to
the oldest. So is one whose tags `reindex` has numbered anew. One whose tokens are only cut or guessed otherwise
answers, and is followed, until the new one beside it is whole.
"""

import logging
import sqlite3
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pixmirror.catalogue.database import BUSY_MS, catalogue_path, cut_log
from pixmirror.catalogue.search import file, grid, names, sources, words
from pixmirror.catalogue.search.schema import DOUBT, FORMAT, MANY, NAME, create, making_path, search_path
from pixmirror.catalogue.search.tokens import pieces
from pixmirror.catalogue.search.words import Words
from pixmirror.catalogue.sqlite import translated, uri, write_ahead
from pixmirror.errors import CatalogueDamaged

log = logging.getLogger(__name__)

WHAT = "search index"
AT_ONCE = 300  # works a step
COMPARED = 20_000  # works that `tidy` compares
TAGS_KEPT = 20_000  # tags whose tokens are kept
TOLD = 10_000  # works from which on it is said how the making goes
# Texts are dated when their page was asked for, and come in some seconds later.
OVERLAP_MS = 60_000
END = 2**62  # above every key
_PRAGMAS = (
    "synchronous=NORMAL",  # what a power cut takes is made again
    f"busy_timeout={BUSY_MS}",
    "wal_autocheckpoint=8000",
    f"journal_size_limit={64 << 20}",
    "cache_size=-8192",
    "mmap_size=0",
    "temp_store=MEMORY",
)
_NEXT = """
SELECT change_seq, work_key FROM catalogue.work WHERE (change_seq, work_key) > (?, ?)
ORDER BY change_seq, work_key LIMIT ?"""
_BELOW = "SELECT work_key FROM catalogue.work WHERE work_key < ? ORDER BY work_key DESC LIMIT ?"
_MOVES = "SELECT id, owner_kind, owner_id FROM catalogue.state_change WHERE id > ? ORDER BY id LIMIT ?"
_CHANGE_SEQ = "SELECT CAST(value AS INTEGER) FROM catalogue.meta WHERE key = 'change_seq'"
_TRANSLATIONS = """
SELECT g.id, g.name FROM catalogue.translation_seen s JOIN catalogue.tag g ON g.name = s.name
WHERE s.first_seen >= ?
  AND NOT EXISTS (SELECT 1 FROM name n WHERE n.kind = 1 AND n.owner = g.id AND n.text = s.text)"""
_READINGS = """
SELECT g.id, g.name FROM catalogue.tag_reading r JOIN catalogue.tag g ON g.name = r.name WHERE r.id > ?"""
_DOUBTED = "SELECT owner_id FROM catalogue.doubt WHERE owner_kind = 'work'"
_COMPARE = """
SELECT w.work_key FROM catalogue.work w JOIN grid g ON g.work_key = w.work_key
WHERE w.work_key > :after AND w.work_key <= :last
  AND (coalesce(w.total_bookmarks, 0), w.first_seen) IS NOT (g.bookmarks, g.arrived)"""


class Renumbered(Exception):
    """The id of a tag is that of another one by now."""


class Index:
    """The connection that writes search.db. Used by one thread, by a process that holds the mirror's lock.

    `guess` returns a guessed reading of a title or tag, or ""; `guesser` names what guesses, for another one
    guesses otherwise.
    """

    def __init__(
        self, root: Path, guess: Callable[[str], str] | None = None, guesser: str = "", *, old: bool = False
    ) -> None:
        """`old`: follow a file of other tokens as it is, as long as it is there."""
        self._root, self._is_old = root, old
        self._path = search_path(root)  # or, while a whole one still answers, that of the new one
        self._before: Index | None = None  # which follows that one
        self._catalogue = catalogue_path(root)
        self._guess, self._guesser = guess or (lambda text: ""), guesser
        self._raw: sqlite3.Connection | None = None
        self._inode = 0
        self._tags: dict[int, tuple[str, tuple[str, str]]] = {}
        self._big: frozenset[int] = frozenset()
        self._swept: int | None = None
        self._recent = 0, 0  # since when translations were looked through, and how many there were

    def step(self) -> bool:
        """Bring the index some works further. True if there is more to do."""
        if self._before is not None and self._before.step():
            return True
        if self._is_old and not self._path.exists():
            return False
        try:
            with translated(self._path, WHAT), self._writing() as raw:
                meta = dict(raw.execute("SELECT key, value FROM meta").fetchall())
                more = self._follow(raw, meta) if "seq" in meta else self._make(raw, meta)
            if "seq" in meta and self._path != search_path(self._root):
                self._take_over()
            return more
        except Renumbered as error:
            log.info("The search index is made anew: %s", error)
            self._remove()
            return True
        except CatalogueDamaged:
            self._remove()  # and made anew the next time, if it was this file
            raise
        except sqlite3.IntegrityError as error:  # which only damage brings about
            self._remove()
            raise CatalogueDamaged(f"The search index at {self._path} is damaged: {error}.") from error

    def tidy(self) -> bool:
        """Compare some works, the counters of which may have moved. True if there are more to compare."""
        with translated(self._path, WHAT), self._writing() as raw:
            seq = _number(raw, "SELECT value FROM meta WHERE key = 'seq'")
            if seq < _number(raw, _CHANGE_SEQ):
                return True  # first what is more urgent
            self._settle_doubts(raw)
            self._count_new_big(raw)
            after = -1 if self._swept is None else self._swept
            some = "SELECT work_key FROM catalogue.work WHERE work_key > ? ORDER BY work_key LIMIT 1 OFFSET ?"
            last = raw.execute(some, (after, COMPARED - 1)).fetchone()
            bound = {"after": after, "last": last[0] if last else END}
            self._put_grid(raw, [key for (key,) in raw.execute(_COMPARE, bound)])
            self._swept = last[0] if last else None
            return last is not None

    def cut_log(self) -> None:
        """Write the log back and cut it off. Where somebody reads, what is left of it waits for the next time."""
        with translated(self._path, WHAT):
            cut_log(self._connection())

    def close(self) -> None:
        if self._before is not None:
            self._before.close()
            self._before = None
        if self._raw is not None:
            self._raw.close()
            self._raw = None

    # --- the file

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        raw = self._connection()
        raw.execute("BEGIN IMMEDIATE")
        try:
            yield raw
            raw.execute("COMMIT")
        except BaseException:
            raw.rollback()
            self._tags.clear()  # some may have been added just now
            self._recent = 0, 0
            raise

    def _connection(self) -> sqlite3.Connection:
        """Return the connection to the file that lies there now, made where there is none."""
        if self._raw is not None and self._path.exists() and self._path.stat().st_ino == self._inode:
            return self._raw
        self.close()
        self._choose()
        raw = sqlite3.connect(uri(self._path, "rw"), uri=True, isolation_level=None, check_same_thread=False)
        try:
            raw.row_factory = sqlite3.Row
            write_ahead(raw, self._path)
            for pragma in _PRAGMAS:
                raw.execute(f"PRAGMA {pragma}")
            raw.execute("ATTACH ? AS catalogue", (uri(self._catalogue, "ro"),))
            if raw.execute("SELECT 1 FROM main.sqlite_schema").fetchone() is None:
                self._begin(raw)
        except BaseException:
            raw.close()
            raise
        self._raw, self._inode = raw, self._path.stat().st_ino
        self._tags.clear()
        self._big, self._swept, self._recent = grid.big_tags(raw), None, (0, 0)
        return raw

    def _choose(self) -> None:
        """Choose the file to write: that which is there, if it is ours, else a new one, which may be begun."""
        path, new = search_path(self._root), making_path(self._root)
        is_there, is_alike, is_whole = file.standing(path, self._catalogue, self._guesser)
        if self._is_old:
            return
        is_begun = file.standing(new, self._catalogue, self._guesser)[:2] == (True, True)
        if not is_begun or (is_there and is_alike):
            file.remove(new)
        self._path = path
        if is_there and is_whole and not is_alike:
            self._path, self._before = new, Index(self._root, self._guess, self._guesser, old=True)
        elif not (is_there and is_alike):
            file.remove(path)
            if is_begun:
                file.move(new, path)
        self._path.touch(mode=0o600)

    def _take_over(self) -> None:
        """Put the new file, which is whole, in the place of the old one. For a moment none is there: one that is
        opened then must not find the log of another.
        """
        self.close()
        file.remove(search_path(self._root))
        file.move(self._path, search_path(self._root))

    def _begin(self, raw: sqlite3.Connection) -> None:
        raw.execute("BEGIN IMMEDIATE")
        create(raw)
        works = _number(raw, "SELECT count(*) FROM catalogue.work")
        now: dict[str, int | str] = {
            "unicode": unicodedata.unidata_version,
            "guesser": self._guesser,
            "since": _number(raw, _CHANGE_SEQ),
            "state": _number(raw, "SELECT max(id) FROM catalogue.state_change"),
            "reading": _number(raw, "SELECT max(id) FROM catalogue.tag_reading"),
            "translation": _number(raw, "SELECT max(first_seen) FROM catalogue.translation_seen"),
            "works": works,
            "made": 0,
            "below": END,
            "format": FORMAT,
        }
        for key, value in now.items():
            _set(raw, key, value)
        raw.execute("COMMIT")
        if works >= TOLD:
            log.info("Making the search index of %s works.", f"{works:,}")

    def _remove(self) -> None:
        self.close()
        file.remove(self._path)

    # --- steps

    def _make(self, raw: sqlite3.Connection, meta: Mapping[str, str]) -> bool:
        keys = [key for (key,) in raw.execute(_BELOW, (int(meta["below"]), AT_ONCE))]
        works, made = int(meta["works"]), int(meta["made"])
        if keys:
            self._put(raw, keys, is_new=True)
            _set(raw, "below", keys[-1])
            _set(raw, "made", made + len(keys))
            tenth, before = (10 * n // max(works, 1) for n in (made + len(keys), made))
            if works >= TOLD and before < tenth < 10:
                log.info("Making the search index: %d %%.", tenth * 10)
            return True
        grid.count_months(raw)
        grid.count_artists(raw)
        self._big = grid.big_tags(raw)
        _set(raw, "seq", int(meta["since"]))
        if works >= TOLD:
            log.info("The search index is ready.")
        return True

    def _follow(self, raw: sqlite3.Connection, meta: Mapping[str, str]) -> bool:
        self._follow_names(raw, meta)
        more = self._follow_states(raw, meta)
        seq, within, now = int(meta["seq"]), meta.get("within"), _number(raw, _CHANGE_SEQ)
        if seq >= now:
            return more
        cursor = (seq, END) if within is None else (seq + 1, int(within))
        found = raw.execute(_NEXT, (*cursor, AT_ONCE)).fetchall()
        is_last = len(found) < AT_ONCE
        # So far all of the changes before the last one are in here, and of that one those up to a work.
        _set(raw, "seq", now if is_last else found[-1][0] - 1)
        raw.execute("DELETE FROM meta WHERE key = 'within'")
        if not is_last:
            _set(raw, "within", found[-1][1])
        self._put(raw, [key for _, key in found])
        return more or not is_last

    def _follow_names(self, raw: sqlite3.Connection, meta: Mapping[str, str]) -> None:
        """Add what known tags are called anew. Of others it is read when a work has them."""
        latest = _number(raw, "SELECT max(first_seen) FROM catalogue.translation_seen")
        reading = _number(raw, "SELECT max(id) FROM catalogue.tag_reading")
        told: dict[int, str] = {}
        # The latest may lie before what it was: times that lay in the future are pulled back.
        since = min(latest, int(meta["translation"])) - OVERLAP_MS
        count = _number(raw, f"SELECT count(*) FROM catalogue.translation_seen WHERE first_seen >= {since}")
        recent = (since, count)
        if recent != self._recent:
            self._recent = recent
            told |= dict(raw.execute(_TRANSLATIONS, (since,)).fetchall())
            if latest != int(meta["translation"]):
                _set(raw, "translation", latest)
        if reading != int(meta["reading"]):
            told |= dict(raw.execute(_READINGS, (int(meta["reading"]),)).fetchall())
            _set(raw, "reading", reading)
        if told:
            known = names.known_tags(raw, told)
            self._learn(raw, {tag: name for tag, name in told.items() if tag in known}, again=True)

    def _follow_states(self, raw: sqlite3.Connection, meta: Mapping[str, str]) -> bool:
        found = raw.execute(_MOVES, (int(meta["state"]), AT_ONCE)).fetchall()
        if not found:
            return False
        self._put_grid(raw, {owner for _, kind, owner in found if kind == "work"})
        _set(raw, "state", found[-1][0])
        return len(found) == AT_ONCE

    def _settle_doubts(self, raw: sqlite3.Connection) -> None:
        """Mark the works that are in doubt by now, and no others."""
        marked = {key for (key,) in raw.execute(f"SELECT work_key FROM grid WHERE flags & {DOUBT}")}
        doubted = {key for (key,) in raw.execute(_DOUBTED)}
        if moved := marked ^ doubted:
            self._put_grid(raw, moved)

    # --- works

    def _put(self, raw: sqlite3.Connection, keys: Collection[int], *, is_new: bool = False) -> None:
        """Index these works as they are now; `is_new`: none of them is in here yet."""
        found = sources.works(raw, keys)
        of_works = sources.links(raw, found)
        told = sources.tags(raw, {tag for tags in of_works.values() for tag in tags if tag not in self._tags})
        self._learn(raw, {tag: name for tag, (name, _) in told.items()})
        artists = names.of_artists(raw, {work["user_id"] for work in found.values() if work["user_id"]})
        before = {} if is_new else grid.known(raw, keys)
        old = words.known(raw, before) if before else {}
        new = {key: self._words(work, artists, of_works.get(key, ())) for key, work in found.items()}
        gone = [key for key in old if key not in new]
        if gone and (people := sources.forgotten_people(raw, gone)):
            names.forget_artists(raw, people)
        changed = [one for key, one in new.items() if old.get(key) != one]
        moved = {one.key for one in changed}
        words.replace(
            raw, [one for key, one in old.items() if key in moved or key not in new], changed, gone, self._pieces
        )
        after = {key: grid.row_of(work) for key, work in found.items()}
        grid.put(raw, after.values(), before)
        if gone:
            grid.drop(raw, gone)
        if not is_new:
            self._count(raw, keys, (before, {k: w.tags for k, w in old.items()}), (after, of_works))

    def _words(self, work: Any, artists: Mapping[int, tuple[str, ...]], tags: Collection[int]) -> Words:
        return Words(
            work["work_key"],
            work["title"],
            artists.get(work["user_id"], ()),
            work["caption"],
            self._guess(work["title"]),
            tuple(tags),
            work["text_id"],
        )

    def _put_grid(self, raw: sqlite3.Connection, keys: Collection[int]) -> None:
        """Write the rows of works again that are in the grid, where only these may have changed."""
        before = grid.known(raw, keys)
        if not before:
            return
        after = {key: grid.row_of(work) for key, work in sources.works(raw, before).items()}
        grid.put(raw, after.values(), before)
        tags = {key: one.tags for key, one in words.known(raw, after).items()} if self._big else {}
        self._count(raw, list(after), (before, tags), (after, tags))

    def _count(
        self,
        raw: sqlite3.Connection,
        keys: Collection[int],
        before: tuple[Mapping[int, grid.Row], Mapping[int, Collection[int]]],
        after: tuple[Mapping[int, grid.Row], Mapping[int, Collection[int]]],
    ) -> None:
        moved = grid.Moved(self._big)
        for (rows, tags), sign in ((before, -1), (after, 1)):
            for key in keys:
                moved.add(rows.get(key), tags.get(key, ()), sign)
        moved.write(raw)
        grid.note_artists(raw, before[0].values(), after[0].values())

    def _count_new_big(self, raw: sqlite3.Connection) -> None:
        """Count the works by month of each tag that has many by now."""
        for (tag,) in raw.execute("SELECT id FROM catalogue.tag WHERE works > ?", (MANY,)).fetchall():
            if tag not in self._big:
                grid.count_tag(raw, tag)
                self._big |= {tag}

    # --- tags

    def _learn(self, raw: sqlite3.Connection, told: Mapping[int, str], *, again: bool = False) -> None:
        """Know these tags by name. `again`: read what else they are called, also of those that are known."""
        if len(self._tags) > TAGS_KEPT:
            self._tags.clear()
        unsure = {tag: name for tag, name in told.items() if tag not in self._tags}
        there = names.known_tags(raw, unsure)
        for tag, name in told.items():
            known = self._tags[tag][0] if tag in self._tags else there.get(tag, name)
            if known != name:
                raise Renumbered(f"Tag {tag} was {known} and is {name}.")
            if tag not in self._tags:
                self._tags[tag] = name, pieces(name)
        fresh = told if again else {tag: name for tag, name in unsure.items() if tag not in there}
        if fresh:
            names.add_tags(raw, fresh, self._guess)

    def _pieces(self, tag: int) -> tuple[str, str]:
        known = self._tags.get(tag)
        if known is None:
            row = (
                self._raw
                and self._raw.execute("SELECT text FROM name WHERE kind = ? AND owner = ?", (NAME, tag)).fetchone()
            )
            name = row[0] if row else ""
            known = self._tags[tag] = name, pieces(name)
        return known[1]


def _number(raw: sqlite3.Connection, sql: str) -> int:
    row = raw.execute(sql).fetchone()
    return int(row[0] or 0) if row else 0


def _set(raw: sqlite3.Connection, key: str, value: int | str) -> None:
    raw.execute(
        "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", (key, str(value))
    )
