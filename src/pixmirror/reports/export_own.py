"""What is the user's own in the gallery as plain data, asked through the shelves.

A work that was forgotten is in none of it, also while gallery.db still names it.
"""

from collections.abc import Mapping

from pixmirror.catalogue.gallery.passwords import KEY as PASSWORD
from pixmirror.catalogue.tombstones import not_forgotten_sql
from pixmirror.reports.export_lines import nested, object_, select, work

_KNOWN = not_forgotten_sql("o.work_key")
_COLLECTED = f"""
SELECT json_group_array({object_("medium id added_at", **work())}) FROM (SELECT * FROM own.collection_work o
  WHERE o.collection_id = c.id AND {_KNOWN} ORDER BY position, work_key)"""

OWN: Mapping[str, str] = {
    "places": select(
        "medium id page anchor updated_at", f"own.place o WHERE {_KNOWN} ORDER BY work_key", **work()
    ),
    "history": select("medium id at", f"own.history o WHERE {_KNOWN} ORDER BY at, o.id", **work()),
    "seen": select("medium id at", f"own.seen o WHERE {_KNOWN} ORDER BY work_key", **work()),
    "ratings": select("medium id stars at", f"own.rating o WHERE {_KNOWN} ORDER BY work_key", **work()),
    "collections": select(
        "name note created_at works", "own.collection c ORDER BY c.id", works=nested(_COLLECTED)
    ),
    "aliases": select("word means", "own.alias ORDER BY word, id"),
    "searches": select("name query created_at", "own.saved_search ORDER BY id"),
    "settings": select("key value", f"own.setting WHERE key != '{PASSWORD}' ORDER BY key"),
}
