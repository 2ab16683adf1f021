"""The benchmark's own sums. Nothing timed is asserted."""

import io
import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from pixmirror.fetch.structure import check_structure
from tests.bench import first_mirror, nothing_new, report
from tests.bench.__main__ import main
from tests.bench.measure import Failed, Figure, run
from tests.bench.pictures import Pictures

FIGURE = {
    *("scenario", "what", "subject", "unit", "values", "median"),
    *("ratio_to", "ratio", "target", "met"),
}


def test_ratios_are_of_medians_and_a_second_target_is_no_second_measurement() -> None:
    figures = [
        figure
        for ours, theirs in ((4.0, 2.0), (3.0, 2.0), (9.0, 1.0))
        for figure in (
            Figure("s", "wall", "curl", theirs, "s"),
            Figure("s", "wall", "pixmirror", ours, "s", "curl", 1.5),
            Figure("s", "wall", "pixmirror", ours, "s", None, 5.0),
            Figure("s", "wall", "pixmirror", ours, "s", "gallery-dl", 1.0),
        )
    ]
    curl, beside, alone, nobody = report.rows(figures)
    assert (curl.median, curl.ratio, curl.met) == (2.0, None, None)
    assert (beside.values, beside.median, beside.ratio, beside.met) == ((4.0, 3.0, 9.0), 4.0, 2.0, False)
    assert (alone.values, alone.ratio, alone.met) == ((4.0, 3.0, 9.0), None, True)
    assert (nobody.ratio, nobody.met) == (None, None)


def test_a_child_is_measured_with_its_own_children() -> None:
    hold = "import time; x = bytearray(60_000_000); time.sleep(.2); t = time.process_time\nwhile t() < .3: pass"
    spent = run(["sh", "-c", f"python3 -c '{hold}'; echo done"])
    assert spent.output == "done\n"
    assert spent.peak_mb > 60
    assert spent.wall_s > spent.cpu_s > 0.3  # exact: it loops until it has used as much


def test_a_child_that_fails_ends_the_measurement_with_what_it_said() -> None:
    with pytest.raises(Failed, match="ended with 3: no"):
        run(["sh", "-c", "echo no; exit 3"])


def test_an_unknown_scenario_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["nonsense"])
    assert "no scenario is called nonsense" in capsys.readouterr().err


def test_pictures_have_the_size_that_was_asked_for_are_whole_and_differ() -> None:
    for size in (3_000, 30_000, 300_000):
        pictures = Pictures(size)
        one, other = pictures.named("/one.jpg"), pictures.named("/other.jpg")
        assert len(one) == len(other) == size
        assert one != other
        assert one == pictures.named("/one.jpg")
        check_structure(io.BytesIO(one), "jpg", size)
        Image.open(io.BytesIO(one)).load()


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_scenarios_run_at_a_small_size_with_every_request_counted(tmp_path: Path) -> None:
    written = tmp_path / "figures.json"
    assert main([first_mirror.NAME, nothing_new.NAME, "--small", "--runs", "1", "--json", str(written)]) == 0

    found = json.loads(written.read_text())
    assert found["machine"].keys() == {"cpu", "cores", "memory_mb", "system"}
    assert found["versions"].keys() == {"pixmirror", "python", "sqlite", "curl", "gallery-dl"}
    assert all(figure.keys() == FIGURE for figure in found["figures"])
    counted = {f"{f['scenario']}: {f['what']}, {f['subject']}": f["median"] for f in found["figures"]}
    assert counted["first-mirror: image requests, no latency, pixmirror x16"] == 20
    assert counted["first-mirror: API requests, no latency, pixmirror x16"] == 4 + 2
    assert counted["nothing-new: nothing new, API requests, pixmirror"] <= 4
    assert counted["nothing-new: 25 new works, API requests, pixmirror"] <= 8
    assert counted["nothing-new: 25 new works, image requests, pixmirror"] == 25


@pytest.mark.long
def test_the_drill_at_a_small_size_loses_nothing_and_fetches_nothing_twice(tmp_path: Path) -> None:
    written = tmp_path / "figures.json"
    cache = ("--cache", str(tmp_path / "cache"))
    assert main(["backup", "--small", "--runs", "1", "--json", str(written), *cache]) == 0
    found = {f["what"]: f["median"] for f in json.loads(written.read_text())["figures"]}
    assert found["files that are stored no more"] == 0
    assert found["files fetched twice"] == 0


def test_thumbnails_are_measured_at_a_small_size(tmp_path: Path) -> None:
    written = tmp_path / "figures.json"
    assert (
        main(["thumbs", "--small", "--runs", "1", "--json", str(written), "--cache", str(tmp_path / "cache")]) == 0
    )

    found = {figure["what"]: figure["median"] for figure in json.loads(written.read_text())["figures"]}
    assert found["thumbnails a second"] > 0
    assert found["a million"] == pytest.approx(found["a thumbnail"])  # KB and GB
    assert {"CPU a thumbnail", "thumbs.db", "CPU to find a picture by its dHash"} <= found.keys()


def test_what_was_measured_is_written_with_the_machine(tmp_path: Path) -> None:
    found = report.document(report.rows([Figure("s", "wall", "curl", 1.0, "s")]), 1, True)
    assert json.loads(json.dumps(found)).keys() == {"date", "runs", "small", "machine", "versions", "figures"}
