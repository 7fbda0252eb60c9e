"""The task: which columns are the text, the second text and the label, and what is to be predicted."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from warmstart.errors import UserError, examples
from warmstart.heads import registry
from warmstart.heads.head import Encoded, Head
from warmstart.heads.notation import PLAIN, Notation
from warmstart.messages import _


@dataclass(frozen=True)
class Task:
    """What is learnt from which columns. Class ids are places in `classes`.

    `values` holds the cell that stands for each class id, aligned with `classes`. It is empty for a number, and for
    lists that are vectors of zeros and ones, where the place in the vector is the class id. Where labels are in several
    columns of zeros and ones, `label` lists them in one phrase and `label_columns` are they.
    """

    kind: str  # "classes": one class a row, "labels": several labels a row, "number"; or one that was registered
    text: str
    pair: str | None
    label: str | None
    classes: tuple[str, ...] = ()
    values: tuple[str | int | float | bool, ...] = ()
    glue: str | None = None  # the GLUE task, where the source was one
    reasons: tuple[str, ...] = ()  # one phrase for each choice made, to be printed
    notation: Notation = PLAIN  # how the cells of labels are written
    long: str = "cut"  # what becomes of texts that are longer than the model reads (`batches.long_texts`)
    thresholds: tuple[float, ...] = ()  # the probability from which each of `Head.deciding` is given; empty: 0.5

    @property
    def head(self) -> Head:
        """What depends on the kind of task. Raises UserError for a kind that nobody has registered."""
        return registry.head_of(self.kind)(self.classes, self.values, self.glue, self.label, self.thresholds)

    @property
    def label_columns(self) -> tuple[str, ...]:
        """The columns that hold the labels: none, one or several."""
        return () if self.label is None else self.notation.columns or (self.label,)

    def read(self, cells: Sequence[Any]) -> tuple[Encoded, npt.NDArray[np.int8]]:
        """Cells of labels [rows] as a loss takes them, and the fault of each cell, as `Head.read` has it."""
        return self.head.read(self.notation.plain(cells, self.values))

    def has_label(self, cells: Sequence[Any]) -> bool:
        """Whether any of these cells is more than a missing label."""
        return self.head.has_label(self.notation.plain(cells, self.values))

    @property
    def problem_type(self) -> str:
        """The name that `transformers` has for the kind."""
        return self.head.problem_type

    @property
    def num_labels(self) -> int:
        """The outputs of the model's head: one for each class, one for a number."""
        return self.head.outputs

    @property
    def id2label(self) -> dict[int, str]:
        """The name of each output; of a number, the label column's."""
        return dict(enumerate(self.head.names))

    @property
    def label2id(self) -> dict[str, int]:
        """The output of each name."""
        return {name: number for number, name in self.id2label.items()}

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON can say it; of the notation what is special."""
        fields = {name: _plain(value) for name, value in vars(self).items() if name != "notation"}
        if not self.thresholds:  # so that what has none is as it was before there were any
            del fields["thresholds"]
        special = {name: _plain(value) for name, value in vars(self.notation).items() if value != getattr(PLAIN, name)}
        if self.long == "cut":
            del fields["long"]
        return {**fields, "notation": special} if special else fields

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> "Task":
        """The task that `to_dict` saved. Raises UserError if a field is missing or unknown."""
        notation = _notation(saved.get("notation", {})) if isinstance(saved, Mapping) else None
        if notation is None or not _is_task(saved, {field.name for field in dataclasses.fields(cls)}):
            raise UserError(
                _("this is not a saved task"),
                _("fields {saved}").format(saved=examples(saved) if isinstance(saved, Mapping) else saved),
                _("use the file as it was written"),
            )
        return cls(**{**_fields(saved), "notation": notation})


def _notation(saved: Any) -> Notation | None:
    """The notation that a file has; None if that is none."""
    if not isinstance(saved, dict) or not saved.keys() <= vars(PLAIN).keys():
        return None
    fields = _fields(saved)
    if not isinstance(fields.get("columns", ()), tuple):
        return None
    found = Notation(**fields)
    return found if found.is_sound() else None


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _fields(saved: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in saved.items()}


def _is_task(saved: object, known: set[str]) -> bool:
    """Whether it can be what `to_dict` gave, whoever wrote it."""
    if not isinstance(saved, Mapping) or not {"kind", "text", "pair", "label"} <= saved.keys() <= known:
        return False
    names = [saved.get(name) for name in ("pair", "label", "glue")]
    lists = [saved.get(name, []) for name in ("classes", "values", "reasons", "thresholds")]
    if not all(isinstance(each, list | tuple) for each in lists):
        return False
    classes, values, reasons, thresholds = lists
    return (
        isinstance(saved["text"], str)
        and isinstance(saved.get("long", ""), str)
        and all(name is None or isinstance(name, str) for name in names)
        and all(isinstance(each, str) for each in (*classes, *reasons))
        and all(isinstance(each, str | int | float) for each in values)
        and len(values) in (0, len(classes))
        and len(thresholds) <= len(classes)
        and all(isinstance(each, float) and 0 < each < 1 for each in thresholds)
        and saved["kind"] in registry.kinds()
    )


def describe(task: Task) -> str:
    """What was chosen, in short lines, and how to choose otherwise."""
    what = task.head.describe()
    lines = [_("task: {what}").format(what=what)]
    lines += [f"  {reason}" for reason in task.reasons]
    if task.glue:
        lines.append(_("  GLUE task: {glue}").format(glue=task.glue))
    lines.append(
        _("  to choose otherwise: --text, --pair, --label COLUMN; --kind {registry}").format(
            registry="|".join(registry.kinds())
        )
    )
    return "\n".join(lines)
