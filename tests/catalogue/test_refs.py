"""What users type or paste becomes one work or user, or one sentence."""

import pytest

from pixmirror.catalogue.refs import Ref, parse_ref
from pixmirror.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        ("123", Ref("illust", 123)),
        (" 123 ", Ref("illust", 123)),
        ("illust:123", Ref("illust", 123)),
        ("novel:123", Ref("novel", 123)),
        ("user:123", Ref("user", 123)),
        ("https://www.pixiv.net/artworks/123", Ref("illust", 123)),
        ("https://www.pixiv.net/en/artworks/123#2", Ref("illust", 123)),
        ("www.pixiv.net/artworks/123", Ref("illust", 123)),
        ("HTTPS://WWW.PIXIV.NET/artworks/123", Ref("illust", 123)),
        ("https://pixiv.net/i/123", Ref("illust", 123)),
        ("https://www.pixiv.net/member_illust.php?mode=medium&illust_id=123", Ref("illust", 123)),
        ("https://www.pixiv.net/novel/show.php?id=123", Ref("novel", 123)),
        ("https://www.pixiv.net/en/novel/show.php?id=123&x=1", Ref("novel", 123)),
        ("https://www.pixiv.net/n/123", Ref("novel", 123)),
        ("https://www.pixiv.net/users/123", Ref("user", 123)),
        ("https://www.pixiv.net/en/users/123/artworks?p=2", Ref("user", 123)),
        ("https://www.pixiv.net/u/123/", Ref("user", 123)),
        ("https://www.pixiv.net/member.php?id=123", Ref("user", 123)),
        ("https://i.pximg.net/img-original/img/2026/01/02/03/04/05/123_p0.jpg", Ref("illust", 123)),
        (
            "https://i.pximg.net/c/600/img-master/img/2026/01/02/03/04/05/123_p11_master1200.jpg",
            Ref("illust", 123),
        ),
        (f"https://i.pximg.net/img-original/img/2026/01/02/03/04/05/123-{'0a' * 16}_p0.png", Ref("illust", 123)),
        ("https://i.pximg.net/img-zip-ugoira/img/2026/01/02/03/04/05/123_ugoira600x600.zip", Ref("illust", 123)),
        ("pixiv://illusts/123", Ref("illust", 123)),
        ("pixiv://users/123", Ref("user", 123)),
        ("123_p0.jpg", Ref("illust", 123)),
        ("media/9/123_p0_20260102030405.jpg", Ref("illust", 123)),
    ],
)
def test_every_usual_way_to_name_a_work_or_user_is_understood(text, ref):
    assert parse_ref(text) == ref


@pytest.mark.parametrize(
    "text",
    [
        "",
        "abc",
        "-1",
        "0",
        "work:1",
        "１２３",
        "1" * 30,
        "https://example.com/artworks/123",
        "https://evil.net/i.pximg.net/123_p0.jpg",
        "https://notpixiv.net/artworks/1",
        "https://www.pixiv.net/",
        "https://www.pixiv.net/artworks/abc",
        "https://www.pixiv.net/member.php?id=abc",
        "https://i.pximg.net/novel-cover-original/img/2026/01/02/03/04/05/ci123_0a.jpg",
        "http://[broken/artworks/1",
    ],
)
def test_anything_else_is_refused_in_one_sentence_that_says_what_to_give(text):
    with pytest.raises(ConfigError) as caught:
        parse_ref(text)
    message = str(caught.value)
    assert message.endswith(".")
    assert "novel:123" in message
    assert "\n" not in message


def test_a_ref_prints_as_it_is_typed():
    for text in ("123", "novel:123", "user:123"):
        assert str(parse_ref(text)) == text
        assert parse_ref(parse_ref(text).url) == parse_ref(text)


def test_a_ref_knows_the_catalogue_key_of_a_work():
    assert (parse_ref("7").work_key, parse_ref("novel:7").work_key, parse_ref("user:7").work_key) == (14, 15, None)
    assert Ref.of_work(15) == Ref("novel", 7)
