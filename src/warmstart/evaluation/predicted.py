"""The rows of a table with what was predicted for them, as plain data."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datasets import Dataset


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
