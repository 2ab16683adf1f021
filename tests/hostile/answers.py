"""Values where others are due in an answer. The item is read without them, or kept raw as one that cannot be
read; the rest of its page goes on.
"""

from collections.abc import Sequence
from typing import Any

NASTY: Sequence[Any] = (
    None, True, False, 0, -1, 2**31, 2**53, 2**63, -(2**64), 10**40, 0.5, -0.0, 1e308, "", " ", "0", "x", "\x00",
    "\ud800", "\u202e", "9" * 400, "ä" * 5000, [], {}, [[]], [None], [{}], {"": None}, {"id": 1}, [[[[[[[[]]]]]]]],
    "not a date", "0001-01-01T00:00:00+09:00", "9999-12-31T23:59:59-12:00", "2023-13-45T99:99:99+09:00",
    "https://evil.example/a_p0.jpg", "https://i.pximg.net/../../etc/passwd", "https://[::1", "javascript:alert(1)",
    "https://s.pximg.net/common/images/limit_unknown_360.png", "<script>", "' OR 1=1 --", "%00%ff",
)  # fmt: skip
