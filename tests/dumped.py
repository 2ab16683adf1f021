"""What SPAPI would have said of works, as dumps hold it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pixmirror.models import JST

WIDTH = 31


def written(columns: tuple[str, ...]) -> str:
    """Return a record as SPAPI wrote it: what is empty bare, all else quoted."""
    return ",".join('"{}"'.format(column.replace('"', '""')) if column else "" for column in columns) + "\n"


def row(work_id: int, user_id: int = 7, *, novel: bool = False, **changes: str) -> str:
    """One line. `changes`: by the number of the column, `c3="a title"`."""
    columns = [""] * WIDTH
    given = {0: str(work_id), 1: str(user_id), 3: f"old {work_id}", 5: f"artist {user_id}", 13: "old tag"}
    given |= {12: "2012-09-15 14:40:17", 17: "5", 18: "of then", 22: "3", 24: f"user_{user_id}", 26: "0"}
    given |= {27: "9"} if novel else {2: "jpg", 4: "05"}
    given |= {int(name[1:]): value for name, value in changes.items()}
    for number, value in given.items():
        columns[number] = value
    return written(tuple(columns))


def comment(user_id: int, text: str) -> str:
    given = {1: str(user_id), 5: "a reader", 12: "2012-09-16 10:00", 18: text, 24: "reader"}
    return written(tuple(given.get(n, "") for n in range(WIDTH)))


def of_world(works: Iterable[Any]) -> tuple[str, str]:
    """CSV of the illusts and of the novels of a demo's world, all a little different from now."""
    illusts: list[str] = []
    novels: list[str] = []
    for work in works:
        posted = datetime.fromtimestamp(work.create_ms / 1000, JST)
        told = row(work.id, work.user_id, novel=work.medium == "novel", c12=f"{posted:%Y-%m-%d %H:%M:%S}")
        (novels if work.medium == "novel" else illusts).append(told)
    return "".join(illusts), "".join(novels)
