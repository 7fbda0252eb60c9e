"""From a batch to a loss: what the model returns, a loss function of the user's, or label smoothing."""

import dataclasses
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import nn

from warmstart.batches.dataloaders import Batch, values_of
from warmstart.batches.ragged import RaggedBatch, pad
from warmstart.errors import UserError
from warmstart.messages import _
from warmstart.models.ragged.door import call


def base_model(model: Any) -> Any:
    """The model inside an adapter of `peft`; any other model itself."""
    return model.get_base_model() if hasattr(model, "get_base_model") else model


def is_causal(model: nn.Module) -> bool:
    """Whether a target belongs to the place before its own: the model shifts labels itself, when it is given them."""
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

    return type(base_model(model)).__name__ in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES.values()


def label_names_of(model: nn.Module) -> list[str]:
    """The names of the model's label arguments (`["labels"]` for most)."""
    from transformers.utils.generic import find_labels

    return list(find_labels(type(base_model(model))))


def accepts_loss_kwargs(model: Any) -> bool:
    """Whether a model takes `num_items_in_batch`, by what it says, or by what its `forward` takes."""
    inner = base_model(model)
    says: bool | None = getattr(inner, "accepts_loss_kwargs", None)
    if says is not None:
        return says
    return any(each.kind is each.VAR_KEYWORD for each in inspect.signature(inner.forward).parameters.values())


def default_collator(processing_class: Any) -> Callable[[list[Any]], Any]:
    """Dynamic padding where there is a tokenizer, else plain stacking, as in `transformers.Trainer`."""
    from transformers import DataCollatorWithPadding, PreTrainedTokenizerBase, default_data_collator

    if isinstance(processing_class, PreTrainedTokenizerBase):
        collate: Callable[[list[Any]], Any] = DataCollatorWithPadding(processing_class)
        return collate
    return default_data_collator  # type: ignore[no-any-return]


def labels_of(batch: Batch, label_names: Sequence[str]) -> tuple[Any, ...]:
    """The labels of these names that a batch has."""
    if isinstance(batch, RaggedBatch):
        batch = {"labels": batch.labels}
    named = batch if isinstance(batch, Mapping) else {}
    return tuple(named[name] for name in label_names if named.get(name) is not None)


def count_targets(batch: Batch, label_names: Sequence[str]) -> int:
    """How many targets the mean loss of a batch is over: labels that are not -100 (the index that cross entropy
    ignores) where labels are integers, else rows (every row of a float label tensor has equally many numbers)."""
    labels = next(iter(labels_of(batch, label_names)), None)
    if not isinstance(labels, torch.Tensor):
        if isinstance(batch, RaggedBatch):
            return batch.rows
        first = next((value for value in values_of(batch) if isinstance(value, torch.Tensor) and value.ndim), None)
        return 1 if first is None else len(first)
    if labels.is_floating_point() or labels.dtype == torch.bool:
        return len(labels)
    return int((labels != -100).sum())


def takes_items(loss: Callable[..., Any]) -> bool:
    """Whether a function of the user's takes `num_items_in_batch`."""
    known = inspect.signature(loss).parameters
    return "num_items_in_batch" in known or any(each.kind is each.VAR_KEYWORD for each in known.values())


def items_in(batch: Batch, label_names: Sequence[str]) -> torch.Tensor:
    """`count_targets`, as `transformers` gives a loss its `num_items_in_batch`: a number on the batch's device."""
    tensors = (value for value in values_of(pad(batch)) if isinstance(value, torch.Tensor))
    device = next((value.device for value in tensors), None)
    return torch.tensor(count_targets(batch, label_names), device=device)


def without_labels(batch: Batch, label_names: Sequence[str]) -> Batch:
    """The batch without labels of these names."""
    if isinstance(batch, RaggedBatch):
        return dataclasses.replace(batch, labels=None) if "labels" in label_names else batch
    return {name: value for name, value in batch.items() if name not in label_names}


def check_named(batch: Batch) -> None:
    """Raises UserError unless a batch has names, by which a model takes it."""
    if not isinstance(batch, Mapping | RaggedBatch):
        raise UserError(
            _("a batch is a {type}, and not a dictionary of the model's inputs").format(type=type(batch).__name__),
            where="data_collator",
            fix=_("let data_collator give a dictionary, or override compute_loss (and prediction_step)"),
        )


def loss_of(
    model: nn.Module,
    batch: Batch,
    smoother: Callable[..., torch.Tensor] | None = None,
    function: Callable[..., torch.Tensor] | None = None,
    return_outputs: bool = False,
    num_items_in_batch: Any = None,
    *,
    accepts: bool = False,
) -> Any:
    """The mean loss over the targets of `batch`, and the model's outputs if `return_outputs`. `num_items_in_batch`: by
    what to divide the sum instead, for a function or a model that `accepts` it.

    `function(outputs, labels, num_items_in_batch=...)` is a loss of the user's; `smoother(outputs, labels,
    shift_labels=...)` smooths labels (Szegedy et al. 2016, section 7). Raises UserError if the model gives no loss.
    """
    check_named(batch)
    own_loss = function is not None or smoother is not None
    labels = next(iter(labels_of(batch, ["labels"])), None)
    items = {} if num_items_in_batch is None else {"num_items_in_batch": num_items_in_batch}
    given = without_labels(batch, ["labels"]) if own_loss else batch
    outputs = call(model, {**given, **items} if items and accepts and isinstance(given, Mapping) else given)
    loss: Any
    if function is not None:
        loss = function(outputs, labels, **(items or {"num_items_in_batch": items_in(batch, ["labels"])}))
    elif smoother is not None and labels is not None:
        loss = smoother(outputs, labels, shift_labels=is_causal(model), **items)
    else:
        loss = outputs.get("loss") if isinstance(outputs, dict) else outputs[0]
    if loss is None:
        raise UserError(
            _("the model gave no loss"),
            where=_("it was given {batch}").format(batch=", ".join(pad(batch))),
            fix=_("name the label column 'label' or 'labels', or pass compute_loss_func"),
        )
    return (loss, outputs) if return_outputs else loss


def one_number(loss: Any) -> torch.Tensor:
    """The loss, which has to be one. Raises UserError for what a slip makes of it."""
    if isinstance(loss, torch.Tensor) and loss.numel() == 1:
        return loss.reshape(())
    shape = list(loss.shape) if isinstance(loss, torch.Tensor) else None
    raise UserError(
        _("the loss is a {type}, and not a tensor of one number").format(type=type(loss).__name__)
        if shape is None
        else _("the loss has shape {shape}: it has to be one number").format(shape=shape),
        where="compute_loss / training_step / model.forward",
        fix=_(
            "return loss.mean(), and the outputs beside it only where return_outputs is true; "
            "a model that returns a tuple begins it with the loss"
        ),
    )


def no_gradient() -> UserError:
    """What the user is told where nothing could be learnt."""
    return UserError(
        _("the loss depends on no weight that is trained"),
        where="model.parameters()",
        fix=_(
            "set requires_grad of some of them (a head at least), and let no torch.no_grad() or detach() come before "
            "the loss"
        ),
    )
