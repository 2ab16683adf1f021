"""Metadata with which Datasette alone, without plugins, shows the catalogue to people.

What views and columns are is told by the comments in their SQL, the questions by `pixmirror help sql`. Datasette
makes links of whole URLs, and of foreign keys, which views cannot have: a script in its pages links the rest.
"""

import json
import re
from importlib.resources import files
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection

from pixmirror.catalogue.sql import column, rows

_VIEWS = "SELECT name, sql FROM sqlite_schema WHERE type = 'view' ORDER BY rowid"
_TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name"
_COLUMNS = "SELECT name FROM pragma_table_info(:view)"
_ABOUT = re.compile(r"^-- (.+)$", re.MULTILINE)
_COLUMN = re.compile(r"(\w+),?  -- (.+)$", re.MULTILINE)
_QUESTION = re.compile(r"^### ([^\n]+)\n```sql\n(.*?)\n```", re.MULTILINE | re.DOTALL)
WORKS = ("works", "novels")


def questions() -> dict[str, str]:
    """Return the questions of `pixmirror help sql`, each with its SQL."""
    page = (files("pixmirror") / "docs" / "sql.md").read_text("utf-8")
    return dict(_QUESTION.findall(page))


def metadata(conn: Connection) -> dict[str, Any]:
    """Return what `datasette --metadata` takes."""
    views = dict(rows(conn, _VIEWS))
    has = {name: column(conn, _COLUMNS, view=name) for name in views}
    tables: dict[str, Any] = {name: {"hidden": True} for name in column(conn, _TABLES)}
    tables |= {name: _view(sql) for name, sql in views.items()}
    for name in WORKS:
        tables[name]["sort_desc"] = "work_key"  # the newest first, without sorting
    of_user = [name for name in views if "user_id" in has[name]]
    of_work = [name for name in views if "work_key" in has[name] and name not in WORKS]
    script = (files("pixmirror") / "reports" / "datasette.js").read_text("utf-8")
    source = f"const views = {json.dumps({'work_key': of_work, 'user_id': of_user})};\n{script}"
    return {
        "title": "pixmirror",
        "description": "Views for people; see pixmirror help sql. The tables beneath are hidden.",
        "extra_js_urls": [{"url": f"data:text/javascript,{quote(source)}", "module": True}],
        "databases": {"catalogue": {"tables": tables, "queries": dict(map(_query, questions().items()))}},
    }


def _view(sql: str) -> dict[str, Any]:
    return {"description": " ".join(_ABOUT.findall(sql)), "columns": dict(_COLUMN.findall(sql))}


def _query(question: tuple[str, str]) -> tuple[str, dict[str, str]]:
    title, sql = question
    return re.sub(r"\W+", "-", title.lower()).strip("-"), {"title": title, "sql": sql}
