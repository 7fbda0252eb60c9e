"""Whether the splits agree: the same columns, of types that can be compared, with the same class names."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from warmstart.errors import UserError, examples, nearest
from warmstart.messages import _
from warmstart.table import columns
from warmstart.table.choose import Choice
from warmstart.table.origin import place

if TYPE_CHECKING:
    import datasets


def check_splits(splits: "datasets.DatasetDict", first: str, chosen: Choice, labels: Sequence[str]) -> None:
    """Every split has the columns of the first under the same names, of the same types, and with the same class names.

    A test split may lack the `labels`, the columns that hold them. Raises UserError naming the split that does not fit.
    """
    for split, dataset in splits.items():
        if split == first:
            continue
        for name, option in ((chosen.text, "--text"), (chosen.pair, "--pair")):
            if name is not None:
                columns.need(dataset, split, name, option)
                _check_types(splits, first, split, name)
        new = [name for name in dataset.column_names if name not in splits[first].column_names]
        for label in labels:
            if label in dataset.column_names:
                if str(_arrow_type(dataset, label)) != "null":  # nothing but nulls fits anywhere
                    _check_types(splits, first, split, label)
                _check_names(splits, first, split, label)
            elif not str(split).startswith("test") or nearest(label, new):
                columns.need(dataset, split, label, "--label")


def _check_types(splits: "datasets.DatasetDict", first: str, split: str, name: str) -> None:
    """A column that is of text, or of lists, in one split is so in the other: cells of two types are never equal."""
    types = [_arrow_type(splits[there], name) for there in (first, split)]
    groups = [columns.group(declared) for declared in types]
    if groups[0] == groups[1]:
        return
    one, other = (
        _("text") if group == "text" else str(declared) for group, declared in zip(groups, types, strict=True)
    )
    raise UserError(
        _("column {name!r} is {one} in {first!r} and {other} in {split!r}").format(
            name=name, one=one, first=first, other=other, split=split
        ),
        place(splits[split], split),
        _("write the column in the same way in both"),
    )


def _arrow_type(dataset: "datasets.Dataset", name: str) -> Any:
    return dataset.data.schema.field(name).type


def _check_names(splits: "datasets.DatasetDict", first: str, split: str, label: str) -> None:
    one, other = (_names(splits[name].features[label]) for name in (first, split))
    if one and other and one != other:
        raise UserError(
            _("two splits number their classes differently"),
            _("{place}, column {label!r}: {other}; {first!r} has {one}").format(
                place=place(splits[split], split), label=label, other=examples(other), first=first, one=examples(one)
            ),
            _("give both the same class names in the same order"),
        )


def _names(feature: Any) -> list[str]:
    return list(getattr(getattr(feature, "feature", feature), "names", None) or [])
