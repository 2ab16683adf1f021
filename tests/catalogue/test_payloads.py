"""Payloads come back as they went in; their digest ignores counters and who looks, and nothing else."""

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixmirror.catalogue import payloads
from pixmirror.catalogue.payload_dictionary import DICTIONARY_1
from tests.catalogue.builders import illust, user

_VOLATILE = ("is_bookmarked", "is_followed", "is_muted")


def pack(answer: Any) -> bytes:
    return payloads.pack_text(payloads.canonical(answer))


def stripped(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: stripped(part)
            for name, part in value.items()
            if not (name in _VOLATILE or (name.startswith("total_") and len(name) > 6))
        }
    return [stripped(part) for part in value] if isinstance(value, list) else value


_NAMES = st.sampled_from(["id", "title", "total_view", "total_", "is_muted", "is_followed", "x", '"total_view":1'])
_SCALARS = st.none() | st.booleans() | st.integers() | st.text(alphabet='ab",:{}\\total_view1') | st.text()
_JSON = st.recursive(
    st.integers() | st.text() | st.text(alphabet='",:{}\\total_view1'),
    lambda kids: st.lists(kids, max_size=3) | st.dictionaries(_NAMES, kids, max_size=4),
)


@st.composite
def answers(draw: st.DrawFn) -> Any:
    """JSON in which a volatile name only ever holds a scalar, as in Pixiv's answers."""

    def tame(value: Any, name: str = "") -> Any:
        if name and stripped({name: 1}) == {}:
            scalar = draw(_SCALARS.filter(lambda s: not isinstance(s, str) or ('"' not in s and "\\" not in s)))
            return scalar if not isinstance(scalar, str) or scalar.isprintable() else 0
        if isinstance(value, dict):
            return {n: tame(part, n) for n, part in value.items()}
        return [tame(part) for part in value] if isinstance(value, list) else value

    return tame(draw(_JSON))


@given(answers())
def test_the_digest_is_that_of_the_answer_without_what_moves(answer: Any):
    expected = hashlib.sha256(payloads.canonical(stripped(answer)).encode()).digest()[:16]
    assert payloads.digest(answer) == expected


@given(_JSON)
def test_what_is_packed_comes_back(answer: Any):
    assert payloads.unpack(payloads.CODEC, pack(answer)) == answer


@given(_JSON, _JSON)
def test_what_is_packed_against_another_comes_back(base: Any, answer: Any):
    body = pack(base)
    packed = payloads.pack_against(body, payloads.canonical(answer))
    assert packed is None or payloads.unpack(payloads.AGAINST, packed, body) == answer


def test_another_answer_of_the_same_work_takes_little():
    base = illust(1, tags=[f"タグ{i}" for i in range(10)], caption="説明文です。<br />" * 8)
    other = base | {"total_comments": 5, "comment_access_control": 0, "title": "題"}
    body = pack(base)
    packed = payloads.pack_against(body, payloads.canonical(other))
    assert packed is not None
    assert len(packed) < 100
    assert payloads.unpack(payloads.AGAINST, packed, body) == other


def test_a_payload_is_not_read_without_what_it_is_packed_against():
    body = pack(illust(1))
    packed = payloads.pack_against(body, payloads.canonical(illust(1, title="x")))
    assert packed is not None
    with pytest.raises(ValueError, match="without a base"):
        payloads.unpack(payloads.AGAINST, packed)
    with pytest.raises(ValueError, match="codec 9"):
        payloads.unpack(9, body)


def test_a_lone_surrogate_survives():
    answer = json.loads('{"caption": "\\ud83d cut"}')
    assert payloads.unpack(payloads.CODEC, pack(answer)) == answer
    assert payloads.digest(answer)


@pytest.mark.parametrize(
    "change", [{"total_view": 5}, {"total_bookmarks": 0}, {"is_bookmarked": True}, {"is_muted": True}]
)
def test_counters_and_viewer_flags_are_no_version(change):
    assert payloads.digest(illust(1, **change)) == payloads.digest(illust(1))
    assert payloads.digest(illust(1, owner=user(is_followed=True))) == payloads.digest(illust(1))


@pytest.mark.parametrize("change", [{"title": "x"}, {"caption": ""}, {"x_restrict": 1}, {"tags": ["t"]}])
def test_everything_else_is(change):
    assert payloads.digest(illust(1, **change)) != payloads.digest(illust(1))


def test_an_ordinary_work_takes_under_800_bytes():
    raw = illust(1, tags=[f"タグ{i}" for i in range(10)], caption="説明文です。<br />" * 8)
    assert len(pack(raw)) < 800


def test_the_dictionary_of_codec_1_never_changes():
    digest = hashlib.sha256(DICTIONARY_1).hexdigest()
    assert digest == "714b209ef244ead90ddf06362e6dbbbaacdc9e40c8574c0be731162fcfa4b8b5"
