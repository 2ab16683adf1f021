"""Datasette's pages, as its templates make them, with the script of `db datasette-metadata`."""

from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser

from pixmirror.catalogue import migrate
from pixmirror.catalogue.database import open_readonly
from pixmirror.reports.datasette import metadata

PAGE = """<!doctype html><script type="module" src="{script}"></script>
<dl class="column-descriptions"><dt>type</dt><dd>illust, manga, ugoira</dd></dl>
<div class="table-wrapper"><table class="rows-and-columns"><thead><tr><th class="col-id">id</th></tr></thead>
<tbody>{rows}</tbody></table></div>"""
BASE = "http://127.0.0.1:1/below/catalogue"
ROWS = (
    {"id": "1", "user_id": "7", "create_date": "2026-11-20T03:04:05Z", "work_key": "2"},
    {"work_id": "3", "user_id": "", "tag": "夜 猫", "work_key": "5"},
)


def test_ids_in_datasette_lead_to_their_rows(browser: Browser, tmp_path: Path) -> None:
    migrate.upgrade(tmp_path / "catalogue.db")
    with open_readonly(tmp_path / "catalogue.db") as db:
        script = db.read_sync(metadata)["extra_js_urls"][0]["url"]
    cells = ("".join(f'<td class="col-{name}">{value}</td>' for name, value in row.items()) for row in ROWS)
    html = PAGE.format(script=script, rows="".join(f"<tr>{row}</tr>" for row in cells))
    with browser.new_context() as context:
        page = context.new_page()
        page.route("**/*", lambda route: route.fulfill(body=html, content_type="text/html; charset=utf-8"))
        page.goto(f"{BASE}/works?work_key=2")
        page.wait_for_selector("td a")
        links = page.eval_on_selector_all("td a, p a", "all => all.map((a) => [a.textContent, a.href])")
        assert page.get_by_text("illust, manga, ugoira").is_hidden()
    leads = {text: href.removeprefix(f"{BASE}/") for text, href in links}
    assert all(urlsplit(href).path.startswith("/below/catalogue/") for _, href in links)
    assert leads["1"] == "works?work_key=2"
    assert leads["3"] == leads["5"]
    assert leads["7"] == "users?id=7"
    assert leads["5"] == "novels?work_key=5"
    assert leads["夜 猫"] == "work_tags?tag=%E5%A4%9C+%E7%8C%AB"
    assert leads["files"] == "files?work_key=2"
    assert "2026-11-20T03:04:05Z" not in leads
