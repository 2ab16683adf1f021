"""Without search.db works are found by title, tag in any language, user and id, newest first, page by page."""

import pytest
from sqlalchemy import create_engine

from pixmirror.catalogue.schema import metadata, tag, tag_translation, user, work, work_tag
from pixmirror.errors import ConfigError
from pixmirror.reports.search import find, scan


@pytest.fixture
def conn(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path}/catalogue.db")
    metadata.create_all(engine)
    with engine.begin() as connection:
        users = ((1, "山田", "yamada"), (2, "Miller", "mill_er"))
        connection.execute(
            user.insert(),
            [{"id": i, "name": n, "account": a, "first_seen": 0, "last_seen": 0} for i, n, a in users],
        )
        for key, user_id, title in (
            (200, 1, "Night sky"),
            (202, 2, "100% done"),
            (203, 2, "夜空の話"),
            (204, 1, "ＮＩＧＨＴ"),
            (206, 1, "Untitled"),
        ):
            add_work(connection, key, user_id, title)
        connection.execute(
            tag.insert(), [{"id": 1, "name": "夜空", "works": 2}, {"id": 2, "name": "a_b", "works": 1}]
        )
        for language, text in (("en", "night"), ("fr", "ciel")):
            connection.execute(tag_translation.insert().values(tag_id=1, language=language, text=text, seen_at=0))
        for tag_id, key in ((1, 202), (1, 206), (2, 206)):
            connection.execute(work_tag.insert().values(tag_id=tag_id, work_key=key, position=0))
        yield connection
    engine.dispose()


def add_work(connection, key, user_id, title):
    medium = "novel" if key & 1 else "illust"
    connection.execute(
        work.insert().values(
            work_key=key, medium=medium, type=medium, user_id=user_id, title=title, caption="", create_date=0,
            change_seq=1, first_seen=0, last_seen=0,
        )
    )  # fmt: skip


def found(conn, text, **options):
    return [(hit.work_key, hit.matched) for hit in find(conn, text, **options).hits]


def test_a_title_or_any_translation_of_a_tag_is_enough_and_the_newest_comes_first(conn):
    assert found(conn, "night") == [(206, "tag"), (202, "tag"), (200, "title")]
    assert found(conn, "CIEL") == [(206, "tag"), (202, "tag")]
    assert found(conn, "夜空") == [(206, "tag"), (203, "title"), (202, "tag")]


def test_full_width_text_finds_what_is_written_in_either_width(conn):
    assert [key for key, _ in found(conn, "ＮＩＧＨＴ")] == [206, 204, 202, 200]


def test_a_users_name_or_account_finds_their_works(conn):
    assert found(conn, "山田") == [(206, "user"), (204, "user"), (200, "user")]
    assert found(conn, "mill_er") == [(203, "user"), (202, "user")]
    assert found(conn, "user:2") == [(203, "user"), (202, "user")]
    assert found(conn, "https://www.pixiv.net/en/users/2") == [(203, "user"), (202, "user")]


def test_a_bare_id_finds_the_illust_and_the_novel_of_that_number(conn):
    assert found(conn, "101") == [(203, "id"), (202, "id")]
    assert found(conn, "novel:101") == [(203, "id")]
    assert found(conn, "https://www.pixiv.net/artworks/101") == [(202, "id")]


def test_wildcards_of_like_are_plain_characters(conn):
    assert found(conn, "100%") == [(202, "title")]
    assert found(conn, "a_b") == [(206, "tag")]
    assert found(conn, "a%b") == []
    assert found(conn, "@") == []


def test_pages_follow_each_other_without_overlap_or_hole(conn):
    keys: list[int] = []
    after = None
    while (page := find(conn, "night", limit=1, after=after)).hits:
        keys += [hit.work_key for hit in page.hits]
        after = page.after
    assert keys == [206, 202, 200]


def test_no_work_is_left_out_between_pages_where_the_text_is_an_id_too(conn):
    conn.execute(work.update().where(work.c.work_key.in_([200, 204, 206])).values(title="101 nights"))
    keys: list[int] = []
    after = None
    while (page := find(conn, "101", limit=3, after=after)).hits:
        keys += [hit.work_key for hit in page.hits]
        after = page.after
        if after is None:
            break
    assert sorted(keys) == [200, 202, 203, 204, 206]


@pytest.mark.parametrize("limits", [{"MANY": 0}, {"FREQUENT": 0}])
def test_matches_are_the_same_when_so_many_tags_or_users_match_that_works_are_gone_through(
    conn, monkeypatch, limits
):
    wanted = [found(conn, text, limit=n) for text in ("night", "a", "夜", "山田") for n in (1, 50)]
    for name, value in limits.items():
        monkeypatch.setattr(scan, name, value)
    assert [found(conn, text, limit=n) for text in ("night", "a", "夜", "山田") for n in (1, 50)] == wanted


def test_a_hit_tells_enough_to_show_it_in_a_list(conn):
    (hit,) = find(conn, "novel:101").hits
    assert hit.as_dict() == {
        "work_key": 203,
        "ref": "novel:101",
        "medium": "novel",
        "id": 101,
        "type": "novel",
        "title": "夜空の話",
        "user_id": 2,
        "user_name": "Miller",
        "create_date": "1970-01-01T09:00:00+09:00",
        "state": "live",
        "matched": "id",
    }


@pytest.mark.parametrize("text", ["", "   ", "x" * 201])
def test_a_search_for_nothing_or_for_a_novel_is_refused(conn, text):
    with pytest.raises(ConfigError, match="1 to 200"):
        find(conn, text)
