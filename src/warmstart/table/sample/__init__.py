"""The built-in data set: pairs of English sentences that say the same thing, or almost the same words and not.

Every pair is worded from facts (see `facts`), so its label is right by construction. What the words of either
sentence, their overlap or their lengths could give away about the label is taken away by how pairs are made: a changed
fact is as likely as the original, and each pair that differs has a twin that does not, of the same shape, in the same
two frames and with about the same overlap (see `pairs`).
"""

from collections.abc import Sequence
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from warmstart.errors import UserError
from warmstart.messages import _
from warmstart.table.sample import earth, home, leisure, public
from warmstart.table.sample.facts import Shape, pick
from warmstart.table.sample.pairs import twins

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

LABELS = ("different", "same")
TOPICS = (
    public.BUSINESS, home.COOKING, leisure.EDUCATION, earth.HISTORY, home.HOUSEHOLD,
    public.LAW, home.MEDICINE, leisure.MUSIC, earth.NATURE, public.NEWS,
    public.POLITICS, earth.SCIENCE, leisure.SPORT, leisure.TECHNOLOGY, home.TRAVEL,
    earth.WEATHER,
)  # fmt: skip
ATTEMPTS = 1_000  # at two new pairs, before giving up because the sentences of a shape are used up


class Row(NamedTuple):
    """One pair of sentences; the fields are the columns."""

    sentence1: str
    sentence2: str
    label: int
    topic: str
    shape: str


def sample(seed: int = 0, train_rows: int = 3200, validation_rows: int = 640) -> "DatasetDict":
    """The data set, with splits "train" and "validation": the same for the same arguments, everywhere.

    Half of the rows of each split are labelled "same", half "different". One shape of each topic is held out of
    training; half of the validation rows are of these shapes. No sentence occurs twice, in one split or in both.

    Args:
        seed: another one gives other sentences, and holds out other shapes.
        train_rows: an even number, 2 or more.
        validation_rows: an even number, 2 or more.

    Raises:
        UserError: if a number of rows is odd or less than 2, or so large that there are not as many sentences.
    """
    from datasets import DatasetDict

    for name, rows in (("train_rows", train_rows), ("validation_rows", validation_rows)):
        if rows < 2 or rows % 2:
            raise UserError(
                _("{name} is {rows}").format(name=name, rows=rows),
                fix=_("give an even number of rows, 2 or more"),
            )
    rng = Random(seed)  # nosec B311 # sentences are drawn, no secret
    unseen = [pick(rng, shapes) for shapes in TOPICS]
    seen = [shape for shapes in TOPICS for shape in shapes if shape not in unseen]
    used: set[str] = set()
    train = _rows(rng, seen, train_rows // 2, used)
    of_seen = validation_rows // 4
    validation = _rows(rng, seen, of_seen, used) + _rows(rng, unseen, validation_rows // 2 - of_seen, used)
    return DatasetDict({"train": _dataset(rng, train), "validation": _dataset(rng, validation)})


def _rows(rng: Random, shapes: Sequence[Shape], twin_pairs: int, used: set[str]) -> list[Row]:
    """Twice as many rows as `twin_pairs`, of each shape equally many; adds their sentences, all new, to `used`."""
    rows = []
    # Shapes take turns, in an order that mixes topics: a small number of rows is not of the first topics only.
    turns = sorted(shapes, key=lambda _unused: rng.random())
    for turn in range(twin_pairs):
        shape = turns[turn % len(turns)]
        for _unused in range(ATTEMPTS):
            pairs = twins(rng, shape) or ()
            sentences = {sentence for pair in pairs for sentence in (pair.sentence1, pair.sentence2)}
            if len(sentences) == 4 and not sentences & used:
                break
        else:
            raise UserError(
                _("there are too few sentences of the shape {name!r}").format(name=shape.name),
                fix=_("ask for fewer rows"),
            )
        used |= sentences
        rows += [Row(*pair, shape.topic, shape.name) for pair in pairs]
    return rows


def _dataset(rng: Random, rows: list[Row]) -> "Dataset":
    from datasets import ClassLabel, Dataset, Features, Value

    string = Value("string")
    label = ClassLabel(names=list(LABELS))
    features = Features(sentence1=string, sentence2=string, label=label, topic=string, shape=string)
    shuffled = sorted(rows, key=lambda _unused: rng.random())
    return Dataset.from_dict(dict(zip(Row._fields, zip(*shuffled, strict=True), strict=True)), features=features)
