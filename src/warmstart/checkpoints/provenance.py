"""What a run is: settings, rows, tokenizer, weights, versions. A checkpoint records it, and resuming compares."""

import hashlib
import importlib.metadata
import json
import platform
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from warmstart.batches.dataloaders import length_of
from warmstart.batches.tokens import TokenTable, tokenizer_state
from warmstart.errors import UserError, UserValueError
from warmstart.messages import _

if TYPE_CHECKING:
    from warmstart.engine.distributed.processes import Processes

PACKAGES = ("warmstart", "torch", "transformers", "tokenizers", "accelerate", "numpy")
SETTINGS = (
    *("num_train_epochs", "max_steps", "learning_rate", "lr_scheduler_type", "lr_scheduler_kwargs", "warmup_steps"),
    *("optim", "optim_args", "weight_decay", "adam_beta1", "adam_beta2", "adam_epsilon", "max_grad_norm"),
    *("label_smoothing_factor", "seed", "data_seed", "train_sampling_strategy", "dataloader_drop_last", "bf16", "tf32"),
    *("full_determinism", "gradient_checkpointing", "load_best_model_at_end", "metric_for_best_model"),
    *("greater_is_better", "without", "on_nonfinite"),
)
LENGTHS = {"num_train_epochs", "max_steps"}  # of these it is told what they do to a run that goes on
OF_OPTIMIZER = {"learning_rate", "weight_decay", "adam_beta1", "adam_beta2", "adam_epsilon"}
OF_ROWS = {"seed", "data_seed", "train_sampling_strategy", "dataloader_drop_last"}
WHERE_ASKED = ("fp16", "neftune_noise_alpha")  # part of the settings where they are set
Identity = dict[str, dict[str, Any]]


def settings_of(args: Any, processes: "Processes") -> dict[str, Any]:
    """Those of the `TrainingArguments` that decide which weights come out. The sizes of micro-batches and the number of
    processes are not among them, but the rows of an update are."""
    found = {name: getattr(args, name) for name in SETTINGS}
    rows = args.per_device_train_batch_size * args.gradient_accumulation_steps * processes.count
    found.update({name: getattr(args, name) for name in WHERE_ASKED if getattr(args, name)})
    return {"rows_per_update": rows, **_plain(found)}


def rows_of(dataset: Any) -> dict[str, Any]:
    """How many rows, and the SHA-256 of what they say, in their order, and of their labels, as far as that can be had:
    a token table and a `datasets.Dataset` are read once; of any other data set only the number is known."""
    import datasets

    if isinstance(dataset, dict):
        return {name: rows_of(each) for name, each in dataset.items()}
    rows = length_of(dataset)
    if rows is None:
        return {}
    found: dict[str, Any] = {"rows": rows}
    if isinstance(dataset, TokenTable):
        found["texts"] = _hash(dataset.offsets, dataset.ids, dataset.types)
        found["labels"] = _hash(dataset.labels)
    elif isinstance(dataset, datasets.Dataset):
        found["columns"] = {name: _column(dataset, name) for name in sorted(dataset.column_names)}
    return found


def weights_of(model: nn.Module) -> str:
    """SHA-256 of all parameters and buffers, names, shapes and types included."""
    whole = hashlib.sha256()
    for name, tensor in model.state_dict().items():
        whole.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}\n".encode())
        whole.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    return whole.hexdigest()


def tokenizer_of(processing_class: Any) -> str:
    """SHA-256 of what a tokenizer does; empty where there is none."""
    if not hasattr(processing_class, "get_vocab"):
        return ""
    said = json.dumps(tokenizer_state(processing_class), sort_keys=True, default=str)
    return hashlib.sha256(said.encode()).hexdigest()


def machine_of(processes: "Processes") -> dict[str, Any]:
    """What computes: where it is another, the last bits of a sum may be."""
    versions = {name: importlib.metadata.version(name) for name in PACKAGES}
    return {"device": processes.device.type, "python": platform.python_version(), **versions}


def differences(was: dict[str, Any], now: dict[str, Any], path: str = "") -> list[str]:
    """One line for each leaf that differs: its name, what it was and what it is. Hashes are not shown."""
    lines = []
    for name in sorted({*was, *now}):
        before, after = was.get(name), now.get(name)
        place = f"{path}{name}"
        if isinstance(before, dict) or isinstance(after, dict):
            lines += differences(before or {}, after or {}, f"{place}.")
        elif before != after:
            lines.append(_difference(place, before, after))
    return lines


def refuse_unlike(found: Sequence[tuple[str, Identity]]) -> None:
    """Raises UserError where processes, each with the name of its machine, would not train the same: what comes of
    another table, script or version on one of them is a model that nobody asked for, or a wait without end."""
    for index, (machine, identity) in enumerate(found):
        lines = differences(found[0][1], identity)
        if lines:
            raise UserError(
                _("process {index} of {count} would train something else than process 0: {listed}").format(
                    index=index, count=len(found), listed=", ".join(line.split(":")[0] for line in lines)
                ),
                where=_("machine {machine}, and {first} for process 0").format(machine=machine, first=found[0][0]),
                fix=_("give every process the same table, script, model and versions of libraries"),
            )


def refusal(lines: list[str], where: str, *, by_command: bool) -> UserError:
    """What the user is told who resumes something else. `by_command`: `warmstart resume` does, and not a script."""
    option = "warmstart resume RUN --accept-changes" if by_command else "TrainingArguments(accept_changes=True)"
    fix = _("put it back, or go on with the change: {option}, or train anew into another folder").format(option=option)
    kept = "" if by_command else " ".join(what_stays(lines))
    return UserValueError(
        _("this is not the run that the checkpoint is of: {listed}").format(listed="; ".join(lines)),
        where=where,
        fix=f"{fix}. {kept}" if kept else fix,
    )


def what_stays(lines: list[str]) -> list[str]:
    """What stays exact, and what does not, in a run that goes on with these differences: a sentence each."""
    changed = {line.split(":")[0].removeprefix("settings.") for line in lines}
    sentences = [_("Weights, the optimizer's moments and the number of updates go on from the checkpoint.")]
    if changed & LENGTHS:
        sentences.append(_("Each update has the rows it would have had; the learning rate follows the new length."))
    if "rows_per_update" in changed:
        sentences.append(
            _("The order of the rows stays, but updates have other rows: some may come twice or not at all.")
        )
    if changed & OF_OPTIMIZER:
        sentences.append(_("Learning rate, weight decay and betas stay those of the checkpoint."))
    if any(name.startswith(("data.", "tokenizer")) for name in changed) or changed & OF_ROWS:
        sentences.append(_("Updates have other rows from here on."))
    return sentences


def _difference(place: str, before: Any, after: Any) -> str:
    hidden = [value for value in (before, after) if isinstance(value, str) and len(value) == 64]
    if hidden:
        return _("{place}: the content has changed").format(place=place)
    return _("{place}: {before} before, {after} now").format(place=place, before=before, after=after)


def _hash(*arrays: Any) -> str:
    whole = hashlib.sha256()
    for array in arrays:
        if array is not None:
            whole.update(f"{array.dtype} {array.shape}\n".encode())
            whole.update(memoryview(array).cast("B"))
    return whole.hexdigest()


def _column(dataset: Any, name: str) -> str:
    """SHA-256 of a column's values, however they are stored."""
    whole = hashlib.sha256()
    for piece in dataset.select_columns([name]).with_format("arrow").iter(1000):
        for part in _parts(piece.column(name).combine_chunks()):
            whole.update(part)
    return whole.hexdigest()


def _parts(array: Any) -> Iterator[bytes]:
    """What an Arrow array says, as bytes: which values are there, how long each is, and the values."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks)
    yield array.is_valid().to_numpy(zero_copy_only=False).tobytes()
    kind = array.type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        yield pc.list_value_length(array).fill_null(0).cast("int64").to_numpy().tobytes()
        yield from _parts(array.flatten())
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
        yield pc.binary_length(array).fill_null(0).cast("int64").to_numpy().tobytes()
        yield "".join(array.fill_null("").to_pylist()).encode()
    elif pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind):
        values = array.fill_null(False if pa.types.is_boolean(kind) else 0).to_numpy(zero_copy_only=False)
        yield str(values.dtype).encode() + values.tobytes()
    else:
        yield json.dumps(array.to_pylist(), default=str).encode()


def _plain(value: Any) -> Any:
    """As JSON will give it back."""
    return json.loads(json.dumps(value, default=lambda other: getattr(other, "value", str(other))))
