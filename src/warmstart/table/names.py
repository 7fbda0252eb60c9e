"""What column names usually mean, in English and Chinese. Names are compared without case, spaces, `_`, `-` and `.`."""

import re
from collections.abc import Iterable

# How much a name says for a label, and for a text. Of names that say the same the values decide, or the user.
LABELS = {
    8: "label labels labelid goldlabel class classes classlabel classid 标签 类别 分类 类",
    6: """
    target targets category categories sentiment emotion emotions intent topic topics stance
    情感 情感倾向 情绪 意图 主题 coarselabel finelabel
    """,
    5: """
    polarity score scores rating ratings stars star similarity grade 分数 得分 评分 星级 相似度 等级
    isduplicate duplicate paraphrase entailment answerable acceptability toxic toxicity spam isspam
    """,
    3: "tag tags y output 结果",
    1.5: "type kind verdict outcome decision judgment quality genre 类型 性质",
}
TEXTS = {
    7: "text texts 文本",
    6: """
    sentence sentences 句子 review reviews 评论 评价 reviewtext content contents 内容 正文 comment comments 留言
    commenttext tweet tweets 微博 body message messages 消息 utterance document doc 文档 article 文章 passage
    paragraph 段落
    """,
    5: "description 描述 question 问题 query 查询 premise 前提 abstract 摘要 input inputs 输入 prompt post",
    3.5: "summary headline title 标题 新闻 news subject sms email x",
}
PAIRS = (
    ("premise", "hypothesis"), ("question", "sentence"), ("question", "passage"), ("question", "context"),
    ("question", "answer"), ("query", "passage"), ("query", "document"), ("query", "text"), ("query", "title"),
    ("claim", "evidence"), ("context", "response"), ("text", "textpair"), ("sentence", "sentencepair"),
    ("前提", "假设"), ("问题", "答案"), ("问题", "回答"), ("问题", "段落"), ("查询", "文档"), ("原句", "改写"),
)  # fmt: skip
IDS = frozenset(
    """
    id ids idx index guid uid uuid rowid pairid promptid unnamed0 level0 编号 序号 索引 hash key
    userid itemid docid sentenceid textid
    """.split()
)
SCORES = tuple(
    """
    score 分数 得分 评分 rating similarity 相似度 price 价格 grade
    """.split()
)
GLUE = tuple(
    """
    cola sst2 mrpc qqp stsb mnli mnli_matched mnli_mismatched qnli rte wnli hans ax
    """.split()
)

# Words in the name of a column that counts, measures or describes a row, which one seldom learns to predict.
COUNTS = frozenset(
    """
    count counts num number votes vote likes like views shares retweets favorites useful funny cool helpful helpfulness
    confidence probability weight length size width height age year month day hour date time timestamp created updated
    latitude longitude lat lon lng coord price
    """.split()
)
ABOUT = frozenset(
    """
    user username author authors name names screenname email url link source publisher brand product product's vendor
    location city state country timezone zip phone language lang gender version platform device split fold verified
    vine marketplace critic flag keyword keywords status channel
    """.split()
)
ABOUT_CHINESE = (
    "数",
    "数量",
    "次数",
    "时间",
    "日期",
    "用户",
    "作者",
    "昵称",
    "性别",
    "年龄",
    "城市",
    "地区",
    "来源",
    "置信度",
)
# Words in the name of a column of strings that nobody reads, or that another column says better.
NO_TEXT = frozenset(
    """
    url link path file filename image images html parse id ids author authors name names user username location
    date time hash token tokens lemmas tags timezone keyword keywords
    """.split()
)
WORKED_OVER = frozenset("clean cleaned processed preprocessed selected stemmed lemmatized normalized".split())
FORMS = frozenset("id index idx name names text num number value desc description code str string en zh cn".split())

_NUMBERED = (("1", "2"), ("a", "b"), ("一", "二"), ("甲", "乙"), ("left", "right"), ("first", "second"), ("0", "1"))
_BETWEEN = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")  # words of `camelCase`
_LABEL_WITHIN = re.compile("标签|类别|分类|情感|意图")
_TEXT_WITHIN = re.compile("文本|评论|内容|正文|句子")
_LABEL_OF = {name: points for points, names in LABELS.items() for name in names.split()}
_TEXT_OF = {name: points for points, names in TEXTS.items() for name in names.split()}


def plain(name: str) -> str:
    """The name as it is compared."""
    return re.sub(r"[\s_.\-]+", "", name).casefold()


def words(name: str) -> list[str]:
    """The words that a name is made of: `airline_sentiment`, `OriginalTweet`, `Class Index`."""
    return [word.casefold() for word in re.findall(r"[^\W\d_]+|\d+", _BETWEEN.sub(" ", name))]


def is_id(name: str) -> bool:
    """Whether a column of that name numbers the rows."""
    bare = plain(name)
    return not bare or bare in IDS


def label(name: str) -> float:
    """How much the name says for a label: `label` most, `airline_sentiment` and `情感标签` much, `label_text` less."""
    bare, parts = plain(name), words(name)
    if bare in _LABEL_OF:
        return _LABEL_OF[bare]
    known = [min(_LABEL_OF.get(part, 0), 6) for part in parts]
    if known and known[-1]:
        return known[-1] - 1
    if bare.endswith(("label", "labels", "class", "category")) or _LABEL_WITHIN.search(bare):
        return 5
    if len(parts) == 2 and known[0] and parts[1] in FORMS:
        return known[0] - 2
    return min(max(known, default=0), 1)


def text(name: str) -> float:
    """How much the name says for a text: `text` most, `OriginalTweet` much, `clean_text` less."""
    bare, parts = plain(name), words(name)
    if bare in _TEXT_OF:
        return _TEXT_OF[bare]
    known = max((_TEXT_OF.get(part, 0) for part in parts[-1:]), default=0)
    if not known and _TEXT_WITHIN.search(bare):
        known = 6
    return max(known - 1, 0) - (1 if WORKED_OVER & {*parts} else 0)


def tells_about(name: str) -> float:
    """How much the name says against a label: that it counts or numbers rows, or tells who, where and when."""
    bare, parts = plain(name), words(name)
    if bare in _LABEL_OF:
        return 0
    if is_id(name) or (parts and parts[-1] in IDS and not label(name)) or COUNTS & {*parts}:
        return 4
    return 2 if ABOUT & {*parts} or bare.endswith(ABOUT_CHINESE) else 0


def is_no_text(name: str) -> bool:
    """Whether the name says that nobody reads the column: an address, an author, a parse."""
    return plain(name) not in _TEXT_OF and bool(NO_TEXT & {*words(name)} or plain(name).endswith(ABOUT_CHINESE))


def is_score(name: str) -> bool:
    """Whether the name speaks of a quantity rather than of classes."""
    return any(word in plain(name) for word in SCORES)


def pairs(columns: Iterable[str]) -> list[tuple[str, str]]:
    """Two of the columns that belong together, in each way that they do: as one of `PAIRS`; where there is none of
    those, a name twice with 1 and 2, a and b ... at its end, at its beginning or within it."""
    by_plain = {plain(name): name for name in columns}
    found = [(by_plain[one], by_plain[other]) for one, other in PAIRS if one in by_plain and other in by_plain]
    for bare, name in by_plain.items():
        for one, other in _NUMBERED:
            stem, head = bare.removesuffix(one), bare.removeprefix(one)
            if stem and stem != bare and stem + other in by_plain:
                found.append((name, by_plain[stem + other]))
            elif one in ("left", "first") and head != bare and other + head in by_plain:
                found.append((name, by_plain[other + head]))
    if not found:
        inner = ((bare, bare.replace("1", "2", 1)) for bare in by_plain)
        found = [(by_plain[one], by_plain[other]) for one, other in inner if other != one and other in by_plain]
    return list(dict.fromkeys(found))
