"""Objects whose names are the web's."""

from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from pixmirror.models import Model

# PHP writes an empty map as a list.
Map = Annotated[dict[str, Any], BeforeValidator(lambda value: {} if value == [] else value)]


class Camel(Model):
    """Names as Python writes them for those of the web."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class Facts(Camel):
    """What only the web says of a thing. `as_sent`: what cannot be told from what it was read into."""

    as_sent: dict[str, Any] = Field(default_factory=dict)
