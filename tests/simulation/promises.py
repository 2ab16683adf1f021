"""What a mirror promises of everything that Pixiv answered, checked after a year: every version, every file, every
row is there, and the time machine says of each moment what was answered then."""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import Any

from pixmirror.models import work_key
from pixmirror.reports.history import distinct
from pixmirror.reports.history_users import user_steps
from pixmirror.reports.history_works import Step, work_steps
from tests.simulation.catalogue import Kept, key_of
from tests.simulation.mirroring import TOP
from tests.simulation.recorder import Recorder

StepsOf = Callable[[Any], list[Step]]
Told = Callable[[Any, str], dict[str, Any]]  # the facts that an answer named, by content and place
NOBODY = "/common/images/no_profile"


def broken(recorder: Recorder, kept: Kept) -> Iterator[str]:
    """Every breach, in a sentence."""
    yield from _works(recorder, kept)
    yield from _users(recorder, kept)
    yield from _texts(recorder, kept)
    yield from _comments(recorder, kept)
    yield from _files(recorder, kept)
    yield from _lists(recorder, kept)


def _moments(recorder: Recorder, times: list[int]) -> list[int]:
    """When it was surely answered first and last."""
    sure = [at for at in times if not recorder.lost(at)]
    return sorted({sure[0], sure[-1]}) if sure else []


def _at(steps: list[Step], when: int) -> dict[str, Any] | None:
    place = bisect_right(steps, when, key=lambda step: step.at)
    return dict(steps[place - 1].facts) if place else None


def _compared(recorder: Recorder, kept: Kept, kind: str, steps_of: StepsOf, told: Told) -> Iterator[str]:
    """What was answered at a moment is what the time machine says of it."""
    known: dict[Any, list[Step]] = {}
    for (of, subject, place), stretches in recorder.versions.items():
        if of != kind or (of == "user" and subject in kept.accounts):
            continue  # the own profile is asked only to see whether profiles are answered at all
        if subject not in known:
            known[subject] = steps_of(subject)
        for stretch in stretches:
            for when in _moments(recorder, stretch.at):
                facts = _at(known[subject], when)
                if facts is None:
                    yield f"{kind} {subject}: nothing is kept of an answer ({place}) at {when}"
                    continue
                for name, value in told(stretch.content, place).items():
                    if facts.get(name) != value:
                        yield (
                            f"{kind} {subject}: {name} was {value!r} in an answer ({place}) at {when}, "
                            f"the history says {facts.get(name)!r}"
                        )


def _works(recorder: Recorder, kept: Kept) -> Iterator[str]:
    def told(content: dict[str, Any], place: str) -> dict[str, Any]:
        facts = {name: content[name] for name in ("title", "caption", "tags", "x_restrict", "page_count")}
        facts |= {"illust_ai_type": content["ai_type"], "user_id": content["user_id"]}
        facts |= {"series_id": content["series_id"] or None, "series_title": content["series_title"] or None}
        if place != "detail":
            # What a list leaves empty replaces nothing (architecture: stubs never overwrite).
            facts = {name: value for name, value in facts.items() if value not in ("", None, ())}
        files: dict[str, str] = content["files"]
        return facts | files

    def steps(key: Any) -> list[Step]:
        found = []
        for step in distinct(work_steps(kept.conn, work_key(*key))):
            facts = {n: f.url if hasattr(f, "url") else f for n, f in step.facts.items()}
            found.append(Step(step.at, step.by, facts))
        return found

    for key in {subject for kind, subject in recorder.sightings if kind == "work"} - set(kept.works):
        if any(s != "404" and not recorder.lost(at) for at, s in recorder.sightings["work", key]):
            yield f"work {key}: was answered and is not in the catalogue"
    yield from _compared(recorder, kept, "work", steps, told)


def _users(recorder: Recorder, kept: Kept) -> Iterator[str]:
    def told(content: dict[str, Any], place: str) -> dict[str, Any]:
        avatar = content["avatar"]
        facts = {"name": content["name"], "account": content["account"]}
        facts["avatar_url"] = None if avatar is None or NOBODY in avatar else avatar
        if place == "detail":
            facts |= {"comment": content["comment"], "background_url": content["background"]}
        return facts

    yield from _compared(recorder, kept, "user", lambda i: distinct(user_steps(kept.conn, i)), told)


def _texts(recorder: Recorder, kept: Kept) -> Iterator[str]:
    for (kind, key, _), stretches in recorder.versions.items():
        if kind == "text":
            rows = kept.texts.get(work_key(*key), [])
            for stretch in stretches:
                for when in _moments(recorder, stretch.at):
                    place = bisect_right(rows, when, key=lambda row: row[0])
                    if not place or rows[place - 1][1] != stretch.content:
                        yield f"text of {key}: the one answered at {when} is not that of this moment"


def _comments(recorder: Recorder, kept: Kept) -> Iterator[str]:
    for (kind, key, _), stretches in recorder.versions.items():
        if kind == "comment":
            for stretch in stretches:
                if recorder.sure(stretch.at) is not None:
                    row, said = kept.comments.get(key), (stretch.content["text"], stretch.content["stamp"])
                    if row is None or row[1:] != said:
                        yield f"comment {key}: {said} was answered, {row} is kept"


def _files(recorder: Recorder, kept: Kept) -> Iterator[str]:
    for path, bodies in recorder.files.items():
        for at, digest in bodies:
            if recorder.lost(at):
                continue
            if digest not in kept.on_disk:
                yield f"file {path}: delivered at {at}, its bytes are nowhere on disk"
            elif ("stored", digest) not in kept.media.get(path, ()):
                yield f"file {path}: delivered at {at}, the catalogue says {kept.media.get(path)}"


def _lists(recorder: Recorder, kept: Kept) -> Iterator[str]:
    """What ever stood in a list has a row: nothing is removed because upstream removed it."""
    for key, seen in recorder.bookmarks.items():
        if key not in kept.bookmarks and any(not recorder.lost(at) for at, _ in seen):
            yield f"bookmark {key}: was listed, and there is no row"
    for user_id, seen in recorder.follows.items():
        if user_id not in kept.follows and any(not recorder.lost(at) for at, _ in seen):
            yield f"follow {user_id}: was listed, and there is no row"
    for (medium, mode, day, rank, work_id), times in recorder.ranked.items():
        row = (medium, mode, day, key_of(("work", (medium, work_id))))
        if rank <= TOP and row not in kept.ranked and recorder.sure(times) is not None:
            yield f"ranking {mode} of {day}: work {work_id} was rank {rank} and is not kept"
