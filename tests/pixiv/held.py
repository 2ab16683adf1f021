"""A second proof that nothing was lost, which knows nothing of how it was read: each word of the answer is in the
model.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from pixmirror.models import JST, Model, Rows
from pixmirror.pixiv.web.mapping import moment_of

SHORT = 5  # what is no longer may stand for itself in another form: false for true, 1 for manga


def words(value: Any) -> Iterator[str]:
    """Yield each word of each value: times in one form, whatever they were sent in."""
    if isinstance(value, Model):
        yield from words([getattr(value, name) for name in value.model_fields_set])
        yield from words(value.__pydantic_extra__ or {})
    elif isinstance(value, Mapping | list | tuple):
        for child in value.values() if isinstance(value, Mapping) else value:
            yield from words(child)
        if isinstance(value, Rows):
            yield from words([row.raw for row in (*value.broken, *value.ads)])
    elif (moment := moment_of(value if isinstance(value, datetime) else str(value))) is not None:
        yield (moment if moment.tzinfo else moment.replace(tzinfo=JST)).isoformat()
    else:
        yield from str(value).split()


def missing(model: Any, raw: Any, but: Collection[str] = ()) -> list[str]:
    """The words of `raw` that the model does not hold."""
    held = {*words(model), *but}
    return [word for word in words(raw) if word not in held and len(word) > SHORT]
