"""What type checkers take for a parameter is what the library itself takes, by name and by word."""

from enum import Enum, EnumType
from typing import Any, get_args

import pytest

from pixmirror.pixiv import enums, literals
from pixmirror.pixiv.web import literals as web_literals
from pixmirror.pixiv.web import params

PAIRS = [
    (literals.RestrictLike, enums.RESTRICTS),
    (literals.FollowRestrict, enums.FOLLOW_RESTRICTS),
    (literals.WorkRestrict, enums.WORK_RESTRICTS),
    (literals.AgeRestrict, enums.X_RESTRICTS),
    (literals.IllustType, enums.USER_ILLUST_TYPES),
    (literals.IllustType, enums.CONTENT_TYPES),
    (literals.Filter, enums.FILTERS),
    (literals.SpotlightCategory, enums.SPOTLIGHT_CATEGORIES),
    (literals.App, enums.APPS),
    (literals.AiTypeLike, enums.NOVEL_AI_TYPES),
    (literals.SearchAiType, enums.SEARCH_AI_TYPES),
    (literals.SizeLike, enums.SIZES),
    (literals.SortLike, enums.SORTS),
    (literals.DurationLike, enums.DURATIONS),
    (literals.IllustSearchTarget, enums.ILLUST_SEARCH_TARGETS),
    (literals.NovelSearchTarget, enums.NOVEL_SEARCH_TARGETS),
    (literals.RankingModeLike, enums.ILLUST_RANKING_MODES),
    (literals.NovelRankingModeLike, enums.NOVEL_RANKING_MODES),
    (web_literals.Mode, params.MODES),
    (web_literals.Rest, params.RESTS),
    (web_literals.WorkCategory, params.CATEGORIES),
    (web_literals.Order, params.ORDERS),
    (web_literals.TagMode, params.TAG_MODES),
    (web_literals.IllustrationType, params.ILLUSTRATION_TYPES),
    (web_literals.NewType, params.NEW_TYPES),
    (web_literals.CompleteType, params.COMPLETE_TYPES),
    (web_literals.ProgressType, params.PROGRESS_TYPES),
    (web_literals.RankingMode, params.RANKING_MODES),
    (web_literals.RankingContent, params.RANKING_CONTENTS),
]


def words(kind: Any) -> set[Any]:
    """Return the words of a Literal, and the values of the members of an enum."""
    if isinstance(kind, Enum):
        return {kind.value}
    if isinstance(kind, EnumType):
        return {member.value for member in kind}  # type: ignore[var-annotated]
    return {word for one in get_args(kind) for word in words(one)} or {kind}


@pytest.mark.parametrize(("kind", "taken"), PAIRS, ids=range(len(PAIRS)))
def test_checkers_know_each_word_that_is_taken_and_no_other(kind: Any, taken: tuple[Any, ...]) -> None:
    assert words(kind) == set(taken)
    plain = {
        word
        for one in get_args(kind)
        for word in (get_args(one) or [one])
        if not isinstance(word, (EnumType, Enum))
    }
    assert plain == set(taken), "each as a plain word, too"
