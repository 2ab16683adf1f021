"""Rebuild what is derived from what is primary (architecture: kept raw), or say where the two differ.

Rebuilt: `work`, `user`, `tag`, `work_tag`, `tag_translation`, `series`. From: payloads in their order, merged
as ingestion merged them; `stat` for counters; `state_change`, and the first payload, for states;
`translation_seen` for translations; `work_job` and the tombstones for whether a file that is missing in `media` is
wanted. Rows that were deleted come back.

Carried over, because nothing that is kept tells them, and as lost as their row if it is lost:
- of works: `comments_at` and `comments_total` (a lost row has its comments read once more), `sidecar_seq` (0: the
  sidecar is written again), and, within what the ledger allows, `last_seen`; `detail_at` is when detail last
  differed, unless the row knows better;
- of users: `last_seen`, `profile_at`, `web_at` and the profile's totals, whose moves leave no payload;
- `seen_at` of a translation that is right already, and `series.caption`;
- whatever is from before moves of counters and states and the names of users were put on record.
`change_seq` moves for each row that was wrong, so that search and sidecars follow.

A chunk of works or users is one transaction and leaves a sound catalogue: after a cut, run it again.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias, TypeVar

from pixmirror.catalogue.database import Database, ReadOnly
from pixmirror.rebuild import names as rebuild_names
from pixmirror.rebuild import people as rebuild_people
from pixmirror.rebuild import works as rebuild_works
from pixmirror.rebuild.findings import Difference, Findings, next_owners
from pixmirror.rebuild.names import Names
from pixmirror.rebuild.works import Adopt

__all__ = ["Difference", "Findings", "check", "reindex"]

CHUNK = 500
NAMES = 2_000

# Runs a step in a transaction, or in the one snapshot of a check.
Do: TypeAlias = Callable[..., Any]
T = TypeVar("T")


def _nowhere(path: str, urls: Sequence[str], create_date: int | None) -> None:
    """Look for no file."""


def reindex(
    db: Database,
    now: int,
    *,
    language: str = "en",
    adopt: Adopt = _nowhere,
    progress: Callable[[Findings], None] | None = None,
) -> Findings:
    """Put right what differs, and return what did. `language` is that of payloads which do not name theirs."""
    findings = Findings(write=True)
    _steps(lambda step, *rest: db.run_sync(step, *rest), findings, now, language, adopt, progress)
    return findings


def check(
    db: ReadOnly, now: int, *, language: str = "en", progress: Callable[[Findings], None] | None = None
) -> Findings:
    """Compare only, in one snapshot, while others may write."""
    findings = Findings(write=False)
    with db.reading() as conn:
        _steps(lambda step, *rest: step(conn, *rest), findings, now, language, _nowhere, progress)
    return findings


def _steps(
    do: Do,
    findings: Findings,
    now: int,
    language: str,
    adopt: Adopt,
    progress: Callable[[Findings], None] | None,
) -> None:
    names = Names(language, do(rebuild_people.named))
    do(rebuild_names.drop_loose_links, findings)
    after = -1
    while keys := do(next_owners, "work", after, CHUNK):
        do(rebuild_works.rebuild_works, keys, findings, names, now, adopt)
        after = keys[-1]
        if progress is not None:
            progress(findings)
    for ids in _chunks(_users(do, names), CHUNK):
        do(rebuild_people.rebuild_users, findings, names, ids)
        if progress is not None:
            progress(findings)
    _names(do, findings, names)


def _users(do: Do, names: Names) -> list[int]:
    """Return all users of whom something is kept."""
    found: list[int] = []
    after = 0
    while ids := do(next_owners, "user", after, 10 * CHUNK):
        found += ids
        after = ids[-1]
    return sorted({*found, *names.people})


def _names(do: Do, findings: Findings, names: Names) -> None:
    findings.without_language = names.without_language
    for tags in _chunks(sorted(names.tags), NAMES):
        do(rebuild_names.rebuild_tags, findings, tags)
    names.translations |= do(rebuild_names.seen_translations)
    for translations in _chunks(sorted(names.translations.items()), NAMES):
        do(rebuild_names.rebuild_translations, findings, translations)
    for series in _chunks(list(names.series.items()), NAMES):
        do(rebuild_names.rebuild_series, findings, series)
    if not findings.unreadable:
        do(rebuild_names.drop_unsaid, findings, names)
    do(rebuild_names.recount, findings)


def _chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
