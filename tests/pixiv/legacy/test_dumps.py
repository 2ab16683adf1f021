"""Old dumps are read without a crash, whatever is in them, and no damaged entry takes a good one along."""

import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixmirror.models import Illust, Novel, NovelText, Tag, User
from pixmirror.pixiv.legacy import rows
from pixmirror.pixiv.legacy.dumps import read_dump
from pixmirror.pixiv.legacy.records import records
from tests.dumped import written
from tests.pixiv.legacy.made import assert_nothing_lost, comment, papi_user, papi_work, user, work

# In both encodings: what of cp932 comes back as it was, line ends and quotes and commas and all.
TEXT = st.text(st.sampled_from(string.ascii_letters + '",\n \r\t;\\|@表能ソ猫あｱ①' + "<>&0"), max_size=12)
ROW = st.builds(
    lambda at, title, text, pages: work(at, title=title, text=text, pages=pages),
    st.integers(1, 10**9),
    TEXT,
    TEXT,
    st.sampled_from(["", "2", "30"]),
)


def dump(data, name=""):
    return list(read_dump(data, name))


def minimal(columns):
    """The same record as other tools write it: quotes only where they must be."""
    quoted = ('"{}"'.format(c.replace('"', '""')) if any(k in c for k in '",\r\n') else c for c in columns)
    return ",".join(quoted) + "\n"


def lines_of(parts):
    """The line that each part begins in."""
    line, found = 1, []
    for part in parts:
        found.append(line)
        line += part.count(b"\n")
    return found


@given(st.lists(ROW, max_size=5), st.sampled_from(["utf-8", "cp932"]), st.sampled_from([written, minimal]))
def test_every_good_row_comes_back_as_it_was_in_its_line(rows_, encoding, write):
    parts = [write(tuple(row)).encode(encoding) for row in rows_]
    entries = [e for e in dump(b"".join(parts)) if rows_]
    assert [e.raw for e in entries] == rows_
    assert [e.line for e in entries] == lines_of(parts)
    for entry in entries:
        assert isinstance(entry.item, Illust)
        assert_nothing_lost(entry)


@st.composite
def damaged(draw):
    """A record that was cut short, lost a byte, or never was one."""
    whole = written(tuple(draw(ROW))).encode(draw(st.sampled_from(["utf-8", "cp932"])))
    at = draw(st.integers(1, len(whole) - 2))
    how = draw(st.sampled_from(["cut", "drop", "junk"]))
    if how == "junk":
        return draw(st.binary(max_size=40)).replace(b"\n", b"") + b"\n"
    return whole[:at] + (b"\n" if how == "cut" else whole[at + 1 :])


@given(st.lists(st.tuples(damaged(), ROW), min_size=1, max_size=4), st.sampled_from(["utf-8", "cp932"]))
def test_no_damaged_row_takes_a_good_one_along(pairs, encoding):
    parts = [part for bad, row in pairs for part in (bad, written(tuple(row)).encode(encoding))]
    found = {(e.line, tuple(e.raw)) for e in dump(b"".join(parts)) if isinstance(e.item, Illust)}
    for line, (_, row) in zip(lines_of(parts)[1::2], pairs, strict=True):
        assert (line, tuple(row)) in found


@given(st.binary(max_size=300))
def test_nothing_that_stands_in_a_file_crashes_the_reader(data):
    for entry in dump(data):
        assert entry.item is not None or entry.trouble


@given(st.lists(st.sampled_from([*b'"', *b',\n\r09"{}[]:ae\x83\xe3', *b"\\"]), max_size=80).map(bytes))
def test_nothing_of_the_marks_that_csv_and_json_are_made_of_crashes_the_reader(data):
    for piece in (data, b'{"status":"success","response":[' + data, b"[" + data):
        for entry in dump(piece):
            assert entry.item is not None or entry.trouble


@given(st.data())
def test_an_odd_value_in_any_column_is_a_row_that_cannot_be_read_or_one_that_loses_nothing(data):
    row = work()
    for at in data.draw(st.sets(st.integers(0, 30), min_size=1, max_size=3)):
        row[at] = data.draw(st.text(max_size=20).filter(lambda t: "\x00" not in t))
    (entry,) = dump(written(tuple(row)).encode(errors="replace"))
    if entry.item is not None:
        assert_nothing_lost(entry)
        assert type(entry.item).model_validate(entry.app) == entry.item


def test_a_row_in_another_encoding_among_others_is_read_and_called_doubtful():
    data = written(tuple(work(1))).encode() + written(tuple(work(2))).encode("cp932")
    first, second = dump(data)
    assert (first.item.title, first.trouble) == ("あき", "")
    assert second.item.title == "あき"
    assert "cp932" in second.trouble


def test_text_of_no_known_encoding_is_kept_as_far_as_it_can_be_read():
    (entry,) = dump(written(tuple(work())).encode().replace("あ".encode(), b"\xff\xff"))
    assert entry.item.title == "\ufffd\ufffdき"
    assert "U+FFFD" in entry.trouble


def test_a_work_is_read_by_the_described_fields():
    (entry,) = dump(written(tuple(work(pages="3", x_restrict="2"))).encode())
    item = entry.item
    assert (item.id, item.type, item.page_count, item.x_restrict) == (46277719, "manga", 3, 2)
    assert (item.user.id, item.user.name, item.user.account) == (3077920, "奈津", "natsu")
    assert item.create_date.isoformat() == "2014-09-30T23:58:34+09:00"
    assert [tag.name for tag in item.tags] == ["創作", "女の子", "眼鏡"]
    assert (item.total_view, item.total_bookmarks, item.total_comments) == (15066, 3712, 23)
    assert item.originals[2] == "https://i.pximg.net/img-original/img/2014/09/30/23/58/34/46277719_p2.png"
    assert entry.app["legacy"]["directory"] == "76"
    assert entry.app["legacy"]["mobile"].startswith("http://i2.pixiv.net/")
    assert entry.app["legacy"]["asSent"]["avatar"].endswith("mobile/7911641_80.jpg")
    assert item.user.profile_image_urls.medium is None


def test_a_ugoira_is_told_by_its_thumbnails():
    path = "http://i1.pixiv.net/c/128x128/img-master/img/2014/06/26/01/08/59/44313524"
    row = work(44313524, thumbnail=f"{path}_square1200.jpg", mobile=f"{path}_master1200.jpg", ext="jpg")
    (entry,) = dump(written(tuple(row)).encode())
    assert entry.item.type == "ugoira"
    assert entry.item.originals == (
        "https://i.pximg.net/img-original/img/2014/06/26/01/08/59/44313524_ugoira0.jpg",
    )


def test_a_mark_of_a_re_upload_makes_the_addresses_doubtful():
    mobile = "http://i2.pixiv.net/img04/img/natsu/mobile/46277719_480mw.jpg?1348946035"
    (entry,) = dump(written(tuple(work(mobile=mobile))).encode())
    assert "2012-09-30 04:13:55 JST" in entry.trouble
    assert entry.item is not None


def test_a_title_loses_its_entities_and_a_caption_keeps_its_html():
    row = work(title="Pen &amp; Ink&#44; 1", text="a &amp; b<br />c", tags="R&amp;D x")
    (entry,) = dump(written(tuple(row)).encode())
    assert (entry.item.title, entry.item.caption) == ("Pen & Ink, 1", "a &amp; b<br />c")
    assert [tag.name for tag in entry.item.tags] == ["R&D", "x"]
    assert_nothing_lost(entry)


@pytest.mark.parametrize(
    ("row", "name", "says"),
    [
        (work(0), "", "private"),
        (work()[:20], "", "half a row: 20 of 31"),
        ([*work(), "x"], "", "32 columns"),
        (work(ext=""), "", "illust or a novel cannot be told"),
        (work(ext="exe"), "", "no extension"),
        (work(views="many"), "", "views: 'many'"),
        (work(date="yesterday"), "", "date: 'yesterday'"),
        (["1234"], "member_illust.php", "count"),
    ],
)
def test_what_cannot_be_read_says_why(row, name, says):
    (entry,) = dump(written(tuple(row)).encode(), name)
    assert entry.item is None
    assert says in entry.trouble
    assert entry.raw == row


def test_rows_behind_a_line_that_looks_like_json_are_still_rows():
    for begin in (b"{\n", b"[1,\n", b'{"status":"success","response":[\n'):
        bad, good = dump(begin + written(tuple(work())).encode())
        assert bad.item is None
        assert (good.item.id, good.line) == (46277719, 2)


def test_answers_behind_a_damaged_line_are_still_answers():
    text = '"count":1}\n' + json.dumps(answer(papi_work(1))) + "\nnonsense\n" + json.dumps(answer(papi_work(2)))
    found = dump(text.encode())
    assert [e.item.id for e in found if e.item] == [1, 2]
    assert [e.line for e in found if e.item] == [2, 4]
    assert all(e.trouble for e in found if not e.item)


def test_an_empty_answer_is_one_entry_that_says_what_it_may_mean():
    (entry,) = dump(b"\n", "illust.php")
    assert (entry.item, entry.line) == (None, 1)
    assert "deleted" in entry.trouble
    assert "R-18" in entry.trouble


def test_novels_are_told_by_their_series_or_by_the_name_of_the_file():
    in_series = dump(written(tuple(work(series_id="77", ext=""))).encode())
    by_name = dump(written(tuple(work(ext=""))).encode(), "member_novel.php__id-5.csv")
    for entry in (*in_series, *by_name):
        assert isinstance(entry.item, Novel)
    (entry,) = dump(written(tuple(work(series_id="77", ext=""))).encode())
    assert entry.item.series.id == 77


def test_a_comment_has_no_id_and_belongs_to_the_work_that_the_file_names():
    data = written(tuple(comment('"Nice", said he'))).encode()
    for name, belongs in {
        "illust_comments.php?illust_id=46168376": ("illust", 46168376),
        "novel_comments.php__danbooru-46168376-2014-09-29.csv": ("novel", 46168376),
        "illust_comments.csv": None,
        "rows.csv": None,
    }.items():
        (entry,) = dump(data, name)
        assert isinstance(entry.item, rows.LegacyComment)
        assert not hasattr(entry.item, "id")
        assert (entry.item.comment, entry.item.user.id) == ('"Nice", said he', 131585)
        assert str(entry.item.date) == "2014-09-29 22:58:00+09:00"
        assert entry.work == belongs
        assert_nothing_lost(entry)


def test_a_user_is_read_from_the_few_columns_that_it_has():
    (entry,) = dump(written(tuple(user())).encode())
    assert isinstance(entry.item, User)
    assert (entry.item.id, entry.item.name, entry.item.account) == (8213129, "神代", "neo")
    assert_nothing_lost(entry)


def test_the_text_of_a_novel_and_a_hot_tag_are_told_by_the_file():
    (entry,) = dump("[chapter:一]\nはい。".encode(), "novel_text.php?id=77")
    assert isinstance(entry.item, NovelText)
    assert (entry.item.id, entry.item.text) == (77, "[chapter:一]\nはい。")
    (nobody,) = dump(b"text", "novel_text.php")
    assert nobody.item is None
    (tag,) = dump('"風景"\n'.encode(), "hot_tags.php")
    assert tag.item == Tag(name="風景", legacy=tag.app["legacy"])


def answer(*found, **more):
    return {"status": "success", "response": list(found), "count": len(found)} | more


def test_a_work_of_the_public_api_is_read_into_todays_model():
    (entry,) = dump(json.dumps(answer(papi_work())).encode())
    item = entry.item
    assert (item.type, item.page_count, item.x_restrict, item.restrict) == ("illust", 2, 2, 0)
    assert item.caption == "a &lt; b<br />c"
    assert item.create_date.isoformat() == "2015-03-14T17:53:32+09:00"
    assert (item.total_view, item.total_comments, item.total_bookmarks) == (191630, 182, 8549)
    assert item.originals[1] == "https://i.pximg.net/img-original/img/2015/03/14/17/53/32/49270482_p1.jpg"
    assert item.user.profile_image_urls.medium.startswith("https://i.pximg.net/user-profile/")
    assert_nothing_lost(entry)
    assert Illust.model_validate(json.loads(json.dumps(entry.app))).title == item.title


def test_favourites_ranks_and_users_of_the_public_api_are_read_too():
    favourite = {"id": 5, "publicity": 0, "work": papi_work(7), "tags": ["x"]}
    ranking = {"mode": "daily", "date": "2015-03-14", "works": [{"rank": 1, "work": papi_work(8)}]}
    entries = dump(json.dumps(answer(favourite, ranking, papi_user())).encode())
    assert [entry.item.id for entry in entries] == [7, 8, 341433]
    assert entries[0].app["legacy"]["beside"]["tags"] == ["x"]
    for entry in entries:
        assert_nothing_lost(entry)


def test_a_failure_is_an_entry_with_its_reason():
    body = {"status": "failure", "has_error": True, "errors": {"system": {"message": "not found", "code": 206}}}
    (entry,) = dump(json.dumps(body).encode())
    assert entry.item is None
    assert "206: not found" in entry.trouble


def test_each_object_has_its_line_in_answers_that_were_glued_together():
    text = json.dumps(answer(papi_work(1), papi_work(2)), indent=1) + "\n" + json.dumps(answer(papi_work(3)))
    entries = dump(text.encode("utf-8-sig"))
    assert [entry.item.id for entry in entries] == [1, 2, 3]
    lines = text.splitlines()
    assert [json.loads(lines[e.line].strip().rstrip(",").join("{}"))["id"] for e in entries[:2]] == [1, 2]
    assert entries[2].line == len(lines)


@given(st.integers(2, 400), st.sampled_from(["cut", "hole"]))
def test_a_damaged_object_takes_no_whole_one_along(at, how):
    good = [papi_work(n) for n in (1, 2, 4)]
    text = json.dumps(answer(*good[:2], papi_work(3)), ensure_ascii=False)
    begin = text.index('{"id": 3,')
    broken = text[: begin + at] if how == "cut" else text[: begin + at] + text[begin + at + 60 :]
    found = [e.item.id for e in dump((broken + "\n" + json.dumps(answer(good[2]))).encode()) if e.item]
    assert [n for n in found if n != 3] == [1, 2, 4]


def test_a_file_of_many_damaged_rows_is_read_in_one_pass():
    data = b'"1","2","jpg","open\n' * 20_000
    assert sum(1 for _ in records(data)) == 20_000
