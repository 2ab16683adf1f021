"""A ugoira is complete when its zip holds every frame that the metadata names, and not before."""

import io
import zipfile
from pathlib import Path
from typing import Any

from pixmirror.catalogue.database import open_readonly
from pixmirror.catalogue.refs import parse_ref
from pixmirror.catalogue.schema import chore, media
from pixmirror.daemon.mirror import catalogue_path
from pixmirror.reports import coverage, troubles, why
from tests.faults import DAY_S, Case, bytes_changed, changed, play

ZIP, METADATA = "/img-zip-ugoira/", "/v1/ugoira/metadata"


def without_the_last_frame(body: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as old, zipfile.ZipFile(out, "w") as new:
        for entry in old.infolist()[:-1]:
            new.writestr(entry, old.read(entry))
    return out.getvalue()


def drop_last(payload: Any) -> None:
    payload["ugoira_metadata"]["frames"].pop()


def holes(case: Case) -> list[tuple[str, str]]:
    return [(row.role, row.state) for row in case.rows(media) if not row.url]


def test_a_frame_that_the_zip_lacks_is_a_hole_that_is_told_and_asked_for_until_an_answer_fills_it(
    tmp_path: Path,
) -> None:
    async def scene(case: Case) -> None:
        [work] = [work for work in case.world.works.values() if work.type == "ugoira"]
        case.faults.add(ZIP, bytes_changed(without_the_last_frame))
        assert (await case.sync()).exit_code == 7
        assert holes(case) == [("frame", "failed")]
        with open_readonly(catalogue_path(case.setup.root)) as db:
            told = db.read_sync(why.why, parse_ref(str(work.id)), case.clock.now())
            [artist] = db.read_sync(coverage.coverage, case.world.me, work.user_id).artists
            said = [str(one) for one in db.read_sync(troubles.known, case.clock.now())]
        assert any("names this frame" in line for line in told.answer)
        assert not any(line.startswith("Complete") for line in told.answer)
        assert artist.missing == {"failed": 1}
        assert any("names this frame" in one and "pixmirror retry" in one for one in said)

        asked = len(case.faults.asked(METADATA))
        await case.clock.sleep(2 * DAY_S)
        assert (await case.sync()).exit_code == 7
        assert len(case.faults.asked(METADATA)) == asked + 1, "asked for again"
        assert [row.due_at - case.clock.now() > 0 for row in case.rows(chore) if row.kind == "ugoira"] == [True]

        case.faults.add(METADATA, changed(drop_last))
        await case.clock.sleep(8 * DAY_S)
        assert (await case.sync()).exit_code == 0
        assert not holes(case)
        assert not [row for row in case.rows(chore) if row.kind == "ugoira"]
        case.faults.clear()

    play(tmp_path / "mirror", scene)


def test_metadata_whose_zip_address_can_be_none_is_refused_and_asked_for_again(tmp_path: Path) -> None:
    def broken(payload: Any) -> None:
        payload["ugoira_metadata"]["zip_urls"]["medium"] = "https://[i.pximg.net]/x.zip"

    async def scene(case: Case) -> None:
        case.faults.add(METADATA, changed(broken))
        assert (await case.sync()).exit_code == 7
        assert not [row for row in case.rows(media) if row.role == "ugoira"]
        await case.recover()

    play(tmp_path / "mirror", scene)
