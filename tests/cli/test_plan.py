"""`plan`: the screens, before the first sync, after a look, and when all is here."""

import json

from pixmirror.cli import layout


def first_line(result):
    assert result.exit_code == 0, result.output
    return result.stdout.split("\n")[0]


def test_before_the_first_sync_it_says_what_is_not_known_and_what_tells_it(pixmirror, config, pixiv, monkeypatch):
    pixiv.state.counts.clear()
    asking = "Asking 6 lists tells: pixmirror plan --ask (about 13 requests)."
    assert first_line(pixmirror("plan")) == f"Not known yet: nothing was read. {asking}"
    assert not pixiv.state.counts, "it asks Pixiv nothing"


def test_ask_says_before_how_many_requests_and_then_how_long_all_takes(pixmirror, config, pixiv):
    config.write_text(config.read_text().replace("requests_per_minute = 0", "requests_per_minute = 600"))
    pixiv.state.counts.clear()
    result = pixmirror("plan", "--ask")
    assert result.stderr.split("\n")[0] == "Asking Pixiv how much there is: at most 13 requests."
    assert "less than a minute for all that is asked for:".capitalize() == first_line(result)
    asked = sum(n for path, n in pixiv.state.counts.items() if path.startswith(("/v1/", "/v2/")))
    assert 7 <= asked <= 13
    e = json.loads(pixmirror("plan", "--json").stdout)["estimate"]
    works = len(pixiv.state.world.works)
    assert e["works"]["low"] <= works <= e["works"]["high"]


def test_when_all_is_here_it_says_so_and_what_comes_after(pixmirror, mirrored):
    lines = pixmirror("plan").stdout.split("\n")
    assert lines[0] == "Nothing is left: all that is asked for is here, as far as its lists were read."
    assert lines[1].startswith("After that about ")
    again = pixmirror("plan", "--ask")
    assert "Nothing to ask" in again.stderr


def test_sentences_wrap_at_words_on_60_columns(pixmirror, mirrored, monkeypatch):
    monkeypatch.setattr(layout, "width", lambda: 60)
    assert all(len(line) <= 60 for line in pixmirror("plan").stdout.split("\n"))
