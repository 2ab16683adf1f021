"""What is searched for is found, exactly, by the rules that `pixmirror help search` says."""

from collections.abc import Iterator

import pytest

from pixmirror.catalogue import migrate
from pixmirror.catalogue.database import Database
from pixmirror.catalogue.search.index import Index
from pixmirror.catalogue.shelves import Shelves, open_shelves
from pixmirror.reports.filters import Defaults
from pixmirror.reports.search import find, finding, fitting, suggest
from tests.catalogue.search.cases import FINDS, fill
from tests.catalogue.search.conftest import follow


@pytest.fixture(scope="module")
def shelves(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelves]:
    root = tmp_path_factory.mktemp("cases")
    migrate.upgrade(root / "catalogue.db")
    with Database.open(root / "catalogue.db") as db:
        fill(db)
        index = Index(root)
        follow(index)
        index.close()
        with open_shelves(root) as opened:
            yield opened


@pytest.mark.parametrize(("asked", "expected"), FINDS, ids=[asked for asked, _ in FINDS])
def test_a_search_finds_exactly_these_works_the_newest_first(shelves, asked, expected):
    found = shelves.read_sync(find, asked, 100)
    assert [hit.id for hit in found.hits] == sorted(expected, reverse=True)
    assert found.note is None


def test_pages_follow_each_other_without_overlap_or_hole(shelves):
    for asked in ("aki", "aki -posted:2023", "bookmarks:10", "の"):
        keys, after = list[int](), None
        while True:
            page = shelves.read_sync(find, asked, 3, after)
            keys += [hit.id for hit in page.hits]
            after = page.after
            if after is None:
                break
        assert keys == [hit.id for hit in shelves.read_sync(find, asked, 100).hits]
        assert len(keys) > 3


def test_where_few_of_those_with_the_words_meet_the_rest_it_goes_on_looking(shelves, monkeypatch):
    monkeypatch.setattr(finding, "CANDIDATES", 2)
    found = shelves.read_sync(find, "aki bookmarks:501")
    assert found.hits == ()
    keys = []
    while found.after is not None:
        found = shelves.read_sync(find, "aki bookmarks:501", 60, found.after)
        keys += [hit.id for hit in found.hits]
    assert keys == [6]
    assert [hit.id for hit in shelves.read_sync(find, "aki posted:2023").hits] == [13]
    monkeypatch.setattr(finding, "CANDIDATES", 5)
    assert [hit.id for hit in shelves.read_sync(find, "aki bookmarks:501").hits] == [6]


@pytest.mark.parametrize("nothing", ["-！", "-！ -zzz", "--"])
def test_what_is_excluded_but_holds_nothing_changes_no_search(shelves, nothing):
    expected = [hit.id for hit in shelves.read_sync(find, "bookmarks:>500").hits]
    assert [hit.id for hit in shelves.read_sync(find, f"bookmarks:>500 {nothing}").hits] == expected == [6, 3]


def test_a_span_that_ends_in_the_far_future_finds_what_was_posted_since_it_began(shelves):
    expected = [hit.id for hit in shelves.read_sync(find, "posted:2023..2030").hits]
    assert [hit.id for hit in shelves.read_sync(find, "posted:2023..2150").hits] == expected
    assert len(expected) > 10


def test_it_says_how_it_understood_a_text(shelves):
    chips = shelves.read_sync(find, 'yoru -tag:"night sky" state:gone ！').chips
    assert [(c.field, c.text, c.is_excluded, c.means, c.is_ignored) for c in chips] == [
        ("", "yoru", False, ("よる",), False),
        ("tag", "night sky", True, (), False),
        ("state", "gone", False, (), False),
        ("", "!", False, (), True),
    ]
    assert [chip.without for chip in chips] == [
        '-tag:"night sky" state:gone !',
        "yoru state:gone !",
        'yoru -tag:"night sky" !',
        'yoru -tag:"night sky" state:gone',
    ]


@pytest.mark.parametrize(
    ("typed", "tags", "artists"),
    [
        ("yo", ["夜", "夜空"], []), ("よる", ["夜"], []), ("night", ["夜", "夜空"], []), ("night s", ["夜空"], []),
        ("猫", ["猫", "猫耳"], []), ("neko", ["猫", "猫耳"], []), ("toky", ["東京"], []), ("touk", ["東京"], []),
        ("fate", ["Fate/GrandOrder"], []), ("fu", ["藤", "富士山"], []), ("orijin", ["オリジナル"], []),
        ("mizu", [], ["Mizuki"]), ("水木", [], ["Mizuki"]), ("aki", [], ["Aki"]), ("artist:ak", [], ["Aki"]),
        ("tag:nig", ["夜", "夜空"], []), ("a cat", ["猫", "猫耳"], []),
        ("zzz", [], []), ("！", [], []), ("", [], []),
    ],
)  # fmt: skip
def test_what_is_offered_while_somebody_types(shelves, typed, tags, artists):
    found = shelves.read_sync(suggest, typed)
    assert {hint.name for hint in found.tags} == set(tags)
    assert [hint.name for hint in found.artists] == artists
    for hint in found.tags:
        assert shelves.read_sync(find, hint.query).hits or len(typed.split()) > 1


def test_an_offer_tells_what_it_is_and_completes_what_was_typed(shelves):
    (hint,) = shelves.read_sync(suggest, "state:live -猫 night s").tags
    assert (hint.name, hint.translation, hint.reading, hint.works) == ("夜空", "night sky", "yozora", 1)
    assert hint.query == "state:live -猫 tag:夜空"
    (hint,) = shelves.read_sync(suggest, "夜 -star").tags
    assert hint.query == "夜 -tag:星"
    (artist,) = shelves.read_sync(suggest, "水").artists
    assert (artist.was, artist.works, artist.query) == ("水木", 1, "artist:Mizuki")


def test_nothing_is_offered_of_what_the_user_hides_not_even_a_count(shelves):
    hiding = Defaults(rating="hide")
    assert [work.ref.id for work in shelves.read_sync(suggest, "witch").works] == [6, 5]
    assert [work.ref.id for work in shelves.read_sync(suggest, "witch", hiding).works] == [6]
    assert [(tag.name, tag.works) for tag in shelves.read_sync(suggest, "majo").tags] == [("魔女", 2)]
    assert [(tag.name, tag.works) for tag in shelves.read_sync(suggest, "majo", hiding).tags] == [("魔女", None)]
    assert [tag.name for tag in shelves.read_sync(suggest, "R-18").tags] == ["R-18"]
    assert shelves.read_sync(suggest, "R-18", hiding).tags == ()  # no work that is shown has it
    assert len(shelves.read_sync(suggest, "mizu").artists) == 1
    assert shelves.read_sync(suggest, "mizu", hiding).artists == ()
    assert len(shelves.read_sync(suggest, "mizu", Defaults(ai="hide")).artists) == 1


def test_offers_go_on_when_a_value_is_not_yet_one(shelves):
    found = shelves.read_sync(suggest, "夜 posted:20")
    assert "is no date" in (found.problem or "")


def test_pages_and_actions_fit_by_all_their_words():
    names = ["Home", "Mirror: queue", "Mirror: what is gone", "Run the job 夜空"]
    assert fitting(names, "mir qu") == [1]
    assert fitting(names, "空") == [3]
    assert fitting(names, "") == []
