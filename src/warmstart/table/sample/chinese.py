"""The built-in Chinese data set: short reviews that praise one thing and blame another.

What is said after 但是 counts, and what is conceded with 虽然 does not. Each such review has a twin of the other label
in which the two clauses have changed places: the same characters, and nearly all the same neighbours. Whoever counts
words is right in half of them; one has to know what the small words do. Some clauses are negated as well: 一点也不脏.
A third of the reviews praises or blames both things: from these a model learns quickly what praise is.
"""

from random import Random
from typing import TYPE_CHECKING, NamedTuple

from warmstart.table.sample.facts import pick

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

LABELS = ("差评", "好评")
# Of each topic its sides, each with what praises and what blames it.
TOPICS: dict[str, dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "酒店": {
        "房间": (("干净", "宽敞", "安静"), ("脏", "狭小", "吵")),
        "前台": (("热情", "周到", "有礼貌"), ("冷淡", "敷衍", "不耐烦")),
        "早餐": (("丰盛", "可口"), ("单调", "难吃")),
        "位置": (("方便", "好找"), ("偏僻", "难找")),
    },
    "餐馆": {
        "味道": (("地道", "鲜美", "可口"), ("一般", "油腻", "奇怪")),
        "分量": (("足", "实在"), ("少", "小气")),
        "环境": (("雅致", "干净", "舒服"), ("嘈杂", "脏乱", "闷")),
        "上菜": (("快", "及时"), ("慢", "拖拉")),
    },
    "图书": {
        "故事": (("精彩", "感人", "紧凑"), ("老套", "拖沓", "乏味")),
        "文笔": (("优美", "流畅"), ("生硬", "啰嗦")),
        "印刷": (("清晰", "精美"), ("模糊", "粗糙")),
        "译文": (("准确", "通顺"), ("混乱", "别扭")),
    },
    "手机": {
        "屏幕": (("清晰", "细腻", "亮"), ("模糊", "暗", "刺眼")),
        "电池": (("耐用", "可靠"), ("不经用", "容易发烫")),
        "信号": (("稳定", "好"), ("差", "不稳定")),
        "做工": (("精致", "结实"), ("粗糙", "马虎")),
    },
    "网购": {
        "包装": (("严实", "讲究"), ("破烂", "简陋")),
        "物流": (("快", "准时"), ("慢", "拖拉")),
        "客服": (("耐心", "热情"), ("敷衍", "傲慢")),
        "质量": (("好", "过硬"), ("差", "糟糕")),
    },
    "课程": {
        "讲解": (("清楚", "生动", "透彻"), ("含糊", "枯燥", "混乱")),
        "作业": (("合理", "有用"), ("太多", "没有意义")),
        "老师": (("耐心", "认真"), ("随便", "严厉得过分")),
        "教室": (("明亮", "安静"), ("拥挤", "闷热")),
    },
}
DEGREES = ("很", "非常", "特别", "相当", "实在是", "确实")
DENIED = ("一点也不", "并不", "完全不")
OPENINGS = (
    "", "说说感受：", "总的来说，", "朋友推荐的，", "第二次了，", "客观地讲，", "期待了很久，", "凭良心说，",
    "实话实说，",
)  # fmt: skip
# A is conceded, B is what counts.
FRAMES = (
    "虽然{A}，但是{B}。", "虽然{A}，不过{B}。", "尽管{A}，{B}。", "尽管{A}，可是{B}。", "{B}，虽然{A}。",
    "{B}，尽管{A}。", "{A}，但是{B}。", "{A}，然而{B}。", "就算{A}，还是觉得{B}。", "{B}，就算{A}。",
)  # fmt: skip
AND = ("{A}，{B}。", "{A}，而且{B}。", "不但{A}，{B}。", "{A}，{B}，就是这样。")
AGREEING = 1 / 3  # of the reviews say the same twice
NEGATED = 0.25  # of the clauses
CANNOT_BE_DENIED = ("不", "没", "太", "容易", "一般")  # what begins so


class Row(NamedTuple):
    """One review; the fields are the columns."""

    评论: str
    情感: int


def sample(seed: int = 0, train_rows: int = 1200, validation_rows: int = 240) -> "DatasetDict":
    """The data set, with splits "train" and "validation": the same for the same arguments, everywhere.

    Half of the rows of each split are of each label. One topic is held out of training; half of the validation rows are
    of it. No review occurs twice, in one split or in both. Both numbers of rows are multiples of 4.
    """
    from datasets import DatasetDict

    rng = Random(seed)  # nosec B311 # sentences are drawn, no secret
    unseen = pick(rng, tuple(TOPICS))
    seen = [topic for topic in TOPICS if topic != unseen]
    used: set[str] = set()
    train = _rows(rng, seen, train_rows // 2, used)
    validation = [*_rows(rng, seen, validation_rows // 4, used), *_rows(rng, [unseen], validation_rows // 4, used)]
    return DatasetDict({"train": _dataset(rng, train), "validation": _dataset(rng, validation)})


def _rows(rng: Random, topics: list[str], twins: int, used: set[str]) -> list[Row]:
    """Twice as many rows as `twins`, of each topic equally many; adds their reviews, all new, to `used`."""
    rows: list[Row] = []
    while len(rows) < 2 * twins:
        topic = topics[len(rows) // 2 % len(topics)]
        pair = _twins(rng, topic)
        if not used & {row.评论 for row in pair}:
            used |= {row.评论 for row in pair}
            rows += pair
    return rows


def _twins(rng: Random, topic: str) -> tuple[Row, Row]:
    praised, blamed = rng.sample(sorted(TOPICS[topic]), 2)
    if rng.random() < AGREEING:
        frame = pick(rng, OPENINGS) + pick(rng, AND)
        both = ({"A": _clause(rng, topic, praised, good), "B": _clause(rng, topic, blamed, good)} for good in (1, 0))
        one, other = (frame.format(**clauses) for clauses in both)
        return Row(one, 1), Row(other, 0)
    good, bad = _clause(rng, topic, praised, 1), _clause(rng, topic, blamed, 0)
    frame = pick(rng, OPENINGS) + pick(rng, FRAMES)
    return Row(frame.format(A=bad, B=good), 1), Row(frame.format(A=good, B=bad), 0)


def _clause(rng: Random, topic: str, side: str, good: int) -> str:
    """What praises a side, or blames it, perhaps by denying the contrary."""
    praise, blame = TOPICS[topic][side]
    said, contrary = (praise, blame) if good else (blame, praise)
    deniable = tuple(word for word in contrary if not word.startswith(CANNOT_BE_DENIED))
    if deniable and rng.random() < NEGATED:
        return side + pick(rng, DENIED) + pick(rng, deniable)
    word = pick(rng, said)
    return side + ("" if word.startswith(CANNOT_BE_DENIED) else pick(rng, DEGREES)) + word


def _dataset(rng: Random, rows: list[Row]) -> "Dataset":
    from datasets import ClassLabel, Dataset, Features, Value

    features = Features(评论=Value("string"), 情感=ClassLabel(names=list(LABELS)))
    shuffled = sorted(rows, key=lambda _unused: rng.random())
    return Dataset.from_dict(dict(zip(Row._fields, zip(*shuffled, strict=True), strict=True)), features=features)
