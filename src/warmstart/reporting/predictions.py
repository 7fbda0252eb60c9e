"""Predictions as rows for people: class names with their probabilities, and files of them."""

import csv
import io
import json
import math
import pathlib
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from warmstart.evaluation.metrics import decide
from warmstart.storage import write_text
from warmstart.table.task import Task

if TYPE_CHECKING:
    from datasets import Dataset


def probabilities(task: Task, logits: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """float64 `[rows, classes]`: softmax for classes, logistic for several labels, the number itself otherwise; what
    the `text-classification` pipeline of `transformers` calls scores."""
    logits = np.asarray(logits, np.float64)
    if task.kind == "number":
        return logits.reshape(len(logits), -1)
    from scipy.special import expit, softmax

    found: npt.NDArray[np.float64] = expit(logits) if task.kind == "labels" else softmax(logits, axis=1)
    return found


def prediction_rows(task: Task, logits: npt.NDArray[Any]) -> list[dict[str, Any]]:
    """One dictionary a row: `prediction` and, for classes and labels, the probability of each under its name. The
    predictions are those that metrics are computed from. Raises UserError for NaN.
    """
    decided = decide(task.kind, logits)
    if task.kind == "number":
        return [{"prediction": float(value)} for value in decided]
    rows = []
    for choice, scores in zip(decided, probabilities(task, logits), strict=True):
        by_name = {f"p({name})": float(score) for name, score in zip(task.classes, scores, strict=True)}
        if task.kind == "classes":
            rows.append({"prediction": task.classes[int(choice)], **by_name})
        else:
            chosen = [name for name, is_on in zip(task.classes, choice, strict=True) if is_on]
            rows.append({"prediction": "|".join(chosen), **by_name})
    return rows


def beside(rows: "Dataset", predictions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The user's rows, every column of them, with their predictions. Classes that the table holds as numbers get their
    names; a column that is called like one of the predictions' gets " (given)" behind its name, as often as it takes
    for no other to have that name.
    """
    names = _names(rows.column_names, list(predictions[0]) if predictions else [])
    features = rows.features

    def cell(name: str, value: Any) -> Any:
        named = hasattr(features[name], "int2str") and isinstance(value, int) and value >= 0
        return features[name].int2str(value) if named else value

    return [
        {**{names[name]: cell(name, value) for name, value in row.items()}, **found}
        for row, found in zip(rows, predictions, strict=True)
    ]


def _names(given: list[str], new: list[str]) -> dict[str, str]:
    """What each given column is called beside the new ones."""
    names = {name: name for name in given}
    taken = {*new, *given}
    for name in given:
        while name in new and names[name] in taken:
            names[name] += " (given)"
        taken.add(names[name])
    return names


def _plain(value: Any) -> Any:
    """As JSON can hold it: what is not finite is null, a date or a decimal is its text."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, bytes):
        return value.decode(errors="backslashreplace")
    return value if value is None or isinstance(value, str | int | float) else str(value)


def write_rows(path: pathlib.Path, rows: list[dict[str, Any]]) -> None:
    """Write rows as CSV, TSV or JSON lines, by the name's ending; the file appears whole or not at all."""
    if path.suffix.lower() in (".jsonl", ".ndjson", ".json"):
        content = "".join(json.dumps(_plain(row), ensure_ascii=False, allow_nan=False) + "\n" for row in rows)
    else:
        out = io.StringIO()
        writer = csv.DictWriter(
            out,
            list(rows[0]) if rows else ["prediction"],
            delimiter="\t" if path.suffix.lower() == ".tsv" else ",",
            lineterminator="\n",
        )
        writer.writeheader()
        writer.writerows(rows)
        content = out.getvalue()
    write_text(path, content)
