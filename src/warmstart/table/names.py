"""What column names usually mean, in English and Chinese. Names are compared without case, spaces, `_`, `-` and `.`."""

import re
from collections.abc import Iterable, Sequence

# Likeliest first.
LABELS = tuple(
    """
    label labels 标签 labelid goldlabel target targets class classes 类别 分类 类 category
    categories sentiment 情感 情感倾向 情绪 emotion emotions intent 意图 polarity topic topics 主题
    score scores 分数 得分 评分 rating ratings stars star 星级 similarity 相似度 grade 等级 classlabel
    classid isduplicate duplicate paraphrase entailment toxic toxicity spam isspam
    answerable acceptability stance tag tags y output 结果 coarselabel finelabel
    """.split()
)
TEXTS = tuple(
    """
    text texts 文本 sentence sentences 句子 review reviews 评论 评价 reviewtext content contents 内容
    正文 comment comments 留言 commenttext tweet tweets 微博 body message messages 消息 utterance
    document doc 文档 article 文章 passage paragraph 段落 description 描述 question 问题 query 查询
    premise 前提 abstract 摘要 summary input inputs 输入 prompt post headline title 标题 新闻 news
    subject sms email x
    """.split()
)
PAIRS = (
    ("premise", "hypothesis"), ("question", "sentence"), ("question", "passage"), ("question", "context"),
    ("question", "answer"), ("query", "passage"), ("query", "document"), ("query", "text"), ("query", "title"),
    ("claim", "evidence"), ("context", "response"), ("text", "textpair"), ("sentence", "sentencepair"),
    ("前提", "假设"), ("问题", "答案"), ("问题", "回答"), ("问题", "段落"), ("查询", "文档"), ("原句", "改写"),
)  # fmt: skip
IDS = tuple(
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

_NUMBERED = (("1", "2"), ("a", "b"), ("一", "二"), ("甲", "乙"), ("left", "right"), ("first", "second"), ("0", "1"))


def plain(name: str) -> str:
    """The name as it is compared."""
    return re.sub(r"[\s_.\-]+", "", name).casefold()


def rank(name: str, known: Sequence[str]) -> int:
    """The place of `name` among `known`, likeliest first; `len(known)` if it is not there."""
    try:
        return known.index(plain(name))
    except ValueError:
        return len(known)


def is_id(name: str) -> bool:
    """Whether a column of that name numbers the rows."""
    bare = plain(name)
    return not bare or bare in IDS


def names_label(name: str) -> bool:
    """Whether the name speaks of a label or a class without being one of `LABELS`: `sentiment_label`, `情感标签`."""
    bare = plain(name)
    return bare.endswith(("label", "labels", "class", "category")) or "标签" in bare or "类别" in bare


def is_score(name: str) -> bool:
    """Whether the name speaks of a quantity rather than of classes."""
    return any(word in plain(name) for word in SCORES)


def pair(columns: Iterable[str]) -> tuple[str, str] | None:
    """Two of the columns that belong together: one of `PAIRS`, or a name twice with 1 and 2, a and b ... at its end."""
    by_plain = {plain(name): name for name in columns}
    for one, other in PAIRS:
        if one in by_plain and other in by_plain:
            return by_plain[one], by_plain[other]
    for bare, name in by_plain.items():
        for one, other in _NUMBERED:
            stem = bare.removesuffix(one)
            if stem and stem != bare and stem + other in by_plain:
                return name, by_plain[stem + other]
            head = bare.removeprefix(one)
            if one in ("left", "first") and head != bare and other + head in by_plain:
                return name, by_plain[other + head]
    return None
