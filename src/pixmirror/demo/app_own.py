"""The own account in the App API: what it changes, and what it keeps to itself."""

from functools import partial

from pixmirror.demo import addresses, lists, words
from pixmirror.demo.calls import ApiError, Call, gone, invalid, named, shaper
from pixmirror.demo.shapes import Json, user, work_json
from pixmirror.demo.world import Key, Restrict, Series

MUTES = 2
EMOJI = (
    *("normal", "surprise", "serious", "heaven", "happy", "excited", "sing", "cry"),
    *("normal2", "shame2", "love2", "interesting2", "blush2", "fire2", "angry2", "shine2", "panic2"),
    *(
        "normal3",
        "satisfaction3",
        "surprise3",
        "smile3",
        "shock3",
        "gaze3",
        "wink3",
        "happy3",
        "excited3",
        "love3",
    ),
    *("normal4", "surprise4", "serious4", "love4", "shine4", "sweat4", "shame4", "sleep4"),
    *("heart", "teardrop", "star"),
)


def state(_: Call) -> Json:
    """Return the state of the own account."""
    told = {"is_mail_authorized": True, "has_changed_pixiv_id": False, "can_change_pixiv_id": True}
    return {"user_state": told}


def bookmark_add(medium: str, call: Call) -> Json:
    """Bookmark a work; a second time replaces restrict and tags."""
    restrict: Restrict = "private" if call.restrict() == "private" else "public"
    # pixivpy joins the tags with spaces, which no tag has
    tags = tuple(tag for value in call.many("tags") for tag in value.split())
    if len(tags) > 10:
        raise invalid("tags", "tags must be no more than 10")
    call.world.bookmark(call.work(medium), restrict, tags, user_id=call.view.viewer)
    return {}


def bookmark_delete(medium: str, call: Call) -> Json:
    """Take a bookmark back, also of a work that is gone."""
    key = (medium, call.number(f"{medium}_id"))
    if key not in call.world.bookmarks.get(call.view.viewer, {}):
        raise gone()
    call.world.unbookmark(key, user_id=call.view.viewer)
    return {}


def follow_add(call: Call) -> Json:
    """Follow a user, or change the restrict."""
    restrict: Restrict = "private" if call.restrict() == "private" else "public"
    person = call.person()
    if person.id == call.view.viewer:
        raise invalid("user_id", "user_id is invalid")
    call.world.follow(person.id, restrict, by=call.view.viewer)
    return {}


def follow_delete(call: Call) -> Json:
    """Take a follow back."""
    user_id = call.number("user_id")
    if user_id not in call.world.follows.get(call.view.viewer, {}):
        raise ApiError(404, "You do not follow this user.")
    call.world.unfollow(user_id, by=call.view.viewer)
    return {}


def mute_list(call: Call) -> Json:
    """Muted tags and users, and how many may be."""
    own = call.world.own
    tags = [
        {"tag": {"name": tag, "translated_name": call.view.translation(tag)}, "is_premium_slot": False}
        for tag in own.muted_tags
    ]
    users = [
        {"user": user(call.view, user_id, accepts=False), "is_premium_slot": False} for user_id in own.muted_users
    ]
    return {
        "muted_tags": tags,
        "muted_users": users,
        "muted_count": len(tags) + len(users),
        "muted_tags_count": len(tags),
        "muted_users_count": len(users),
        "mute_limit_count": MUTES,
    }


def mute_edit(call: Call) -> Json:
    """Mute and unmute; more than the limit is refused whole."""
    own = call.world.own
    tags = [tag for tag in own.muted_tags if tag not in call.many("delete_tags")]
    tags += [tag for tag in dict.fromkeys(call.many("add_tags")) if tag not in tags]
    people = [i for i in own.muted_users if i not in call.numbers("delete_user_ids")]
    people += [i for i in dict.fromkeys(call.numbers("add_user_ids")) if i not in people]
    if any(i not in call.world.users for i in people):
        raise invalid("add_user_ids", "add_user_ids is invalid")
    if len(tags) + len(people) > MUTES:
        raise ApiError(400, "You cannot mute any more.")
    own.muted_tags, own.muted_users = tags, people
    return {}


def watchlist(medium: str, call: Call) -> Json:
    """Watched series, the newest first; one whose artist left is masked."""
    world = call.world

    def row(series_id: int) -> Json:
        series: Series = world.series[medium, series_id]
        keys = lists.series_works(world, series)
        last = world.works[keys[-1]] if keys else None
        if last is None or world.users[series.user_id].gone:
            nobody = {"id": 0, "name": "", "account": "", "profile_image_urls": {"medium": ""}}
            return {"id": series_id, "title": "", "url": None, "mask_text": "Not available", "user": nobody}
        return {
            "id": series_id,
            "title": series.title,
            "url": addresses.series_cover(world, series_id, series.create_ms),
            "mask_text": None,
            "published_content_count": len(keys),
            "last_published_content_datetime": addresses.iso(last.create_ms),
            "latest_content_id": last.id,
            "user": user(call.view, series.user_id),
        }

    return call.page("series", world.own.watched[medium][::-1], row)


def watchlist_add(medium: str, call: Call) -> Json:
    """Watch a series."""
    series = call.series(medium, "series_id")
    watched = call.world.own.watched[medium]
    if series.id not in watched:
        watched.append(series.id)
    return {}


def watchlist_delete(medium: str, call: Call) -> Json:
    """Stop watching a series."""
    watched = call.world.own.watched[medium]
    series_id = call.number("series_id")
    if series_id not in watched:
        raise gone()
    watched.remove(series_id)
    return {}


def markers(call: Call) -> Json:
    """Novels with a marker, the newest first."""
    own = call.world.own
    keys: list[Key] = [("novel", number) for number in reversed(own.markers)]

    def row(key: Key) -> Json:
        return {"novel": work_json(call.view, key), "novel_marker": {"page": own.markers[key[1]]}}

    return call.page("marked_novels", keys, row)


def marker_add(call: Call) -> Json:
    """Remember a page; one of a novel replaces that before."""
    work = call.work("novel")
    call.world.own.markers.pop(work.id, None)
    call.world.own.markers[work.id] = call.number("page")
    return {}


def marker_delete(call: Call) -> Json:
    """Forget a page."""
    if call.world.own.markers.pop(call.number("novel_id"), None) is None:
        raise gone()
    return {}


def ai_show(call: Call) -> Json:
    """Return whether AI works are shown."""
    return {"show_ai": call.world.own.show_ai}


def ai_show_edit(call: Call) -> Json:
    """Change whether AI works are shown."""
    call.world.own.show_ai = call.choice("show_ai", ("true", "false")) == "true"
    return {}


def restricted_mode(call: Call) -> Json:
    """Return whether sensitive works are hidden."""
    return {"is_restricted_mode_enabled": call.world.own.restricted}


def history(medium: str, call: Call) -> Json:
    """Return what the viewer looked at: some of everything."""
    keys = [key for key in lists.everything(call.world, medium) if call.world.draw("seen", *key) % 3 == 0]
    return call.page(named(medium), keys, shaper(call))


def mypixiv_feed(medium: str, call: Call) -> Json:
    """Return the works of the viewer's friends."""
    world = call.world
    entries = [
        entry
        for friend in lists.friends_of(world, call.view.viewer)
        for entry in world.by_user.get((friend, medium), ())
    ]
    keys: list[Key] = [(medium, work_id) for _, work_id in sorted(entries, reverse=True)]
    return call.page(named(medium), keys, shaper(call))


def presets(_: Call) -> Json:
    """Return what a profile can name."""
    return {
        "profile_presets": {
            "addresses": [
                {"id": 1, "name": "北海道", "is_global": False},
                {"id": 48, "name": "", "is_global": True},
            ],
            "countries": [{"code": "JP", "name": "Japan"}, {"code": "IS", "name": "Iceland"}],
            "jobs": [{"id": 1, "name": "IT"}, {"id": 14, "name": "Artist"}],
            "default_profile_image_urls": {"medium": f"{addresses.STATIC}/no_profile.png"},
        }
    }


def emoji(_: Call) -> Json:
    """Return the pictures in comments."""
    return {
        "emoji_definitions": [
            {"id": 101 + n, "slug": slug, "image_url_medium": f"{addresses.STATIC}/emoji/{101 + n}.png"}
            for n, slug in enumerate(EMOJI)
        ]
    }


def stamps(_: Call) -> Json:
    """Return the stamps of comments."""
    return {"stamps": [{"stamp_id": n, "stamp_url": addresses.stamp(n)} for n in words.STAMPS]}


def application_info(app: str, _: Call) -> Json:
    """Return the newest app."""
    return {
        "application_info": {
            "latest_version": "7.19.1" if app == "ios" else "6.100.0",
            "update_required": False,
            "update_available": False,
            "update_message": "",
            "notice_exists": False,
            "notice_id": "",
            "notice_important": False,
            "notice_message": "",
            "store_url": f"https://example.com/{app}",
        }
    }


def lives(call: Call) -> Json:
    """Two broadcasts."""
    call.choice("list_type", ("popular", "following"), "popular")
    people = [person.id for person in call.world.users.values() if not person.gone][:2]
    return call.page("lives", people, partial(_live, call)) | {"live_info": None}


def _live(call: Call, user_id: int) -> Json:
    return {
        "id": str(4_488_265_493_601_149_000 + user_id % 1000),
        "created_at": addresses.iso(call.world.second()),
        "owner": {"user": user(call.view, user_id, accepts=False)},
        "performers": [],
        "name": "お絵かき",
        "is_single": True,
        "is_adult": False,
        "is_r18": False,
        "is_r15": False,
        "publicity": "open",
        "is_closed": False,
        "mode": "screencast",
        "server": "wss://sketch.example.com",
        "channel_id": f"sketch-live-{user_id}",
        "is_enabled_mic_input": False,
        "thumbnail_image_url": f"{addresses.STATIC}/no_profile.png",
        "member_count": 3,
        "total_audience_count": 30,
        "performer_count": 0,
        "is_muted": False,
    }
