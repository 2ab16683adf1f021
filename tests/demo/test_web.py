"""What the website of the demo shows otherwise than the App API."""

import pytest

from pixmirror.demo.generate import add_artist, empty_world
from pixmirror.demo.web.calls import COOKIE

pytestmark = pytest.mark.anyio


async def test_links_in_a_caption_that_lead_away_go_by_way_of_jump_php(login, now):
    world = empty_world(now)
    add_artist(world, works=1)
    (work,) = world.works.values()
    link = '<a href="{}" target="_blank">here</a><br /><a href="pixiv://illusts/5">illust/5</a>'
    world.edit(work, caption=link.format("https://example.com/a?b=c"))
    client = await login(world)
    web = (await client.get(f"/ajax/illust/{work.id}", headers={"Cookie": COOKIE})).json()
    app = (await client.get("/v1/illust/detail", params={"illust_id": work.id})).json()
    shown = link.format("/jump.php?https%3A%2F%2Fexample.com%2Fa%3Fb%3Dc")
    shown = shown.replace("pixiv://illusts/5", "https://www.pixiv.net/artworks/5")
    assert web["body"]["illustComment"] == web["body"]["description"] == shown
    assert app["illust"]["caption"] == link.format("https://example.com/a?b=c")
