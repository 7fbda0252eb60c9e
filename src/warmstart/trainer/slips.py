"""What is wrong with a batch for a model, as far as one can see: plain checks, in words that torch does not have."""

import dataclasses
import inspect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import nn

from warmstart.engine.losses import base_model
from warmstart.errors import examples
from warmstart.messages import _
from warmstart.trainer import label_slips
from warmstart.trainer.label_slips import Slip, any_of, name_of

# What models call the table of places that a token can have; a relative position has none.
PLACES = {"position_embeddings", "position_embedding", "embed_positions", "positions_embed", "wpe"}
NO_LABELS_NO_LOSS = ("ForSequenceClassification", "ForTokenClassification", "ForMultipleChoice", "ForQuestionAnswering")


@dataclasses.dataclass(frozen=True)
class Seen:
    """What there is to look at: a padded `batch` of `columns` (those of the data set, as far as they are known), and
    whether the model is to learn from it. `asks_for_loss`: with the model's own loss."""

    model: nn.Module
    batch: Mapping[str, Any]
    label_names: Sequence[str]
    columns: Sequence[str]
    training: bool
    asks_for_loss: bool


def slips(seen: Seen) -> Iterator[Slip]:
    """Everything that is wrong, what is nearest to its cause first."""
    yield from _names(seen)
    ids = seen.batch.get("input_ids")
    if isinstance(ids, torch.Tensor):
        yield from _ids(base_model(seen.model), ids, is_text_alone="pixel_values" not in seen.batch)
        yield from _beside_ids(base_model(seen.model), ids, seen.batch)
        yield from _width(base_model(seen.model), ids, seen.batch)
    if seen.asks_for_loss:
        yield from label_slips.slips(base_model(seen.model), seen.batch, seen.columns)


def _names(seen: Seen) -> Iterator[Slip]:
    """What the model's `forward` takes, and what the batch has."""
    inner, batch = base_model(seen.model), seen.batch
    taken = inspect.signature(inner.forward).parameters
    named = {name: each for name, each in taken.items() if not str(each).startswith("*")}
    inputs = [name for name in batch if name not in seen.label_names]
    main = getattr(inner, "main_input_name", None)
    lacks_main = main in named and main not in batch and "inputs_embeds" not in batch
    if lacks_main:
        yield Slip(
            _("the batch has no {main}: the rows have not been tokenised").format(main=main),
            _(
                "dataset = dataset.map(lambda rows: tokenizer(rows['text'], truncation=True), batched=True); "
                "the columns are: {columns}"
            ).format(columns=", ".join(seen.columns) or "-"),
            sure=not inputs,
        )
    if len(named) == len(taken):
        for name in batch:
            if name not in named:
                yield unknown(name, inner)
    for name, each in named.items():
        if each.default is each.empty and name not in batch and not lacks_main:
            yield Slip(
                _("the model's forward needs {name!r}, and the batch has {names}").format(
                    name=name, names=", ".join(batch)
                ),
                _("let the data set, or data_collator, give {name!r}").format(name=name),
            )
    if seen.asks_for_loss and seen.training:
        yield from _no_loss(inner, seen)


def rename_labels(column: str, label_names: Sequence[str]) -> str:
    """How a column of labels gets the name that it is looked for under."""
    return _("name the column of labels so: dataset = dataset.rename_column({other!r}, {expected!r})").format(
        other=column, expected=label_names[0] if label_names else "labels"
    )


def unknown(name: str, model: nn.Module) -> Slip:
    """The batch has something of this name, and the model does not take it."""
    return Slip(
        _("the forward of {type} takes no {name!r}").format(type=type(model).__name__, name=name),
        _("leave remove_unused_columns at True, or: dataset = dataset.remove_columns({name!r})").format(name=name),
    )


def _no_loss(model: nn.Module, seen: Seen) -> Iterator[Slip]:
    from transformers.models.auto.modeling_auto import MODEL_MAPPING_NAMES

    model_type = type(model).__name__
    if model_type in MODEL_MAPPING_NAMES.values():
        yield Slip(
            _("{type} gives no loss: it has no head, and takes no labels").format(type=model_type),
            _("load it with a head: AutoModelForSequenceClassification.from_pretrained(...)"),
        )
    elif model_type.endswith(NO_LABELS_NO_LOSS) and not any(name in seen.batch for name in seen.label_names):
        used = {*seen.batch, *inspect.signature(model.forward).parameters}
        others = [name for name in seen.columns if name not in used] or ["..."]
        yield Slip(
            _(
                "the batch has no labels, and so {type} gives no loss: it takes {expected}, and was given {names}"
            ).format(type=model_type, expected=", ".join(seen.label_names), names=", ".join(seen.batch)),
            rename_labels(others[-1], seen.label_names),
        )


def _ids(model: nn.Module, ids: torch.Tensor, *, is_text_alone: bool) -> Iterator[Slip]:
    """Token ids, and the table that they are looked up in."""
    if ids.ndim > 1 and ids.numel() == 0:
        yield Slip(
            _("a batch of rows without any token"),
            "dataset = dataset.filter(lambda row: len(row['input_ids']) > 0)",
        )
        return
    if ids.is_floating_point() and _word_table(model) is None:
        return  # the model has no table to look them up in: what it is given are numbers
    if ids.is_floating_point():
        yield Slip(
            _("input_ids are {dtype}, and token ids are whole numbers").format(dtype=name_of(ids.dtype)),
            "dataset = dataset.cast_column('input_ids', Sequence(Value('int64')))",
        )
        return
    size = _rows_of(_word_table(model))
    if size is None or not hasattr(getattr(model, "config", None), "vocab_size"):
        return
    beyond = ids >= size
    if bool(beyond.any()):
        yield Slip(
            _("token id {id} is not in the model's table, which has {size}").format(id=int(ids[beyond][0]), size=size),
            _("use the model's own tokenizer; or, if you added tokens: model.resize_token_embeddings(len(tokenizer))"),
            rows=any_of(beyond),
        )
    elif is_text_alone and bool((ids < 0).any()):
        yield Slip(
            _("token id {id} is negative").format(id=int(ids.min())),
            _("pad input_ids with the tokenizer's pad_token_id; -100 is for labels alone"),
            rows=any_of(ids < 0),
        )


def _beside_ids(model: nn.Module, ids: torch.Tensor, batch: Mapping[str, Any]) -> Iterator[Slip]:
    """What has a number for each token."""
    for name in ("attention_mask", "token_type_ids"):
        value = batch.get(name)
        if isinstance(value, torch.Tensor) and value.ndim == 2 == ids.ndim and value.shape != ids.shape:
            yield Slip(
                _("{name} has shape {shape}, and input_ids {ids}").format(
                    name=name, shape=list(value.shape), ids=list(ids.shape)
                ),
                _("pad both alike, as DataCollatorWithPadding(tokenizer) does"),
                sure=False,
            )
    types = batch.get("token_type_ids")
    size = _rows_of(_last(model, {"token_type_embeddings"}))
    if isinstance(types, torch.Tensor) and size is not None and bool((types >= size).any()):
        yield Slip(
            _("token_type_ids go up to {top}, and the model has {size} of them").format(
                top=int(types.max()), size=size
            ),
            _("use the model's own tokenizer, or: dataset = dataset.remove_columns('token_type_ids')"),
            rows=any_of(types >= size),
        )


def _width(model: nn.Module, ids: torch.Tensor, batch: Mapping[str, Any]) -> Iterator[Slip]:
    """Positions, and the table that they are looked up in."""
    limits = [limit for limit in _limits(model) if limit > 0]
    if not limits or "position_ids" in batch or ids.ndim != 2 or ids.shape[1] <= min(limits):
        return
    mask = batch.get("attention_mask")
    has_mask = isinstance(mask, torch.Tensor) and mask.shape == ids.shape
    rows = mask.sum(1) > min(limits) if has_mask and isinstance(mask, torch.Tensor) else None
    yield Slip(
        _("a row has {width} tokens, and the model has places for {limit}").format(
            width=ids.shape[1], limit=min(limits)
        ),
        f"tokenizer(..., truncation=True, max_length={min(limits)})",
        rows=rows if rows is not None and bool(rows.any()) else None,
    )


def _limits(model: nn.Module) -> Iterator[int]:
    for name, module in model.named_modules():
        plain = isinstance(module, nn.Embedding) and "Sinusoidal" not in type(module).__name__
        if plain and name.rpartition(".")[2] in PLACES and "decoder" not in name:
            behind_padding = 0 if module.padding_idx is None else int(module.padding_idx) + 1
            yield int(module.num_embeddings) - max(behind_padding, int(getattr(module, "offset", 0)))


def _word_table(model: Any) -> Any:
    try:
        return model.get_input_embeddings()
    except (AttributeError, NotImplementedError):
        return None


def _last(model: nn.Module, names: set[str]) -> nn.Module | None:
    found = (module for name, module in model.named_modules() if name.rpartition(".")[2] in names)
    return next(found, None)


def _rows_of(table: Any) -> int | None:
    """How many rows a table of vectors has; None where it is none."""
    weight = getattr(table, "weight", None)
    is_table = hasattr(table, "num_embeddings") and isinstance(weight, torch.Tensor)
    return int(weight.shape[0]) if is_table and weight is not None else None


def shown(rows: Iterable[int]) -> str:
    """Numbers of rows, counted from 1."""
    return examples(int(row) + 1 for row in rows)
