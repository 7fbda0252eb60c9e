"""What would most likely make a model better, each by a stated rule from facts of its run."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from warmstart.evaluation.curves import falls_still, rises
from warmstart.messages import N_, _

CUT = 0.05  # share of rows that lost their end
UNKNOWN = 0.05  # share of tokens that the checkpoint has no word for
SURE, MANY_SURE, SHARE_SURE = 0.9, 5, 0.25  # of mistakes: probability, number, share of all mistakes
FEW = 200  # validation rows
RARE = 0.5  # of the median class's training rows

SAID = {
    "language": N_(
        "Another checkpoint would most likely help: {model} has no word for {share:.0%} of the tokens, its vocabulary "
        "is "
        "of another language. Name one that knows it with --model."
    ),
    "longer": N_(
        "Longer inputs would most likely help: {share:.0%} of the rows were cut at {length} tokens. The checkpoint "
        "takes {longest}: --max-length {longest}."
    ),
    "windows": N_(
        "Reading whole texts would most likely help: {share:.0%} of the rows were cut at {length} tokens, the most "
        "that "
        "the checkpoint takes. {option}"
    ),
    "more epochs": N_(
        "More epochs would most likely help: the validation loss was still falling at the end ({before:.3f}, then "
        "{after:.3f}). Try {option}."
    ),
    "fewer epochs": N_(
        "Fewer epochs would most likely help: the validation loss was lowest at epoch {epoch:g} ({least:.3f}) and rose "
        "to {last:.3f}. Try --best, which ends with the best checkpoint."
    ),
    "rows": N_(
        "More rows of {name!r} would most likely help: it has {rows} training rows, the median class has {median}."
    ),
    "labels": N_(
        "Look at the labels: {sure} of {mistakes} mistakes were made with a probability of 0.9 or more. Where the "
        "model "
        "is so sure, the label itself is often wrong; they head the list of mistakes."
    ),
    "validation": N_(
        "Whether it is better cannot be told from {rows} validation rows; more of them would tell: "
        "--validation-fraction 0.3, or --validation FILE."
    ),
}
RULES = {
    "language": N_("Rule: at least 5 % of the tokens of the validation rows are unknown to the tokenizer."),
    "longer": N_("Rule: at least 5 % of the training rows are cut, and the checkpoint takes longer inputs."),
    "windows": N_("Rule: at least 5 % of the training rows are cut at the longest that the checkpoint takes."),
    "more epochs": N_("Rule: the last validation loss is the lowest, and at least 2 % below the one before."),
    "fewer epochs": N_("Rule: the last validation loss is at least 5 % above the lowest, and --best was not given."),
    "rows": N_("Rule: the class fails, and has at most half as many training rows as the median class."),
    "labels": N_("Rule: at least 5 mistakes, and a quarter of all, were made with a probability of 0.9 or more."),
    "validation": N_("Rule: the interval of the difference holds 0, and there are fewer than 200 validation rows."),
}


@dataclasses.dataclass(frozen=True)
class Advice:
    """`rule`: a key of `SAID` and `RULES`; `values`: what goes into the sentence."""

    rule: str
    values: dict[str, Any]

    def sentence(self) -> str:
        """What to do and why, in the user's language."""
        values = {name: _(value) if name == "option" else value for name, value in self.values.items()}
        return _(SAID[self.rule]).format(**values)

    def because(self) -> str:
        """The rule, in the user's language."""
        return _(RULES[self.rule])

    def to_dict(self) -> dict[str, Any]:
        return {"rule": self.rule, "values": self.values}

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> "Advice":
        return cls(saved["rule"], dict(saved["values"]))


@dataclasses.dataclass(frozen=True)
class Circumstances:
    """What a run was, as far as advice depends on it. `longer`: the option that trains twice as long; `cut`: share of
    the training rows that lost their end at `length` tokens; `longest`: what the checkpoint takes; `unknown`: share of
    unknown tokens; `losses`: (epoch, validation loss) in their order; `certainties`: how sure each mistake was, where
    that is a probability; `failing`: (name, training rows) of classes that fail; `median`: training rows of the median
    class; `windows`: whether there is an option that reads long texts whole."""

    model: str
    longer: str
    rows: int
    undecided: bool
    cut: float
    length: int
    longest: int
    unknown: float
    losses: Sequence[tuple[float, float]]
    keeps_best: bool
    certainties: Sequence[float]
    failing: Sequence[tuple[str, int]]
    median: float
    windows: bool = False


WINDOWS = N_("Try --long windows.")
LONGER_MODEL = N_("Name a checkpoint that takes longer inputs with --model, or put what matters first.")


def advise(run: Circumstances) -> list[Advice]:
    """What would help, what stands in the way most first."""
    found = []

    def say(rule: str, **values: Any) -> None:
        found.append(Advice(rule, values))

    if run.unknown >= UNKNOWN:
        say("language", model=run.model, share=run.unknown)
    if run.cut >= CUT and run.length < run.longest:
        say("longer", share=run.cut, length=run.length, longest=run.longest)
    elif run.cut >= CUT:
        say("windows", share=run.cut, length=run.length, option=WINDOWS if run.windows else LONGER_MODEL)
    for name, rows in run.failing:
        if rows <= RARE * run.median:
            say("rows", name=name, rows=rows, median=round(run.median))
    if falls_still(run.losses):
        (_unused, before), (_unused, after) = run.losses[-2:]
        say("more epochs", before=before, after=after, option=run.longer)
    elif rises(run.losses) and not run.keeps_best:
        epoch, least = min(run.losses, key=lambda point: point[1])
        say("fewer epochs", epoch=round(epoch, 2), least=least, last=run.losses[-1][1])
    sure = sum(each >= SURE for each in run.certainties)
    if sure >= max(MANY_SURE, SHARE_SURE * len(run.certainties)):
        say("labels", sure=sure, mistakes=len(run.certainties))
    if run.undecided and run.rows < FEW:
        say("validation", rows=run.rows)
    return found
