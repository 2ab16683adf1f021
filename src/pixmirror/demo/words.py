"""The vocabulary of the demo: names, titles, tags with their translations, captions, comments and novel
texts, in Japanese and English, all ages. Every text is drawn from a `random.Random` that the caller seeds."""

from random import Random

SURNAMES = [
    "葉山",
    "桐生",
    "水城",
    "白石",
    "月島",
    "朝倉",
    "風見",
    "星野",
    "藤咲",
    "小鳥遊",
    "柊",
    "東雲",
    "七海",
    "雨宮",
    "神楽坂",
    "緑川",
    "氷室",
    "桜庭",
    "冬木",
    "秋月",
]
GIVEN = [
    "ひなた",
    "ゆき",
    "蒼",
    "みお",
    "かなで",
    "つむぎ",
    "りん",
    "いろは",
    "すずめ",
    "こはる",
    "楓",
    "あおい",
    "なぎ",
    "しおり",
    "れん",
]
PEN_NAMES = [
    "Moonlit Teapot",
    "paper lantern",
    "Juniper Vale",
    "ORBIT",
    "Little Comet",
    "Saltwater Atelier",
    "mori & co.",
    "Quiet Harbour",
    "Tangerine Fox",
    "blue hour",
    "Nine Lanterns",
    "Oak & Ink",
    "pixel ramen",
    "Windmill Studio",
    "Cloud Tailor",
]
NAME_TAILS = ("", "", "", "", "@お仕事募集中", "＠土曜 東A-12b", "🌸", "(低浮上)", "/commissions open")

# tag → what Pixiv shows beside it in English; None where it has no translation
TAGS: dict[str, str | None] = {
    "オリジナル": "original",
    "風景": "scenery",
    "女の子": "girl",
    "男の子": "boy",
    "猫": "cat",
    "犬": "dog",
    "空": "sky",
    "夜空": "night sky",
    "海": "sea",
    "桜": "cherry blossoms",
    "ファンタジー": "fantasy",
    "創作": "original work",
    "背景": "background",
    "ドラゴン": "dragon",
    "魔女": "witch",
    "ロボット": "robot",
    "ドット絵": "pixel art",
    "水彩": "watercolor",
    "アナログ": "traditional art",
    "落書き": "doodle",
    "メイキング": "making of",
    "食べ物": "food",
    "和風": "Japanese style",
    "制服": "uniform",
    "眼鏡": "glasses",
    "花": "flower",
    "雨": "rain",
    "雪": "snow",
    "夕焼け": "sunset",
    "電車": "train",
    "廃墟": "ruins",
    "魚": "fish",
    "鳥": "bird",
    "うさぎ": "rabbit",
    "幾何学模様": "geometric pattern",
    "なにこれ素敵": "what is this, it's lovely",
    "オリジナル100users入り": "original 100+ bookmarks",
    "ふつくしい": None,
    "続きが気になる": None,
    "もっと評価されるべき": None,
    "うちの子": None,
    "一次創作": None,
    "Fairy's Garden": None,
    "C++": None,
    "clip studio": None,
    "10分で描いた/10min": None,
    "100%手描き": None,
    "star☆dust": None,
    "R&D研究所": None,
    "#毎日投稿": None,
    'the "last" train': None,
}
KIND_TAGS: dict[str, dict[str, str | None]] = {
    "illust": {"イラスト": "illustration"},
    "manga": {"漫画": "manga", "4コマ": "4-panel"},
    "ugoira": {"うごイラ": "ugoira", "GIF": None},
    "novel": {"小説": "novel", "短編": "short story"},
}
TRANSLATIONS: dict[str, str | None] = {**TAGS, **{k: v for tags in KIND_TAGS.values() for k, v in tags.items()}}
# tag → how the website says that it is read
READINGS: dict[str, str] = {
    "オリジナル": "orijinaru", "風景": "fuukei", "女の子": "onnnanoko", "男の子": "otokonoko", "猫": "neko",
    "犬": "inu", "空": "sora", "夜空": "yozora", "海": "umi", "桜": "sakura", "ファンタジー": "fanntaji-",
    "創作": "sousaku",
    "背景": "haikei", "ドラゴン": "doragonn", "魔女": "majo", "ロボット": "robotto", "ドット絵": "dottoe",
    "水彩": "suisai", "アナログ": "anarogu", "落書き": "rakugaki", "メイキング": "meikinngu", "食べ物": "tabemono",
    "和風": "wafuu", "制服": "seifuku", "眼鏡": "megane", "花": "hana", "雨": "ame", "雪": "yuki",
    "夕焼け": "yuuyake", "電車": "dennsha", "廃墟": "haikyo", "魚": "sakana", "鳥": "tori", "うさぎ": "usagi",
    "幾何学模様": "kikagakumoyou", "なにこれ素敵": "nanikoresuteki", "ふつくしい": "futsukushii",
    "一次創作": "ichijisousaku", "イラスト": "irasuto", "漫画": "mannga", "4コマ": "yonnkoma", "小説": "shousetsu",
    "短編": "tannpenn",
}  # fmt: skip
SPOKEN = "よる"  # what the story's picture is named after: a search for `yoru` finds it
OWN_TAGS = ("あとで読む", "壁紙", "reference", "かわいい", "資料 2", "a+b")

_ADJECTIVES = [
    "静かな",
    "遠い",
    "青い",
    "小さな",
    "眠れない",
    "透明な",
    "午後の",
    "忘れられた",
    "最初の",
    "冬の",
    "真夜中の",
    "名もなき",
]
_NOUNS = [
    "灯台",
    "庭",
    "図書館",
    "駅",
    "手紙",
    "魔女",
    "海辺",
    "猫",
    "温室",
    "屋上",
    "約束",
    "喫茶店",
    "竜",
    "時計塔",
    "街",
    "星図",
]
_ENGLISH_A = [
    "Silent",
    "Distant",
    "Paper",
    "Velvet",
    "Forgotten",
    "Northern",
    "Hollow",
    "Golden",
    "Small",
    "Rainy",
    "Last",
    "Electric",
]
_ENGLISH_N = [
    "Lighthouse",
    "Garden",
    "Library",
    "Station",
    "Letter",
    "Witch",
    "Harbor",
    "Cat",
    "Greenhouse",
    "Rooftop",
    "Dragon",
    "Clock",
]
_TITLE_TAILS = ("", "", "", " その2", "【創作】", " (WIP)", "…", "!?", " <完>", " / sketch", " & more")

_CAPTIONS = (
    "ラフから色塗りまで二日かかりました。<br />見てくださってありがとうございます！",
    'Twitter → <a href="https://twitter.com/example_demo" target="_blank">twitter/example_demo</a>',
    "Drawn with nothing but the default brush.<br /><br />Thank you for 100 followers!",
    '前回 → <strong><a href="pixiv://illusts/{ref}">illust/{ref}</a></strong>',
    "「また明日」と言えるうちに &amp; 言えなくなるまで。",
    "練習です。<br />アドバイスいただけると嬉しいです。",
    "Happy new year 🎍<br />今年もよろしくお願いします",
    "",
    "",
    "使用ソフト：CLIP STUDIO&nbsp;PAINT<br />作業時間：6h",
)
TOOLS = (
    "CLIP STUDIO PAINT",
    "Photoshop",
    "SAI",
    "Procreate",
    "Blender",
    "シャープペンシル",
    "水彩",
    "MediBang Paint",
)

_COMMENTS = (
    "素敵です！",
    "色使いがとても好きです(heart)",
    "What a lovely light! How long did it take?",
    "続きを楽しみにしています",
    "かわいい(normal2)(normal2)",
    "背景がすごい…",
    "I have this as my wallpaper now.",
    "フォローさせていただきました🙇",
    "線が綺麗です\nお手本にします",
    "<3 & more please",
)
_REPLIES = (
    "ありがとうございます！",
    "Thank you so much!",
    "三時間くらいです〜",
    "わかります",
    "嬉しいです(happy)",
)
STAMPS = tuple(range(301, 311)) + tuple(range(401, 411))

_SENTENCES = (
    "　駅前の時計は、今日も三分だけ遅れている。",
    "　窓の外では雪が音もなく降り続いていた。",
    "「おかえり」と彼女は言って、冷めかけた茶を差し出した。",
    "　[[rb:灯 > あかり]]をともすと、本棚の影がゆっくりと伸びた。",
    "　The letter had been folded so often that it opened by itself.",
    "　猫は何も言わずに、いちばん暖かい椅子を選んだ。",
    "「海まで行こう。歩いて」",
    "　[[rb:魔女＞まじょ]]の店には、名前のない色ばかりが並んでいる。",
    "　誰も覚えていない歌を、風だけが覚えていた。",
    "　She counted the lamps along the harbour: eleven, as always, and then a twelfth.",
)


def pen_name(rng: Random) -> str:
    """Return a display name, Japanese or English, now and then with a tail as artists like to add."""
    name = rng.choice(PEN_NAMES) if rng.random() < 0.4 else rng.choice(SURNAMES) + rng.choice(GIVEN)
    return name + rng.choice(NAME_TAILS)


def profile(rng: Random) -> str:
    """Return the text of a profile; line ends are CRLF as in Pixiv's."""
    return rng.choice(
        (
            "はじめまして。風景と猫を描きます。\r\n無断転載はご遠慮ください。",
            "Illustrator. I draw lighthouses and dragons.\r\nEN/JP ok",
            "のんびり更新中です",
            "",
        )
    )


def title(rng: Random) -> str:
    """Return a title."""
    if rng.random() < 0.3:
        return f"{rng.choice(_ENGLISH_A)} {rng.choice(_ENGLISH_N)}{rng.choice(_TITLE_TAILS)}"
    return f"{rng.choice(_ADJECTIVES)}{rng.choice(_NOUNS)}{rng.choice(_TITLE_TAILS)}"


def series_title(rng: Random) -> str:
    """Return the title of a series."""
    return f"{rng.choice(_ADJECTIVES)}{rng.choice(_NOUNS)}の話"


def tags(rng: Random, kind: str) -> tuple[str, ...]:
    """Between three and eight tags, those of the kind first, none twice."""
    chosen = [rng.choice(tuple(KIND_TAGS[kind])), *rng.sample(tuple(TAGS), rng.randint(2, 7))]
    return tuple(dict.fromkeys(chosen))


def caption(rng: Random, ref: int) -> str:
    """Return a caption in HTML, possibly empty, possibly naming the work `ref`."""
    return rng.choice(_CAPTIONS).format(ref=ref)


def comment(rng: Random) -> str:
    """Return the text of a comment."""
    return rng.choice(_COMMENTS)


def reply(rng: Random) -> str:
    """Return the text of a reply."""
    return rng.choice(_REPLIES)


def novel_text(rng: Random, novel_id: int, picture_of: int | None) -> str:
    """Return a short story with Pixiv's markup; `picture_of` is a work to embed."""
    pages = []
    for number in range(1, rng.randint(1, 3) + 1):
        body = [rng.choice(_SENTENCES) for _ in range(rng.randint(12, 30))]
        pages.append("\n".join((f"[chapter:第{number}章 {rng.choice(_NOUNS)}]", *body)))
    if picture_of is not None:
        pages[0] += f"\n[pixivimage:{picture_of}]"
    if rng.random() < 0.3:
        pages[-1] += f"\n[uploadedimage:{novel_id * 10 + 1}]\n「これが、その灯台です」"
    if rng.random() < 0.3:
        pages[-1] += "\n[[jumpuri:あとがき > https://www.pixiv.net/]]\n[jump:1]"
    return "\n[newpage]\n".join(pages)
