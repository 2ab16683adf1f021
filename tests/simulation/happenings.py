"""What may happen in a year, how often, and how the log tells it."""

from collections.abc import Callable
from typing import Any

from pixmirror.demo import addresses, words
from pixmirror.demo.things import Hidden, Work
from tests.simulation.year import Year

PLACEHOLDERS: tuple[Hidden, ...] = (
    "limit_sanity_level",
    "limit_mypixiv",
    "limit_private",
    "limit_unviewable",
)
Happening = Callable[[Year], None]


def begin(year: Year) -> None:
    """From now on things happen, until the quiet days."""
    kinds, weights = list(HAPPENINGS), list(HAPPENINGS.values())
    year.every(year.spec.posts_a_day, lambda: post(year))
    year.every(year.spec.events_a_day, lambda: year.rng.choices(kinds, weights)[0](year))
    year.every(0.7, lambda: counters(year))


def post(year: Year) -> None:
    rng = year.rng
    people = year.followed() if rng.random() < 0.8 else [u for u in year.others if year.is_here(u)]
    if not people:
        return
    kind = rng.choices(("illust", "manga", "ugoira", "novel"), (60, 18, 6, 16))[0]
    user_id = rng.choice(people)
    work = year.world.post(
        user_id, kind, width=64, height=64, ext="jpg", total_bookmarks=rng.randint(0, 9),
        **({"page_count": rng.randint(2, 4)} if kind == "manga" else {}),
    )  # fmt: skip
    if user_id in year.follows:
        year.tell("post", ("work", work.key), {}, {"title": work.title})
    if rng.random() < 0.3:
        year.later(rng.random() * 9, lambda: comment(year, work))


def counters(year: Year) -> None:
    for work in year.rng.sample(year.works(), min(8, len(year.works()))):
        more = year.rng.randint(1, 40)
        year.world.edit(work, total_view=work.total_view + 5 * more, total_bookmarks=work.total_bookmarks + more)


# -- edits of a work -------------------------------------------------------------------------------------------


def _edit(year: Year, kind: str, work: Work | None, fields: dict[str, Any], shown: dict[str, Any]) -> None:
    """`shown`: the names in which an answer shows `fields`, if they differ."""
    if work is None:
        return
    names = list(shown) if shown else list(fields)
    before = {name: getattr(work, name, None) for name in names}
    year.world.edit(work, **fields)
    year.tell(kind, ("work", work.key), before, shown or fields)


def title(year: Year) -> None:
    text = f"{words.title(year.rng)} {year.rng.randrange(1000)}"
    _edit(year, "title", year.pick(year.works()), {"title": text}, {})


def caption(year: Year) -> None:
    text = f"{words.caption(year.rng, 1)} {year.rng.randrange(1000)}"
    _edit(year, "caption", year.pick(year.works()), {"caption": text}, {})


def tags(year: Year) -> None:
    work = year.pick(year.works())
    if work is not None:
        new = tuple(dict.fromkeys((*work.tags[:3], f"tag{year.rng.randrange(300)}")))
        _edit(year, "tags", work, {"tags": new}, {})


def rating(year: Year) -> None:
    work = year.pick(year.works())
    if work is not None:
        _edit(year, "x_restrict", work, {"x_restrict": (work.x_restrict + 1) % 3}, {})


def ai(year: Year) -> None:
    work = year.pick(year.works())
    if work is not None:
        _edit(year, "ai flag", work, {"ai_type": 3 - (work.ai_type or 1)}, {})


def text(year: Year) -> None:
    work = year.pick(year.works("novel"))
    if work is None:
        return
    if year.rng.random() < 0.25:
        new, kind = f"{work.text[:-1]}{'!' if work.text[-1] != '!' else '?'}", "text, same length"
    else:
        new, kind = f"{work.text}\n{words.comment(year.rng)} {year.rng.randrange(1000)}", "text"
    _edit(year, kind, work, {"text": new}, {"text": new})


def series_of_work(year: Year) -> None:
    work = year.pick(year.works("manga", "novel"))
    if work is None:
        return
    mine = [s for s in year.world.series.values() if (s.medium, s.user_id) == (work.medium, work.user_id)]
    target = 0 if work.series_id else mine[0].id if mine else 0
    if target != work.series_id:
        year.world.put_in_series(work, target)
        year.tell("series", ("work", work.key), {"series_id": work.series_id}, {"series_id": target})


def series_title(year: Year) -> None:
    known = {w.key: w for w in year.works() if w.series_id}
    works = [w for w in known.values() if ((w.medium, w.series_id) in year.world.series)]
    if works:
        work = year.rng.choice(works)
        name = f"{words.series_title(year.rng)} {year.rng.randrange(1000)}"
        old = year.world.series[work.medium, work.series_id].title
        year.world.edit_series(work.medium, work.series_id, title=name)
        year.tell("series title", ("work", work.key), {"series_title": old}, {"series_title": name})


def files(year: Year) -> None:
    work = year.pick(year.works())
    if work is None:
        return
    pages = None
    if work.type in ("illust", "manga") and year.rng.random() < 0.4:
        pages = year.rng.choice([n for n in (1, 2, 3, 4) if n != work.page_count])
    made = year.world.replace_files(work, pages)
    before = {"file": addresses.date_path(work.file_ms), "page_count": work.page_count}
    after: dict[str, Any] = {"file": addresses.date_path(made.file_ms)}
    year.tell("pages" if pages else "files replaced", ("work", work.key), before, after)


# -- works come and go -----------------------------------------------------------------------------------------


def hide(year: Year) -> None:
    work = year.pick(year.works())
    if work is None:
        return
    placeholder = year.rng.choice(PLACEHOLDERS)
    year.set_state(work.key, placeholder)
    year.tell(f"hidden: {placeholder}", ("work", work.key), {}, {"state": year.log.now(("work", work.key))})
    if year.rng.random() < 0.7:
        year.later(year.rng.uniform(0.2, 60), lambda: show(year, work))


def show(year: Year, work: Work) -> None:
    now = year.world.get(work)
    if year.is_here(work.user_id) and now.state in PLACEHOLDERS:
        year.set_state(work.key, "live")
        year.tell("shown again", ("work", work.key), {}, {"state": "live"})


def delete(year: Year) -> None:
    work = year.pick(year.works())
    if work is not None:
        year.set_state(work.key, "deleted")
        year.tell("deleted", ("work", work.key), {}, {"state": "deleted"})


# -- people ----------------------------------------------------------------------------------------------------


def depart(year: Year) -> None:
    """At most a third of those we follow are away at any time."""
    away = [u for u in year.follows if not year.is_here(u)]
    if not year.followed() or len(away) * 3 > len(year.follows):
        return
    user_id, suspended = year.rng.choice(year.followed()), year.rng.random() < 0.4
    year.world.leave(user_id, suspended)
    _departed(year, user_id)
    kind = "suspended" if suspended else "left"
    year.tell(f"user {kind}", ("user", user_id), {}, {"state": year.log.now(("user", user_id))})
    if year.rng.random() < 0.6:
        year.later(year.rng.uniform(1, 60), lambda: come_back(year, user_id))


def _departed(year: Year, user_id: int) -> None:
    person = year.world.users[user_id]
    state = "live" if not person.gone else "user_suspended" if person.suspended else "user_gone"
    year.log.state(year.clock.now(), ("user", user_id), state)
    for work in list(year.world.works.values()):
        if work.user_id == user_id:
            year.note_work(work.key)
    if user_id in year.follows:
        year.log.state(year.clock.now(), ("follow", user_id), "gone" if person.gone else "live")


def come_back(year: Year, user_id: int) -> None:
    year.world.come_back(user_id)
    _departed(year, user_id)
    year.tell("user back", ("user", user_id), {}, {"state": "live"})


def _person(year: Year, kind: str, **fields: Any) -> None:
    people = year.followed()
    if people:
        user_id = year.rng.choice(people)
        before = year.world.users[user_id]
        after = year.world.edit_user(user_id, **fields)
        names = {"avatar_ms": "avatar", "background_ms": "background"}
        shown = {
            "name": after.name,
            "comment": after.comment,
            "avatar": addresses.avatar(year.world, after),
            "background": addresses.background(year.world, after),
        }
        told = {names.get(name, name): shown[names.get(name, name)] for name in fields}
        year.tell(kind, ("user", user_id), {name: getattr(before, name) for name in fields}, told)


def rename(year: Year) -> None:
    _person(year, "name", name=f"{words.pen_name(year.rng)} {year.rng.randrange(1000)}")


def profile(year: Year) -> None:
    _person(year, "profile", comment=f"{words.profile(year.rng)} {year.rng.randrange(1000)}")


def avatar(year: Year) -> None:
    _person(year, "avatar", avatar_ms=year.world.second())


def background(year: Year) -> None:
    _person(year, "background", background_ms=year.world.second())


# -- the own lists ---------------------------------------------------------------------------------------------


def bookmark(year: Year) -> None:
    known = [w for w in year.world.works.values() if w.state == "live" and w.key not in year.marks]
    if known:
        work = year.pick(sorted(known, key=lambda w: w.key))
        assert work is not None
        again = ("bookmark", work.key) in year.log.states
        mark = year.world.bookmark(work, year.restrict(), year.own_tags())
        year.log.state(year.clock.now(), ("bookmark", work.key), "live")
        kind = "bookmark made again" if again else "bookmark added"
        year.tell(kind, ("bookmark", work.key), {}, {"state": "live", "restrict": mark.restrict})


def unbookmark(year: Year) -> None:
    if year.marks:
        key = year.rng.choice(sorted(year.marks))
        year.world.unbookmark(key)
        year.log.state(year.clock.now(), ("bookmark", key), "gone")
        year.tell("bookmark removed", ("bookmark", key), {}, {"state": "gone"})


def rebookmark(year: Year) -> None:
    """Restrict switched, own tags changed, or taken off and made again at once."""
    live = [key for key in sorted(year.marks) if year.world.works[key].state == "live"]
    if not live:
        return
    key = year.rng.choice(live)
    mark = year.marks[key]
    how = year.rng.choice(("restrict", "tags", "again"))
    if how == "restrict":
        other = "public" if mark.restrict == "private" else "private"
        year.world.bookmark(key, other, mark.tags)  # type: ignore[arg-type]
        year.tell("bookmark restrict", ("bookmark", key), {"restrict": mark.restrict}, {"restrict": other})
    elif how == "tags":
        tags = year.own_tags()
        if tags != tuple(sorted(mark.tags)):
            year.world.bookmark(key, mark.restrict, tags)
            year.tell("bookmark tags", ("bookmark", key), {"tags": sorted(mark.tags)}, {"tags": sorted(tags)})
    else:
        year.world.unbookmark(key)
        year.world.bookmark(key, mark.restrict, mark.tags)


def follow(year: Year) -> None:
    strangers = [u for u in (*year.others, *year.artists) if u not in year.follows and year.is_here(u)]
    if strangers:
        user_id = year.rng.choice(strangers)
        year.world.follow(user_id, year.restrict())
        again = ("follow", user_id) in year.log.states
        year.log.state(year.clock.now(), ("follow", user_id), "live")
        year.tell("followed again" if again else "followed", ("follow", user_id), {}, {"state": "live"})


def unfollow(year: Year) -> None:
    """Some remain."""
    people = year.followed()
    if len(people) > 3:
        user_id = year.rng.choice(people)
        year.world.unfollow(user_id)
        year.log.state(year.clock.now(), ("follow", user_id), "gone")
        year.tell("unfollowed", ("follow", user_id), {}, {"state": "gone"})


def refollow(year: Year) -> None:
    people = year.followed()
    if people:
        user_id = year.rng.choice(people)
        other = "public" if year.follows[user_id].restrict == "private" else "private"
        before = year.follows[user_id].restrict
        year.world.follow(user_id, other)  # type: ignore[arg-type]
        year.tell("follow restrict", ("follow", user_id), {"restrict": before}, {"restrict": other})


# -- comments --------------------------------------------------------------------------------------------------


def comment(year: Year, on: Work | None = None) -> None:
    work = on and year.world.get(on)
    if work is None or work.state != "live":
        work = year.pick(year.works())
    people = [u for u in (*year.artists, *year.others) if year.is_here(u)]
    if work is not None and people:
        said_here = [year.world.comments[work.medium, n] for n in year.world.threads.get(work.key, ())]
        roots = [c.id for c in said_here if not c.parent_id]
        parent = year.rng.choice(roots) if roots and year.rng.random() < 0.3 else None
        stamp = year.rng.choice(words.STAMPS) if year.rng.random() < 0.15 else None
        said = "" if stamp else words.comment(year.rng)
        made = year.world.comment(work, year.rng.choice(people), said, stamp, parent)
        year.tell("comment", ("comment", (made.medium, made.id)), {}, {"text": said})


def uncomment(year: Year) -> None:
    known = {w.key for w in year.works()}
    mine = [key for key, c in sorted(year.world.comments.items()) if (c.medium, c.work_id) in known]
    if mine:
        medium, number = year.rng.choice(mine)
        before = set(year.world.comments)
        year.world.delete_comment(medium, number)
        for key in before - set(year.world.comments):
            year.log.state(year.clock.now(), ("comment", key), "deleted")
            year.tell("comment deleted", ("comment", key), {}, {"state": "deleted"})


HAPPENINGS: dict[Happening, float] = {
    title: 8, caption: 6, tags: 6, rating: 3, ai: 2, text: 6, series_of_work: 3, series_title: 2, files: 8,
    hide: 7, delete: 4, depart: 1, rename: 3, profile: 3, avatar: 2, background: 2,
    bookmark: 9, unbookmark: 4, rebookmark: 5, follow: 2, unfollow: 1, refollow: 1, comment: 8, uncomment: 3,
}  # fmt: skip
