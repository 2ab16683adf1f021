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
    assert payloads.unpack(payloads.CODEC, payloads.pack(answer)) == answer


def test_a_lone_surrogate_survives():
    answer = json.loads('{"caption": "\\ud83d cut"}')
    assert payloads.unpack(payloads.CODEC, payloads.pack(answer)) == answer
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
    assert len(payloads.pack(raw)) < 800


def test_the_dictionary_of_codec_1_never_changes():
    digest = hashlib.sha256(DICTIONARY_1).hexdigest()
    assert digest == "714b209ef244ead90ddf06362e6dbbbaacdc9e40c8574c0be731162fcfa4b8b5"
