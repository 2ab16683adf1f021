"""Search, recommendations and trends of the App API."""

from datetime import date

from pixmirror.clock import DAY_MS
from pixmirror.demo import addresses, lists
from pixmirror.demo.app_people import preview
from pixmirror.demo.calls import Call, invalid, named, shaper
from pixmirror.demo.shapes import Json, work_json
from pixmirror.demo.world import Key

RELATED_CAP = 150
SEARCH_SPAN = 31_536_000
TARGETS = ("partial_match_for_tags", "exact_match_for_tags", "title_and_caption", "keyword")
SORTS = ("date_desc", "date_asc", "popular_desc", "popular_male_desc", "popular_female_desc")
DURATIONS = {"within_last_day": 1, "within_last_week": 7, "within_last_month": 31}
RANGES = (("*", "*"), ("100", "*"), ("50", "99"), ("10", "49"), ("*", "9"))


def _found(medium: str, call: Call) -> list[Key]:
    """Return what a search finds, once all its parameters are checked."""
    if not call.text("word"):
        raise invalid("word", "word is required")
    call.choice("search_target", (*TARGETS, "text") if medium == "novel" else TARGETS, TARGETS[0])
    call.choice("sort", SORTS, SORTS[0])
    call.choice("search_ai_type", ("0", "1", "2"), "0")
    call.number("bookmark_num_min", 0), call.number("bookmark_num_max", 0)
    for name in ("merge_plain_keyword_results", "include_translated_tag_results"):
        call.choice(name, ("true", "false"), "true")
    since, until = (_day(call, name) for name in ("start_date", "end_date"))
    if since and until and not 0 <= (until - since).days * 86_400 <= SEARCH_SPAN:
        raise invalid("end_date", "end_date must be within a year of start_date")
    query = dict(call.params)
    duration = call.text("duration")
    if duration:
        days = DURATIONS[call.choice("duration", tuple(DURATIONS))]
        query["since_ms"] = str(call.world.now() - days * DAY_MS)
    return lists.search(call.world, medium, query)


def _day(call: Call, name: str) -> date | None:
    try:
        return date.fromisoformat(text) if (text := call.text(name)) else None
    except ValueError:
        raise invalid(name, f"{name} is invalid") from None


def search(medium: str, call: Call) -> Json:
    """Works by word, date and popularity."""
    found = lists.with_holes(call.world, _found(medium, call))
    more: Json = {"search_span_limit": SEARCH_SPAN, "show_ai": call.world.own.show_ai}
    return call.page(named(medium), found, shaper(call)) | more


def popular_preview(medium: str, call: Call) -> Json:
    """One page of what premium accounts see."""
    works = call.world.works
    found = sorted(_found(medium, call), key=lambda key: -works[key].total_bookmarks)
    return {named(medium): [shaper(call)(key) for key in found[: lists.PAGE]], "next_url": None}


def bookmark_ranges(medium: str, call: Call) -> Json:
    """Return the ranges that the app offers; they do not depend on the word."""
    _found(medium, call)
    return {"bookmark_ranges": [{"bookmark_num_min": least, "bookmark_num_max": most} for least, most in RANGES]}


def search_user(call: Call) -> Json:
    """Users by name."""
    word = (call.text("word") or "").lower()
    if not word:
        raise invalid("word", "word is required")
    call.choice("sort", SORTS, SORTS[0])
    call.choice("duration", tuple(DURATIONS), "within_last_month")
    found = [u.id for u in call.world.users.values() if not u.gone and word in f"{u.name} {u.account}".lower()]
    return call.page("user_previews", found, lambda user_id: preview(call, user_id))


def autocomplete(call: Call) -> Json:
    """Tags that begin with the word."""
    word = (call.text("word") or "").lower()
    if not word:
        raise invalid("word", "word is required")
    every = {tag for work in call.world.works.values() for tag in work.tags}
    found = sorted(tag for tag in every if tag.lower().startswith(word))[:10]
    return {"tags": [{"name": tag, "translated_name": call.view.translation(tag)} for tag in found]}


def related(call: Call) -> Json:
    """Works like another; no more than 150, without those that were viewed."""
    work = call.work("illust")
    apart = {work.id, *call.numbers("viewed"), *call.numbers("seed_illust_ids")}
    keys = [key for key in lists.everything(call.world, "illust") if key[1] not in apart]
    keys.sort(key=lambda key: call.world.draw("related", work.id, *key))
    return call.page("illusts", keys[:RELATED_CAP], shaper(call))


def related_novels(call: Call) -> Json:
    """Novels like another."""
    work = call.work("novel")
    keys = [key for key in lists.everything(call.world, "novel") if key != work.key]
    keys.sort(key=lambda key: call.world.draw("related", work.id, *key))
    return call.page("novels", keys[:RELATED_CAP], shaper(call))


def recommended(medium: str, kind: str | None, call: Call) -> Json:
    """Works for you: the same ones for everybody. Of illusts next_url has two cursors beside the offset."""
    world = call.world
    cursors = {"max_bookmark_id" if kind == "manga" else "max_bookmark_id_for_recommend": -1}
    if medium == "illust" and kind is None:
        cursors["min_bookmark_id_for_recent_illust"] = 0
    kind = call.choice("content_type", ("illust", "manga"), kind or "illust") if medium == "illust" else kind
    kinds = {"manga": ("manga",), "illust": ("illust", "ugoira")}.get(kind or "", ("novel",))
    apart = set(call.numbers("viewed"))
    keys = [k for k in lists.everything(world, medium) if world.works[k].type in kinds and k[1] not in apart]
    keys.sort(key=lambda key: world.draw("recommended", *key))
    ranked: list[Key] = []
    if call.yes(f"include_ranking_{named(medium)}"):
        ranked = lists.ranking(world, medium, "day", lists.ranking_date(world, None))[:10]
    more: Json = {
        f"ranking_{named(medium)}": [shaper(call)(key) for key in ranked],
        "contest_exists": False,
        "privacy_policy": {"version": "1-ja", "message": "", "url": ""}
        if call.yes("include_privacy_policy")
        else {},
    }
    return call.page(named(medium), keys[:300], shaper(call), **cursors) | more


def trending(medium: str, call: Call) -> Json:
    """Return the tags of the newest works, each with a work that carries it."""
    tags: dict[str, Key] = {}
    for key in lists.everything(call.world, medium)[:60]:
        for tag in call.world.works[key].tags:
            tags.setdefault(tag, key)
    shown = [
        {"tag": tag, "translated_name": call.view.translation(tag), medium: work_json(call.view, key)}
        for tag, key in list(tags.items())[:24]
    ]
    return {"trend_tags": shown}


def walkthrough(call: Call) -> Json:
    """Return what everybody sees before a login."""
    keys = lists.everything(call.world, "illust")
    keys.sort(key=lambda key: call.world.draw("walkthrough", *key))
    return call.page("illusts", keys[:20], shaper(call))


def spotlight(call: Call) -> Json:
    """Articles, ten a page, each about a work."""
    category = call.choice("category", ("all", "illust", "manga"), "all")
    keys = lists.everything(call.world, "illust")[:25]
    if category == "manga":
        keys = [key for key in keys if call.world.works[key].type == "manga"]

    def article(key: Key) -> Json:
        work = call.world.works[key]
        number = work.id % 100_000 + 1
        return {
            "id": number,
            "title": f"{work.title} - pixivision",
            "pure_title": work.title,
            "thumbnail": addresses.page_urls(work, 0)["medium"],
            "article_url": f"https://www.pixivision.net/en/a/{number}",
            "publish_date": addresses.iso(work.create_ms),
            "category": "spotlight" if category == "all" else category,
            "subcategory_label": "Illustration",
        }

    return call.page("spotlight_articles", keys, article, size=10)
