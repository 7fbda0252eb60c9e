"""A share of errors that is not to be exceeded, on the command line: how it is asked for, and what is said of it."""

import dataclasses
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from warmstart.cli.show import say
from warmstart.errors import UserError
from warmstart.evaluation.budget import Budget, percent
from warmstart.heads.head import Head
from warmstart.messages import _
from warmstart.runs.held_out import budget as promise
from warmstart.runs.held_out import confidence_of
from warmstart.runs.saved import SavedRun

DECISION = "decision"  # the column
ANSWERED, PERSON = "answered", "person"
SHARE = re.compile(r"(\d+|\d*\.\d+)\s*(%?)")


def asked(saved: SavedRun, max_error: str | None, confidence: str | None) -> Budget | None:
    """What the run promises for both options; None where neither is given. Raises UserError for what is no share, and
    where the run can promise nothing."""
    if max_error is None:
        if confidence is not None:
            raise UserError(
                _("--confidence says nothing without --max-error"),
                f"--confidence {confidence}",
                _("add --max-error 5%, or leave it out"),
            )
        return None
    sure = share("95%" if confidence is None else confidence, "--confidence", "95%")
    return promise(saved, share(max_error, "--max-error", "5%"), sure)


def share(given: str, option: str, example: str) -> float:
    """`5%`, `5 %`, `2,5%` or `0.05`, in wide characters too, as a number above 0 and below 1. Raises UserError for
    anything else, 5 too: is it 5 % or 500 %?"""
    found = SHARE.fullmatch(unicodedata.normalize("NFKC", given).strip().replace(",", "."))
    value = float(found[1]) / (100 if found[2] else 1) if found else 0.0
    if not 0 < value < 1:
        raise UserError(
            _("{given!r} is no share between 0 and 1").format(given=given),
            option,
            f"{option} {example}, {option} {share(example, option, example):g}",
        )
    return value


@dataclasses.dataclass(frozen=True)
class Decisions:
    """Which rows are answered, bool [rows], within a budget; both None where there is none, and nothing is said."""

    budget: Budget | None
    answers: np.ndarray[Any, Any] | None

    @classmethod
    def of(cls, budget: Budget | None, head: Head, logits: np.ndarray[Any, Any]) -> "Decisions":
        return cls(budget, None if budget is None else budget.answers(confidence_of(head, logits)))

    def beside(self, found: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """The rows of predictions, each with its decision behind the prediction itself."""
        if self.answers is None:
            yield from found
            return
        for row, is_answered in zip(found, self.answers.tolist(), strict=True):
            prediction = {"prediction": row.pop("prediction")}
            yield {**prediction, DECISION: ANSWERED if is_answered else PERSON, **row}

    def facts(self) -> dict[str, Any]:
        """What JSON says of them."""
        if self.budget is None or self.answers is None:
            return {}
        return {"answered": int(self.answers.sum()), "error_budget": self.budget.to_dict()}

    def tell_one(self, found: dict[str, Any]) -> None:
        """Say what is decided of a single text, and take it out of what was found."""
        if self.budget is None:
            return
        print(_("a person should look") if found.pop(DECISION) == PERSON else _("answered within the error budget"))
        self._tell_why(self.budget)

    def tell_all(self) -> None:
        """Say how many rows of a table are answered."""
        if self.budget is None or self.answers is None:
            return
        say(
            _(
                "column {column}: {answered:,} of {rows:,} rows are answered, {left:,} are for a person to look at"
            ).format(
                column=DECISION,
                answered=self.answers.sum(),
                rows=len(self.answers),
                left=(~self.answers).sum(),
            )
        )
        self._tell_why(self.budget)

    def _tell_why(self, budget: Budget) -> None:
        for line in told(budget):
            say(line)


def told(budget: Budget) -> list[str]:
    """What is promised, and by which rows."""
    coverage, low, high = budget.coverage
    error, most = budget.error
    lines = [
        _(
            "with a confidence of {sure}, at most {share} of the answers are wrong, as long as rows are like the "
            "held-out ones"
        ).format(sure=percent(budget.confidence), share=percent(budget.max_error)),
        _(
            "of {rows:,} held-out rows {coverage:.1%} ({low:.1%} to {high:.1%}) are answered, and of these {wrong:,} "
            "are wrong: {error:.1%} (at most {most:.1%}); the bounds are exact binomial ones"
        ).format(rows=budget.rows, wrong=budget.wrong, coverage=coverage, low=low, high=high, error=error, most=most),
    ]
    if budget.chosen:
        lines.append(
            _(
                "the checkpoint was chosen on the held-out rows, so that the promise is somewhat too good; strictly it "
                "holds for runs without --best and --patience"
            )
        )
    return lines
