"""Why rows could not become a batch: what a collator stumbles over, seen in the rows themselves."""

import inspect
import itertools
from collections.abc import Iterator, Mapping, Sequence, Sized
from typing import Any

from warmstart.batches.dataloaders import is_stream
from warmstart.batches.tokens import TokenTable
from warmstart.engine.losses import base_model
from warmstart.messages import _
from warmstart.trainer.label_slips import Slip
from warmstart.trainer.whole import Whole

MOST = 1_000  # rows that are looked at


def columns_of(dataset: Any) -> list[str]:
    """The names of a data set's columns, as far as it tells them."""
    return list(getattr(dataset, "column_names", None) or [])


def of_padding(error: BaseException) -> Slip | None:
    """What tokenizers and models say where there is no token to pad with."""
    said = str(error).lower()
    if "padding token" not in said:
        return None
    return Slip(
        _("there is no padding token, and the rows of a batch are padded to the longest"),
        "tokenizer.pad_token = tokenizer.eos_token; model.config.pad_token_id = tokenizer.pad_token_id",
    )


def of_rows(trainer: Whole, dataset: Any, columns: Sequence[str]) -> Slip | None:
    """What is wrong with the first rows that have something wrong with them."""
    inner: Any = base_model(trainer.model)
    names = list(inspect.signature(inner.forward).parameters)
    labels = [name for name in ("label", "labels", "label_ids") if name in columns or not columns]
    main = getattr(inner, "main_input_name", "input_ids")
    first: dict[str, int] = {}
    slip: Slip | None = None
    for number, row in enumerate(_rows(dataset)):
        if main == "input_ids" and main not in row and "inputs_embeds" not in row:
            return _not_tokenised(row)
        for name in labels:
            if (found := _of_label(name, row.get(name, 0), number)) is not None:
                return found
        for name in (*labels, *names):
            value = row.get(name)
            length = len(value) if isinstance(value, Sized) and not isinstance(value, str) else None
            if length is not None and first.setdefault(name, length) != length:
                slip = slip or _unequal(name, first[name], length)
                if name in labels:
                    return _unequal_labels(name, first[name], length)
    return slip


def _rows(dataset: Any) -> Iterator[Mapping[str, Any]]:
    """The first rows, where looking at them takes them from nobody."""
    if dataset is None or isinstance(dataset, TokenTable) or is_stream(dataset):
        return
    for number in itertools.islice(range(len(dataset)), MOST):
        try:
            row = dataset[number]
        except Exception:  # whatever the user's own code raises has been told already
            return
        if not isinstance(row, Mapping):
            return
        yield row


def _not_tokenised(row: Mapping[str, Any]) -> Slip:
    name = next((name for name, value in row.items() if isinstance(value, str)), "text")
    return Slip(
        _("the rows have no input_ids: they have not been tokenised; there are {names}").format(names=", ".join(row)),
        f"dataset = dataset.map(lambda rows: tokenizer(rows[{name!r}], truncation=True), batched=True)",
    )


def _of_label(name: str, value: Any, number: int) -> Slip | None:
    if isinstance(value, str):
        return Slip(
            _("labels are texts ({value!r}), and a model learns numbers").format(value=value[:40]),
            f"dataset = dataset.class_encode_column({name!r})",
        )
    if value is None:
        return Slip(
            _("row {number} has no label").format(number=number + 1),
            f"dataset = dataset.filter(lambda row: row[{name!r}] is not None)",
        )
    return None


def _unequal(name: str, one: int, other: int) -> Slip:
    return Slip(
        _("rows of {name} have {one} and {other} tokens, and nothing pads them").format(
            name=name, one=one, other=other
        ),
        _("Trainer(..., processing_class=tokenizer), or data_collator=DataCollatorWithPadding(tokenizer)"),
    )


def _unequal_labels(name: str, one: int, other: int) -> Slip:
    return Slip(
        _("{name} have {one} and {other} entries, and nothing pads them").format(name=name, one=one, other=other),
        _("data_collator=DataCollatorForTokenClassification(tokenizer), which pads labels with -100"),
    )
