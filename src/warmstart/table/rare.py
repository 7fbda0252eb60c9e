"""Classes with too few rows to be learnt, or for what is measured on the held-out ones to mean much."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from warmstart.errors import examples
from warmstart.messages import _, ngettext
from warmstart.table.findings import Finding, Severity

if TYPE_CHECKING:
    from warmstart.table.task import Task

FEW = 10  # training rows of a class from which little can be learnt
SMALL = 100  # rows of a table that is but an example
MEASURED = 30  # held-out rows of a class from which its recall is known to some 10 %


def held_out_rows(counts: Mapping[str, int], validation: Mapping[str, int] | None, fraction: float) -> dict[str, int]:
    """About how many rows of each class measure: those of the validation split, or the share that is held out."""
    return {name: validation.get(name, 0) if validation else round(fraction * rows) for name, rows in counts.items()}


def least_recall(rows: int) -> float:
    """The lower end of the exact 95 % interval (Clopper-Pearson) of a recall where all of `rows` come out right."""
    return 0.025 ** (1 / rows) if rows else 0.0


def rare(
    task: "Task", place: str, counts: Mapping[str, int], validation: Mapping[str, int] | None, fraction: float
) -> Iterator[Finding]:
    """Findings on classes with few rows. `counts`: training rows by class, with those held out of them if there is no
    validation split; `validation`: rows by class in that split; `fraction`: the share held out otherwise."""
    held_out = held_out_rows(counts, validation, fraction)
    few = [name for name, rows in counts.items() if rows < FEW]
    more = not validation
    if few:
        severity: Severity = "warning" if sum(counts.values()) >= SMALL else "note"
        yield _finding(task, place, few, counts, held_out, severity, more)
    doubtful = [name for name, rows in held_out.items() if rows < MEASURED and name not in few]
    if doubtful:
        yield _finding(task, place, doubtful, counts, held_out, "note", more)


def _finding(
    task: "Task",
    place: str,
    names: list[str],
    counts: Mapping[str, int],
    held_out: dict[str, int],
    severity: Severity,
    more: bool,
) -> Finding:
    shown = examples(
        _("{name!r}: {rows:,} training rows, {held_out:,} to measure on").format(
            name=name, rows=counts[name], held_out=held_out[name]
        )
        for name in sorted(names, key=counts.__getitem__)
    )
    most = max(held_out[name] for name in names)
    problem = ngettext(
        "{classes:,} class has few rows ({shown})", "{classes:,} classes have few rows ({shown})", len(names)
    ).format(classes=len(names), shown=shown)
    if most:
        problem += "; " + _(
            "if all {rows:,} come out right, the recall is still only known to be above {least:.0%}"
        ).format(rows=most, least=least_recall(most))
    else:
        problem += "; " + _("their recall cannot be measured")
    fix = _("add rows of them, or put them with another class")
    if more:
        fix += _("; --validation-fraction holds out more")
    return Finding(place, (), task.label_columns, problem, fix, severity)
