"""Captions of strangers as harmless HTML: text, breaks, emphasis, and links that lead where they say."""

from collections.abc import Mapping

import nh3
from markupsafe import Markup

from pixmirror.gallery.shown import harmless
from pixmirror.reports.texts import address_of

_TAGS = {"a", "b", "br", "em", "i", "s", "strong", "u"}
_ATTRIBUTES = {"a": {"href"}}
_SCHEMES = {"http", "https", "mailto", "pixiv"}
_WITH_WHAT_IS_IN_THEM = {"script", "style", "template", "noscript", "iframe", "object", "svg", "math"}


def caption(html: str, local: Mapping[str, str]) -> Markup:
    """Return a caption to be put into a page. `local`: addresses that are here, with their pages."""

    def filtered(tag: str, attribute: str, value: str) -> str | None:
        if attribute != "href":
            return value
        address = address_of(value)
        return local.get(address, address) or None

    return Markup(
        nh3.clean(
            harmless(html),
            tags=_TAGS,
            clean_content_tags=_WITH_WHAT_IS_IN_THEM,
            attributes=_ATTRIBUTES,
            attribute_filter=filtered,
            url_schemes=_SCHEMES,
            link_rel="noopener noreferrer nofollow",
        )
    )
