"""The rows of `grid` as a SELECT over the catalogue: what stands in for search.db where that is missing.

It says what grid.py writes, which a test compares. `posted` and `arrived` are bare columns, NULL where unknown, so
that the catalogue's own indexes serve for ranges of them.
"""

from collections.abc import Iterable

from pixmirror.catalogue.search.grid import NARROWEST, OF_NOVEL, UNKNOWN, WIDEST
from pixmirror.catalogue.search.schema import AI, DOUBT, EDITED, GONE, HIDDEN, R18, R18G, TYPES
from pixmirror.catalogue.tombstones import not_forgotten_sql
from pixmirror.models import State, to_ms
from pixmirror.models.base import EARLIEST, LATEST

JST_S = 9 * 3600


def month_of(moment: str) -> str:
    """Write the month of a moment in Japan, as yyyymm."""
    return f"CAST(strftime('%Y%m', {moment} / 1000 + {JST_S}, 'unixepoch') AS INTEGER)"


def _in(states: Iterable[str]) -> str:
    return f"w.state IN ({', '.join(repr(str(state)) for state in states)})"


_TYPE = " ".join(f"WHEN '{name}' THEN {number}" for name, number in TYPES.items() if name != "novel")
_MONTH = f"""CASE WHEN w.create_date >= {to_ms(EARLIEST)} AND w.create_date < {to_ms(LATEST)}
    THEN {month_of("w.create_date")} ELSE 0 END"""
_RATIO = f"""CASE WHEN w.work_key & 1 THEN {OF_NOVEL} WHEN w.width > 0 AND w.height > 0
    THEN min({WIDEST}, max({NARROWEST}, (w.width * 200 + w.height) / (w.height * 2))) ELSE {UNKNOWN} END"""
_EDITED = """(EXISTS (SELECT 1 FROM media m
      WHERE m.owner_kind = 'work' AND m.owner_id = w.work_key AND m.is_current = 0)
    OR (w.work_key & 1 AND (SELECT count(*) FROM text_version v WHERE v.work_key = w.work_key) > 1))"""
_DOUBTED = "EXISTS (SELECT 1 FROM doubt d WHERE d.owner_kind = 'work' AND d.owner_id = w.work_key)"

GRID = f"""
SELECT w.work_key, {_MONTH} AS month, w.create_date AS posted, {month_of("w.first_seen")} AS arrived_month,
  w.first_seen AS arrived, {_RATIO} AS ratio, w.user_id,
  CASE WHEN w.work_key & 1 THEN {TYPES["novel"]} ELSE CASE w.type {_TYPE} ELSE {TYPES["illust"]} END END AS type,
  (w.x_restrict >= 1) * {R18} + (w.x_restrict >= 2) * {R18G} + (w.ai_type IS 2) * {AI}
  + ({_in(State.OVER)}) * {GONE} + ({_in(State.HIDDEN)}) * {HIDDEN} + {_EDITED} * {EDITED} + {_DOUBTED} * {DOUBT}
  AS flags,
  coalesce(w.total_bookmarks, 0) AS bookmarks, w.page_count AS pages,
  coalesce(w.width, 0) * coalesce(w.height, 0) AS pixels
FROM work w WHERE (w.user_id IS NOT NULL OR w.title != '') AND {not_forgotten_sql("w.work_key", "w.user_id")}"""
