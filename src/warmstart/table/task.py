"""The task: which columns are the text, the second text and the label, and what is to be predicted."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from warmstart.errors import UserError, examples
from warmstart.heads import registry
from warmstart.heads.head import Head
from warmstart.messages import _


@dataclass(frozen=True)
class Task:
    """What is learnt from which columns. Class ids are places in `classes`.

    `values` holds the cell that stands for each class id, aligned with `classes`. It is empty for a number, and for
    lists that are vectors of zeros and ones, where the place in the vector is the class id.
    """

    kind: str  # "classes": one class a row, "labels": several labels a row, "number"; or one that was registered
    text: str
    pair: str | None
    label: str | None
    classes: tuple[str, ...] = ()
    values: tuple[str | int | float | bool, ...] = ()
    glue: str | None = None  # the GLUE task, where the source was one
    reasons: tuple[str, ...] = ()  # one phrase for each choice made, to be printed

    @property
    def head(self) -> Head:
        """What depends on the kind of task. Raises UserError for a kind that nobody has registered."""
        return registry.head_of(self.kind)(self.classes, self.values, self.glue, self.label)

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
        """Everything, as JSON can say it."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in vars(self).items()}

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> "Task":
        """The task that `to_dict` saved. Raises UserError if a field is missing or unknown."""
        if not _is_task(saved, {field.name for field in dataclasses.fields(cls)}):
            raise UserError(
                _("this is not a saved task"),
                _("fields {saved}").format(saved=examples(saved) if isinstance(saved, Mapping) else saved),
                _("use the file as it was written"),
            )
        fields: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in saved.items()
        }
        return cls(**fields)


def _is_task(saved: object, known: set[str]) -> bool:
    """Whether it can be what `to_dict` gave, whoever wrote it."""
    if not isinstance(saved, Mapping) or not {"kind", "text", "pair", "label"} <= saved.keys() <= known:
        return False
    names = [saved.get(name) for name in ("pair", "label", "glue")]
    lists = [saved.get(name, []) for name in ("classes", "values", "reasons")]
    if not all(isinstance(each, list | tuple) for each in lists):
        return False
    classes, values, reasons = lists
    return (
        isinstance(saved["text"], str)
        and all(name is None or isinstance(name, str) for name in names)
        and all(isinstance(each, str) for each in (*classes, *reasons))
        and all(isinstance(each, str | int | float) for each in values)
        and len(values) in (0, len(classes))
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
