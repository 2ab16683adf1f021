"""Names and words that the user gives, as they are kept."""

import unicodedata

from pixmirror.errors import ConfigError
from pixmirror.terminal import one_line

LONGEST = 100


def named(text: str, of: str) -> str:
    """Return a name on one line, without spaces around it. ConfigError for none, or too long a one."""
    name = one_line(unicodedata.normalize("NFC", text))
    if not 0 < len(name) <= LONGEST:
        raise ConfigError(f"The name of a {of} has 1 to {LONGEST} characters.")
    return name
