"""Labels that do not fit a model's own loss: their range, type and shape."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import nn

from warmstart.messages import _

OF_A_ROW = ("ForSequenceClassification", "ForImageClassification", "ForVideoClassification")
OF_TOKENS = ("ForTokenClassification",)
OF_WORDS = ("ForCausalLM", "LMHeadModel", "ForMaskedLM")


@dataclasses.dataclass(frozen=True)
class Slip:
    """What is wrong with a batch, and how to mend it. `rows`: bool `[rows]`, in which of them it is, if in some;
    `sure`: the run would fail over it, or learn nonsense, whatever the model's own code does."""

    problem: str
    fix: str
    rows: torch.Tensor | None = None
    sure: bool = True


def slips(model: nn.Module, batch: Mapping[str, Any], columns: Sequence[str]) -> Iterator[Slip]:
    """What is wrong with `labels`. `columns`: of the data set, as far as they are known."""
    labels, config = batch.get("labels"), getattr(model, "config", None)
    if labels is None or config is None:
        return
    kind = type(model).__name__
    column = next((name for name in ("label", "labels", "label_ids") if name in columns), "labels")
    if not isinstance(labels, torch.Tensor):
        yield Slip(
            _("labels are a {type}, and not a tensor").format(type=type(labels).__name__),
            _("let data_collator end with: batch['labels'] = torch.tensor(batch['labels'])"),
            sure=False,
        )
    elif kind.endswith(OF_A_ROW):
        yield from _of_a_row(labels, int(config.num_labels), config.problem_type, column)
    elif kind.endswith(OF_TOKENS):
        yield from _of_tokens(labels, batch.get("input_ids"), int(config.num_labels), column)
    elif kind.endswith("ForMultipleChoice") and isinstance(batch.get("input_ids"), torch.Tensor):
        yield from _range(labels, int(batch["input_ids"].shape[1]), column)
    elif kind.endswith(OF_WORDS) and not labels.is_floating_point() and hasattr(config, "vocab_size"):
        yield from _range(labels, int(config.vocab_size), column)


def _of_a_row(labels: torch.Tensor, count: int, problem_type: str | None, column: str) -> Iterator[Slip]:
    """As `transformers` reads `problem_type`, or takes it from the labels where it is not told."""
    whole = not labels.is_floating_point() and labels.dtype != torch.bool
    if problem_type == "regression" or (problem_type is None and count == 1):
        yield from _numbers(labels, count, column)
    elif problem_type == "single_label_classification" or (problem_type is None and (whole or labels.ndim < 2)):
        yield from _classes(labels, count, column)
    else:
        yield from _several(labels, count, column)


def _classes(labels: torch.Tensor, count: int, column: str) -> Iterator[Slip]:
    if labels.dtype == torch.bool:
        yield Slip(
            _("labels are booleans, and classes are whole numbers"),
            f"dataset = dataset.cast_column({column!r}, Value('int64'))",
        )
    elif labels.is_floating_point():
        yield Slip(
            _("labels are {dtype}, and classes are whole numbers").format(dtype=name_of(labels.dtype)),
            _(
                "dataset = dataset.cast_column({column!r}, Value('int64')); or, to predict a number, load the model "
                "with num_labels=1"
            ).format(column=column),
            sure=False,
        )
    elif labels.ndim == 2 and labels.shape[1] == count > 1:
        yield Slip(
            _("labels have shape {shape}: several a row, which have to be floats").format(shape=list(labels.shape)),
            f"dataset = dataset.cast_column({column!r}, Sequence(Value('float32')))",
            sure=False,
        )
    elif labels.numel() != len(labels):
        yield Slip(
            _("labels have shape {shape}, and the model wants one class a row").format(shape=list(labels.shape)),
            _("give one whole number a row; for several labels a row, floats, and as many as num_labels"),
            sure=False,
        )
    else:
        yield from _range(labels, count, column)


def _range(labels: torch.Tensor, count: int, column: str) -> Iterator[Slip]:
    """Classes are counted from 0; -100 says that there is none."""
    if labels.is_floating_point():
        return
    wrong = (labels >= count) | ((labels < 0) & (labels != -100))
    if not bool(wrong.any()):
        return
    known = labels[labels != -100]
    low, high = int(known.min()), int(known.max())
    problem = _("labels go from {low} to {high}, and the model has the classes 0 to {last}").format(
        low=low, high=high, last=count - 1
    )
    fix = _("load the model with num_labels={needed}, or look at these rows").format(needed=high + 1)
    if low >= 1 and high == count:
        fix = _(
            "count from 0: dataset = dataset.map(lambda row: {{{column!r}: row[{column!r}] - 1}}); "
            "or load the model with num_labels={needed}"
        ).format(column=column, needed=high + 1)
    elif low < 0:
        fix = _("leave rows without a label out: dataset = dataset.filter(lambda row: row[{column!r}] >= 0)").format(
            column=column
        )
    yield Slip(problem, fix, rows=any_of(wrong))


def _several(labels: torch.Tensor, count: int, column: str) -> Iterator[Slip]:
    if labels.ndim != 2 or labels.shape[1] != count:
        yield Slip(
            _("labels have shape {shape}, and the model has {count} of them a row").format(
                shape=list(labels.shape), count=count
            ),
            _(
                "give each row {count} numbers, 1.0 or 0.0, or load the model with as many num_labels as there are"
            ).format(count=count),
            sure=False,
        )
    elif not labels.is_floating_point():
        yield Slip(
            _("labels are {dtype}, and several labels a row have to be floats").format(dtype=name_of(labels.dtype)),
            f"dataset = dataset.cast_column({column!r}, Sequence(Value('float32')))",
            sure=False,
        )
    elif bool(((labels < 0) | (labels > 1)).any()):
        yield Slip(
            _("several labels a row are 1.0 or 0.0 each, and here is {value:g}").format(
                value=float(labels[(labels < 0) | (labels > 1)][0])
            ),
            _("give each row a 1.0 for a label that it has, and a 0.0 for one that it has not"),
            rows=((labels < 0) | (labels > 1)).any(1),
        )


def _numbers(labels: torch.Tensor, count: int, column: str) -> Iterator[Slip]:
    if count > 1 and (labels.ndim != 2 or labels.shape[1] != count):
        yield Slip(
            _("labels have shape {shape}, and the model predicts {count} numbers a row").format(
                shape=list(labels.shape), count=count
            ),
            _("load the model with num_labels=1, or with as many as a row has numbers"),
        )
    elif count == 1 and labels.numel() != len(labels):
        yield Slip(
            _("labels have shape {shape}, and the model predicts one number a row").format(shape=list(labels.shape)),
            _("load the model with num_labels={needed}").format(needed=labels.shape[-1]),
        )


def _of_tokens(labels: torch.Tensor, ids: Any, count: int, column: str) -> Iterator[Slip]:
    if isinstance(ids, torch.Tensor) and labels.shape != ids.shape:
        yield Slip(
            _("labels have shape {shape}, and tokens {ids}: there is one for each token").format(
                shape=list(labels.shape), ids=list(ids.shape)
            ),
            _(
                "align labels with tokens by word_ids(), and pad them: "
                "data_collator=DataCollatorForTokenClassification(tokenizer)"
            ),
            sure=False,
        )
        return
    yield from _range(labels, count, column)


def any_of(wrong: torch.Tensor) -> torch.Tensor:
    """In which rows anything is wrong: bool `[rows]` of bool `[rows, ...]`."""
    return wrong.reshape(len(wrong), -1).any(1)


def name_of(dtype: torch.dtype) -> str:
    """`int64`, without the library's name."""
    return str(dtype).removeprefix("torch.")
