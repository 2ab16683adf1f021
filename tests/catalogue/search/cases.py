"""Works, and what each search must find among them: by the rules of `pixmirror help search`."""

from typing import Any

from sqlalchemy import text

from pixmirror.catalogue.database import Database
from pixmirror.ingest.works import record_works
from pixmirror.ledger import moves
from pixmirror.ledger.moves import Move
from tests.catalogue.builders import ME, NOW, illust, seen, tag, user, works

# By id: the title, and the tags as (name, reading, translation).
WORKS: dict[int, tuple[str, list[tuple[str, str | None, str | None]]]] = {
    1: ("よるの散歩", [("夜", "yoru", "night"), ("散歩", "sanpo", "walk")]),
    2: ("ヨルイロ", [("オリジナル", "orijinaru", "original")]),
    3: ("夜空", [("夜空", "yozora", "night sky"), ("星", "hoshi", "star")]),
    4: ("ＰＩＸＩＶ Festa２０２４", [("pixivFesta", None, None)]),
    5: ("Last Witch", [("魔女", "majo", "witch")]),
    6: ("The witch who was last to leave", [("魔女", "majo", "witch")]),
    7: ("ｶﾞｯｺｳの帰り道", [("学校", "gakkou", "school")]),
    8: ("コーヒーと猫", [("珈琲", "koohii", "coffee"), ("猫", "neko", "cat")]),
    9: ("猫耳メイド", [("猫耳", "nekomimi", "cat ears"), ("メイド", "meido", "maid")]),
    10: ("Education is a category", []),
    11: ("cats & dogs", [("動物", "doubutsu", "animals")]),
    12: ("しんぶんを読む", [("新聞", "shinbun", "newspaper")]),
    13: ("富士山", [("富士山", "fujisan", "Mount Fuji")]),
    14: ("ふじの花", [("藤", "fuji", "wisteria")]),
    15: ("R-18じゃない", [("全年齢", None, "all ages")]),
    16: ("無題 18", [("R-18", None, None)]),
    17: ("Fate/GrandOrder まとめ", [("Fate/GrandOrder", None, "Fate/Grand Order"), ("FGO", None, None)]),
    18: ("桜🌸満開", [("桜", "sakura", "cherry blossom")]),
    19: ("がんばれ", [("応援", "ouen", "cheering")]),
    20: ("かんばん娘", [("看板娘", "kanbanmusume", None)]),
    21: ("東京タワー", [("東京", "toukyou", "Tokyo")]),
    22: ("とうきょうの空", [("空", "sora", "sky")]),
    23: ("C++ で描く", [("プログラミング", "puroguramingu", "programming")]),
    24: ("まっちゃアイス", [("抹茶", "matcha", "matcha")]),
}
# What differs from a picture by Aki, posted on 1 May 2024, with 10 bookmarks.
OTHERWISE: dict[int, dict[str, Any]] = {
    3: {"total_bookmarks": 900},
    5: {"owner": user(8, name="Mizuki", account="mizuki_art"), "x_restrict": 1},
    6: {"total_bookmarks": 501},
    10: {"caption": "No animals here."},
    11: {
        "caption": "Thank you for looking &amp; commenting!<br />See "
        '<a href="https://example.com/amphora">my shop</a>'
    },
    13: {"create_date": "2023-01-02T00:00:00+09:00"},
    16: {"x_restrict": 1},
}
ONCE = user(8, name="水木", account="mizuki_art")  # what the artist of work 5 was called before
GONE = 18

FINDS: list[tuple[str, list[int]]] = [
    ("よる", [1, 2]),
    ("ヨル", [1, 2]),
    ("ﾖﾙ", [1, 2]),
    ("yoru", [1, 2]),
    ("YORU", [1, 2]),
    ("夜", [1, 3]),
    ("night", [1, 3]),
    ('"night sky"', [3]),
    ("sky night", [3]),
    ('"sky night"', []),
    ("tag:夜", [1]),
    ("tag:night", [1]),
    ("tag:猫", [8]),
    ("猫", [8, 9]),
    ("neko", [8, 9]),
    ("ねこ", [8, 9]),
    ("cat", [8, 9, 10, 11]),
    ("cat -猫", [10, 11]),
    ("pixiv festa", [4]),
    ("festa2024", [4]),
    ("ｐｉｘｉｖ", [4]),
    ("last witch", [5, 6]),
    ("witch last", [5, 6]),
    ('"last witch"', [5]),
    ("witch bookmarks:>500", [6]),
    ("artist:mizuki", [5]),
    ("artist:水木", [5]),
    ("ガッコウ", [7]),
    ("がっこう", [7]),
    ("gakkou", [7]),
    ("gakko", [7]),
    ("gakkō", [7]),
    ("学校", [7]),
    ("kohi", [8]),
    ("koohii", [8]),
    ("kōhī", [8]),
    ("コーヒ", [8]),
    ("amp", []),
    ("br", []),
    ("shop", [11]),
    ("commenting", [11]),
    ("shinbun", [12]),
    ("shimbun", [12]),
    ("sinbun", [12]),
    ("fuji", [13, 14]),
    ("huzi", [13, 14]),
    ("ふじ", [13, 14]),
    ("fuji posted:2023", [13]),
    ("r-18", [15, 16]),
    ("tag:R-18", [16]),
    ("18 -r-18", []),
    ("fate", [17]),
    ("fate grand", [17]),
    ("Fate／GrandOrder", [17]),
    ("fgo", [17]),
    ("🌸", [18]),
    ("桜 state:gone", [18]),
    ("sakura", [18]),
    ("がんばれ", [19]),
    ("かんば", [20]),
    ("ganbare", [19]),
    ("kanban", [20]),
    ("tokyo", [21, 22]),
    ("toukyou", [21, 22]),
    ("tōkyō", [21, 22]),
    ("tookyoo", [21, 22]),
    ("c++", [23]),
    ("matcha", [24]),
    ("maccha", [24]),
    ("抹茶", [24]),
    # By the same rules.
    ("yuuki", []),
    ("ヨルの", [1]),
    ("よる 散歩", [1]),
    ("title:よる", [1, 2]),
    ("title:夜", [3]),
    ("caption:shop", [11]),
    ("title:shop", []),
    ("mizuki", [5]),
    ("みずき", []),
    ('"よるの散歩"', [1]),
    ('tag:"night sky"', [3]),
    ("-tag:魔女 witch", []),
    ("posted:2023", [13]),
    ("posted:2024-05-01 星", [3]),
    ("posted:..2023-12", [13]),
    ("bookmarks:500..900", [3, 6]),
    ("bookmarks:>=900", [3]),
    ("state:gone", [18]),
    ("state:gone cherry", [18]),
    ("-state:live", [18]),
    ("-bookmarks:10", [3, 6]),
    ("-posted:2024 富士山", [13]),
    ("“night sky”", [3]),
    ("ＴＡＧ：夜", [1]),
    ("tag:", []),
    ("！？", []),
    ("- 猫", [8, 9]),
    ("dogs cats", [11]),
    ("の", [1, 7, 14, 22]),
]


def fill(db: Database) -> None:
    """Record the works as their pages would."""
    first = illust(5, owner=ONCE)
    usual: dict[str, Any] = {"owner": user(7, name="Aki"), "total_bookmarks": 10, "caption": ""}
    usual["create_date"] = "2024-05-01T00:00:00+09:00"
    raws = [
        illust(
            key, title=title, tags=[tag(name, told) for name, _, told in tags], **usual | OTHERWISE.get(key, {})
        )
        for key, (title, tags) in WORKS.items()
    ]
    db.run_sync(record_works, seen(NOW - 1), works(first), {})
    db.run_sync(record_works, seen(), works(*raws), {})
    db.run_sync(moves.move, "work", [Move(GONE * 2, "gone", "detail", ME)], NOW)
    told = {(name, reading) for _, tags in WORKS.values() for name, reading, _ in tags if reading}
    insert = text(
        "INSERT INTO tag_reading (name, kind, text, source, seen_at) VALUES (:name, 'romaji', :text, 'web', 0)"
    )
    db.run_sync(lambda c: c.execute(insert, [{"name": name, "text": reading} for name, reading in sorted(told)]))
