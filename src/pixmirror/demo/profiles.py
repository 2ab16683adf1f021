"""What /v1/user/detail tells about a person."""

from pixmirror.demo import addresses
from pixmirror.demo.lists import friends_of, works_of
from pixmirror.demo.shapes import Json, View, user
from pixmirror.demo.world import User

_PUBLIC = ("gender", "region", "birth_day", "birth_year", "job")
_WORKSPACE = (
    *("pc", "monitor", "tool", "scanner", "tablet", "mouse"),
    *("printer", "desktop", "music", "desk", "chair", "comment"),
)


def profile(view: View, person: User) -> Json:
    """Return the whole answer: user, profile, profile_publicity, workspace."""
    account = "_".join(("example", str(person.id)))
    return {
        "user": user(view, person.id) | {"comment": person.comment},
        "profile": _totals(view, person)
        | {
            "webpage": f"https://example.com/{person.id}" if person.id % 3 == 0 else None,
            "gender": "",
            "birth": "",
            "birth_day": "",
            "birth_year": 0,
            "region": "",
            "address_id": 0,
            "country_code": "",
            "job": "",
            "job_id": 0,
            "background_image_url": addresses.background(view.world, person),
            "twitter_account": account,
            "twitter_url": f"https://twitter.com/{account}",
            "pawoo_url": None,
            "is_premium": person.id % 4 == 0,
            "is_using_custom_profile_image": person.avatar_ms > 0,
        },
        "profile_publicity": dict.fromkeys(_PUBLIC, "public") | {"pawoo": False},
        "workspace": dict.fromkeys(_WORKSPACE, "") | {"workspace_image_url": None},
    }


def _totals(view: View, person: User) -> Json:
    world = view.world
    marks = world.bookmarks.get(person.id, {}).values()
    return {
        "total_follow_users": sum(f.restrict == "public" for f in world.follows.get(person.id, {}).values()),
        "total_mypixiv_users": len(friends_of(world, person.id)),
        "total_illusts": len(works_of(world, person.id, "illust", "illust")),
        "total_manga": len(works_of(world, person.id, "illust", "manga")),
        "total_novels": len(works_of(world, person.id, "novel")),
        "total_illust_bookmarks_public": sum(m.restrict == "public" and m.key[0] == "illust" for m in marks),
        "total_illust_series": sum(s.user_id == person.id and s.medium == "illust" for s in world.series.values()),
        "total_novel_series": sum(s.user_id == person.id and s.medium == "novel" for s in world.series.values()),
    }
