"""The tokenised table: flat token ids and row offsets, mapped from disk, so that memory does not grow with the data."""

import contextlib
import dataclasses
import hashlib
import json
import pathlib
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from warmstart import storage
from warmstart.batches.contents import key_of
from warmstart.batches.long_texts import HEAD, MOST, OVERLAP, check_long, fitting
from warmstart.batches.truncation import tokenized
from warmstart.errors import UserError
from warmstart.messages import _
from warmstart.table import columns

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedTokenizerBase

    from warmstart.table.task import Task

CHUNK = 1_000  # rows that are tokenised at a time, as `Dataset.map` does
FORMAT = 3  # part of every fingerprint: change it when the meaning of the stored arrays changes


@dataclasses.dataclass(frozen=True)
class TokenTable:
    """A tokenised data set without padding. Row `i` is `ids[offsets[i]:offsets[i + 1]]`; `cut[i]`: it lost its end.

    `ids`: int32 `[tokens]`; `offsets`: int64 `[rows + 1]`; `types`: uint8 `[tokens]` (which text of a pair a token is
    of) or None where the model has no such input; `labels`: int64 `[rows]`, float32 `[rows]` or float32 `[rows,
    classes]`, or None; `cut`: bool `[rows]`, or None where nobody looked. Where long texts are read in windows, each is
    a row here, and `owners`, int64 `[rows]`, says of which row of the data it is; else None. The large arrays are
    memory maps: a batch reads only its own rows.
    """

    ids: npt.NDArray[np.int32]
    offsets: npt.NDArray[np.int64]
    types: npt.NDArray[np.uint8] | None
    labels: npt.NDArray[Any] | None
    pad_id: int
    pad_left: bool
    max_length: int
    fingerprint: str
    cut: npt.NDArray[np.bool_] | None = None
    owners: npt.NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Tokens in each row: int64 `[rows]`."""
        return np.diff(self.offsets)

    @property
    def truncated(self) -> float:
        """The share of rows that lost their end; without `cut`, of those that fill `max_length` and so may have."""
        cut = self.lengths >= self.max_length if self.cut is None else self.cut
        return float(np.mean(cut)) if len(self) else 0.0


def tokenize(
    dataset: "Dataset",
    task: "Task",
    tokenizer: "PreTrainedTokenizerBase",
    *,
    max_length: int,
    processes: int | None = None,
    keep: bool = True,
) -> TokenTable:
    """The token table of `dataset`: built in batches through `Dataset.map`, or found from an earlier run.

    The table is stored in the cache of `datasets` under a fingerprint of the texts, the tokenizer and `max_length`,
    and of what becomes of longer texts (`Task.long`).
    When it is there already, and every byte is as it was written, nothing is tokenised. If it is not and `keep` is
    false, it is made in memory. Labels are encoded anew each time: they are small.
    """
    from warmstart.table.labels import encode, has_labels

    check_long(task.long, tokenizer)
    labels = encode(task, dataset) if has_labels(task, dataset) else None
    fingerprint = _fingerprint(dataset, task, tokenizer, max_length)
    folder = _cache_folder() / fingerprint
    if not storage.is_whole(folder):
        if not keep:
            texts = texts_of(dataset, task)
            return tokenize_in_memory(texts, tokenizer, max_length=max_length, long=task.long, labels=labels)
        _build(folder, dataset, task, tokenizer, max_length, processes, fingerprint)
    types, owners = folder / "types.npy", None
    if task.long == "windows":
        owners = np.load(folder / "owners.npy", mmap_mode="r")
        labels = None if labels is None else labels[owners]
    return TokenTable(
        ids=np.load(folder / "ids.npy", mmap_mode="r"),
        offsets=np.load(folder / "offsets.npy", mmap_mode="r"),
        types=np.load(types, mmap_mode="r") if types.exists() else None,
        labels=labels,
        pad_id=int(tokenizer.pad_token_id or 0),
        pad_left=tokenizer.padding_side == "left",
        max_length=max_length,
        fingerprint=fingerprint,
        cut=np.load(folder / "cut.npy", mmap_mode="r"),
        owners=owners,
    )


def texts_of(rows: "Dataset", task: "Task") -> list[list[str]]:
    """The texts of all rows, a list for each column that the task reads."""
    names = [name for name in (task.text, task.pair) if name is not None]
    found: list[list[str]] = [[] for _unused in names]
    for table in columns.batches(rows, names):
        for texts, name in zip(found, names, strict=True):
            texts += columns.values(table.column(name), name)
    return found


def tokenize_in_memory(
    texts: Sequence[list[str]],
    tokenizer: "PreTrainedTokenizerBase",
    *,
    max_length: int,
    long: str = "cut",
    labels: npt.NDArray[Any] | None = None,
) -> TokenTable:
    """The token table of rows of one text or two, each column a list of strings, that is gone when it is no longer
    used: the arrays of `tokenize`, and nothing on the disk."""
    texts, whose = fitting(tokenizer, texts, max_length, long)
    owners = np.array(whose, np.int64) if long == "windows" else None
    labels = labels[owners] if labels is not None and owners is not None else labels
    rows = len(texts[0])
    ids, types, lengths, cut = [], [], [np.zeros(1, np.int64)], []
    paired = "token_type_ids" in tokenizer.model_input_names
    for start in range(0, rows, CHUNK):
        out = tokenized(tokenizer, [column[start : start + CHUNK] for column in texts], max_length)
        ids += [np.fromiter(row, np.int32, len(row)) for row in out["input_ids"]]
        types += [np.fromiter(row, np.uint8, len(row)) for row in out["token_type_ids"]] if paired else []
        lengths.append(np.fromiter(map(len, out["input_ids"]), np.int64))
        cut += _cut(out, max_length)
    return TokenTable(
        ids=np.concatenate([np.zeros(0, np.int32), *ids]),
        offsets=np.cumsum(np.concatenate(lengths)),
        types=np.concatenate([np.zeros(0, np.uint8), *types]) if paired else None,
        labels=labels,
        pad_id=int(tokenizer.pad_token_id or 0),
        pad_left=tokenizer.padding_side == "left",
        max_length=max_length,
        fingerprint="",
        cut=np.array(cut, bool),
        owners=owners,
    )


def _cache_folder() -> pathlib.Path:
    import datasets

    return pathlib.Path(datasets.config.HF_DATASETS_CACHE) / "warmstart" / "tokens"


def _fingerprint(dataset: "Dataset", task: "Task", tokenizer: "PreTrainedTokenizerBase", max_length: int) -> str:
    """16 bytes, in hexadecimal, of everything that decides which ids come out."""
    names = [name for name in (task.text, task.pair) if name is not None]
    said = [FORMAT, key_of(dataset, names), max_length, *tokenizer_state(tokenizer)]
    said += [] if task.long == "cut" else [task.long, HEAD, OVERLAP, MOST]
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()[:32]


def tokenizer_state(tokenizer: Any) -> list[Any]:
    """What decides which ids a tokenizer gives, besides its arguments: plain values."""
    fast = getattr(tokenizer, "is_fast", False)
    backend = json.loads(tokenizer.backend_tokenizer.to_str()) if fast else tokenizer.get_vocab()
    for state_of_last_call in ("truncation", "padding"):
        backend.pop(state_of_last_call, None)
    inputs = sorted(getattr(tokenizer, "model_input_names", ()))
    return [type(tokenizer).__name__, backend, inputs, getattr(tokenizer, "truncation_side", "right")]


def _build(
    folder: pathlib.Path,
    dataset: "Dataset",
    task: "Task",
    tokenizer: "PreTrainedTokenizerBase",
    max_length: int,
    processes: int | None,
    fingerprint: str,
) -> None:
    """Tokenise into `folder`, which appears whole or not at all; another process may have been faster, and may win."""
    from datasets import Features, List, Value

    lists = {"input_ids": List(Value("int32"))}
    if "token_type_ids" in tokenizer.model_input_names:
        lists["token_type_ids"] = List(Value("uint8"))

    def encode(batch: dict[str, list[str]], numbers: list[int]) -> dict[str, Any]:
        texts = [batch[column] for column in (task.text, task.pair) if column is not None]
        texts, owners = fitting(tokenizer, texts, max_length, task.long)
        out = tokenized(tokenizer, texts, max_length)
        found = {name: out[name] for name in lists}
        return {**found, "cut": _cut(out, max_length), "owners": [numbers[place] for place in owners]}

    with storage.cache_folder(folder) as work, _telling_who_was_killed():
        mapped = dataset.map(
            encode,
            batched=True,
            with_indices=True,
            remove_columns=dataset.column_names,
            features=Features({**lists, "cut": Value("bool"), "owners": Value("int64")}),
            num_proc=processes,
            new_fingerprint=fingerprint,
            cache_file_name=str(work / "map.arrow"),
            desc="tokenising",
        )
        _flatten(mapped, list(lists), work)
        np.save(work / "cut.npy", mapped.data.column("cut").to_numpy())
        if task.long == "windows":
            np.save(work / "owners.npy", mapped.data.column("owners").to_numpy())
        del mapped
        for part in work.glob("map*.arrow"):
            part.unlink()


@contextlib.contextmanager
def _telling_who_was_killed() -> Iterator[None]:
    """The library's error where one of its processes is gone, which says nothing of why, is told as a UserError."""
    try:
        yield
    except RuntimeError as error:
        if "abruptly died" not in str(error):
            raise
        raise UserError(
            _("a process that tokenised was killed from outside"),
            where="--processes",
            fix=_("it may have been for want of memory: give fewer processes, or leave --processes out"),
        ) from error


def _cut(out: Any, max_length: int) -> list[bool]:
    """Which rows lost their end. Tokenizers in Rust keep what they cut off; with others every full row may have."""
    if out.encodings is None:
        return [len(ids) >= max_length for ids in out["input_ids"]]
    return [bool(row.overflowing) for row in out.encodings]


def _flatten(mapped: "Dataset", columns: list[str], folder: pathlib.Path) -> None:
    """Copy the lists of Arrow, chunk by chunk, into one flat array a column, and their lengths into offsets."""
    import pyarrow.compute as pc

    lists = mapped.data.column("input_ids")
    lengths = np.concatenate([np.zeros(0, np.int64), *(pc.list_value_length(c).to_numpy() for c in lists.chunks)])
    offsets = np.zeros(len(mapped) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    np.save(folder / "offsets.npy", offsets)
    for column, (name, dtype) in zip(columns, (("ids", np.int32), ("types", np.uint8)), strict=False):
        chunks = mapped.data.column(column).chunks
        values = (chunk.flatten().to_numpy(zero_copy_only=False) for chunk in chunks)
        _save(folder / f"{name}.npy", dtype, int(offsets[-1]), values)


def _save(path: pathlib.Path, dtype: type, length: int, pieces: Iterable[npt.NDArray[Any]]) -> None:
    """Write one flat array, of one zero where there is nothing, since an empty one cannot be mapped. It is written and
    not mapped: on a full disk a map ends the process by a signal."""
    with path.open("xb") as file:
        said = {"descr": np.dtype(dtype).str, "fortran_order": False, "shape": (max(length, 1),)}
        np.lib.format.write_array_header_1_0(file, said)
        for piece in pieces if length else [np.zeros(1)]:
            file.write(np.ascontiguousarray(piece, dtype).data)
