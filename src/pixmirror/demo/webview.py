"""The page that carries a novel's text: HTML with one JSON object inside a script."""

import json
import re

from pixmirror.demo import addresses
from pixmirror.demo.shapes import Json, View, uploaded_images
from pixmirror.demo.world import LIVE, Work

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>{title}</title></head>
<body><div id="root"></div>
<script>
  Object.defineProperty(window, 'pixiv', {{
    value: {{
      context: {{}},
      novel: {novel},
      isOwnWork: false,
      authorDetails: {author},
      userLang: "en",
      isIOS: false
    }}
  }});
</script>
</body>
</html>
"""


def page(view: View, work: Work) -> str:
    """Return the page of a live novel."""
    author = {"userId": str(work.user_id), "userName": view.world.users[work.user_id].name}
    return _PAGE.format(title=f"novel {work.id}", novel=_embedded(novel(view, work)), author=_embedded(author))


def _embedded(value: Json) -> str:
    # a script ends at the first "</", also inside a string
    return json.dumps(value, ensure_ascii=False).replace("</", "<\\/")


def novel(view: View, work: Work) -> Json:
    """Return the JSON inside: ids are strings, and empty maps are lists."""
    world = view.world
    series = world.series.get(("novel", work.series_id))
    return {
        "id": str(work.id),
        "title": work.title,
        "seriesId": str(series.id) if series else None,
        "seriesTitle": series.title if series else None,
        "seriesIsWatched": False if series else None,
        "userId": str(work.user_id),
        "coverUrl": addresses.cover_urls(world, work)["large"],
        "tags": list(work.tags),
        "caption": work.caption,
        "cdate": addresses.iso(work.create_ms),
        "rating": {"like": work.total_bookmarks, "bookmark": work.total_bookmarks, "view": work.total_view},
        "text": work.text,
        "marker": None,
        "illusts": _illusts(view, work) or [],
        "images": _images(view, work) or [],
        "seriesNavigation": _navigation(view, work, series.works) if series else None,
        "glossaryItems": [],
        "replaceableItemIds": [],
        "aiType": work.ai_type,
        "isOriginal": True,
    }


def _images(view: View, work: Work) -> Json:
    return {
        str(number): {
            "novelImageId": str(number),
            "sl": "2",
            "urls": addresses.embedded(view.world, work, number),
        }
        for number in uploaded_images(work)
    }


def _illusts(view: View, work: Work) -> Json:
    """Return the illusts that the text embeds, as "id-page" with pages from 1; one not shown has no pictures."""
    shown: Json = {}
    for number, page_text in re.findall(r"\[pixivimage:(\d+)(?:-(\d+))?\]", work.text):
        nth = int(page_text or 1)
        found = view.world.works.get(("illust", int(number)))
        visible = found is not None and found.state == LIVE and nth <= found.page_count
        shown[f"{number}-{nth}"] = {
            "visible": visible,
            "availableMessage": None if visible else "This work is not available.",
            "illust": _picture(view, found, nth - 1) if found is not None and visible else None,
            "user": {"id": str(found.user_id), "name": view.world.users[found.user_id].name, "image": ""}
            if found is not None and visible
            else None,
            "id": number,
            "page": nth,
        }
    return shown


def _picture(view: View, work: Work, number: int) -> Json:
    urls = addresses.page_urls(work, number)
    return {
        "id": str(work.id),
        "title": work.title,
        "images": {
            "small": urls["medium"],
            "medium": urls["large"],
            "original": addresses.originals(view.world, work)[number],
        },
    }


def _navigation(view: View, work: Work, works: tuple[int, ...]) -> Json:
    place = works.index(work.id)

    def neighbour(at: int) -> Json | None:
        if not 0 <= at < len(works):
            return None
        other = view.world.works["novel", works[at]]
        shown = other.state == LIVE
        return {
            "id": other.id,
            "viewable": shown,
            "contentOrder": str(at + 1),
            "title": other.title if shown else "",
            "coverUrl": addresses.cover_urls(view.world, other)["medium"] if shown else "",
            "viewableMessage": None if shown else "This work is not available.",
        }

    return {"nextNovel": neighbour(place + 1), "prevNovel": neighbour(place - 1)}
