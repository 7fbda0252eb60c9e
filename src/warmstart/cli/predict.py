"""warmstart predict"""

import itertools
import os
import pathlib
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from warmstart import visible
from warmstart.messages import _
from warmstart.options import Reading

if TYPE_CHECKING:
    from warmstart.evaluation.budget import Budget
    from warmstart.runs.saved import SavedRun

USUAL = Reading()
ENDINGS = (".csv", ".tsv", ".jsonl", ".ndjson", ".json")  # of files that can be written


def predict(
    run: str,
    text: str,
    *,
    pair: str | None = None,
    out: str | None = None,
    reading: Annotated[Reading, Parameter(name="*")] = USUAL,
    on_empty: Literal["error", "drop"] = "error",
    top: int | None = None,
    spreadsheet_safe: bool = False,
    json: bool = False,
    max_error: str | None = None,
    confidence: str | None = None,
) -> None:
    """Predict with the model of RUN: one text (or pair), or a file of them into a file.

    Examples:

        warmstart predict runs/reviews-1 "arrived broken, but support was kind"
        warmstart predict runs/pairs-1 "how old are you" --pair "what is your age"
        warmstart predict runs/reviews-1 new.csv --out labelled.csv
        warmstart predict runs/reviews-1 new.csv --max-error 5%

    Parameters
    ----------
    run
        The run's folder.
    text
        A text, or a table: a file (CSV, TSV, JSONL, Parquet, Excel), its address or a folder; with an option that is
        for tables, such as `--out` or `--delimiter`, always a table.
    pair
        The second text of a pair.
    out
        The file to write (CSV, TSV or JSONL, by its ending); by default `NAME.predictions.csv` beside the input's
        name, or with a number where there is one.
    on_empty
        What to do with rows whose text is empty; drop: they are not in the file that is written.
    top
        How many of the likeliest classes to give for each text; 0: all. By default all, or 10 of more than 200.
    spreadsheet_safe
        An apostrophe before texts in CSV and TSV that a spreadsheet takes for formulas (they begin with =, +, -, @).
    json
        Print as JSON.
    max_error
        The share of answers that may be wrong, as 5% or 0.05. A column `decision` then says which rows are `answered`
        within it, and which are for a `person` to look at; the held-out rows of the run decide.
    confidence
        How sure it has to be that no more of them are wrong; by default 95%.
    """
    from warmstart.cli.budget import asked
    from warmstart.cli.show import quiet_libraries
    from warmstart.runs.saved import SavedRun

    quiet_libraries(tables=False)
    saved = SavedRun.open(run)
    is_table = (out, reading, on_empty) != (None, USUAL, "error") or os.path.exists(os.path.expanduser(text))
    if is_table and pair is not None:
        raise _no_pair(text)
    if is_table or (pair is None and _looks_like_a_file(text)):
        _table(saved, text, out, reading, on_empty, top, spreadsheet_safe, json, asked(saved, max_error, confidence))
    else:
        _one(saved, text, pair, top, json, asked(saved, max_error, confidence))


def _looks_like_a_file(text: str) -> bool:
    """Of what is not there: a sentence may end with the name of a file, but has more than three words as a rule."""
    from warmstart.table.reading.formats import known

    name = text.partition("?")[0] if "://" in text else text
    return len(text.split()) <= 3 and known(pathlib.Path(name)) is not None


def _no_pair(table: str) -> Exception:
    from warmstart import errors

    return errors.UserError(
        _("--pair is the second text of one pair, not of a table"),
        where=table,
        fix=_("leave --pair out: a table has a column of them"),
    )


def _one(saved: "SavedRun", text: str, pair: str | None, top: int | None, json: bool, budget: "Budget | None") -> None:
    from warmstart import errors
    from warmstart.cli.budget import Decisions
    from warmstart.cli.show import as_json
    from warmstart.evaluation.predicted import how_many, predictions

    if (saved.task.pair is None) != (pair is None):
        needs = saved.task.pair is not None
        raise errors.UserError(
            _("this model reads pairs of texts") if needs else _("this model reads single texts, not pairs"),
            where="--pair",
            fix='--pair "..."' if needs else _("leave --pair out"),
        )
    if not text.strip() or (pair is not None and not pair.strip()):
        raise errors.UserError(
            _("there is no text to predict from"),
            where="--pair" if text.strip() else "TEXT",
            fix=_("give one that is not blank"),
        )
    logits = saved.predictor.logits([text], None if pair is None else [pair])
    decisions = Decisions.of(budget, saved.task.head, logits)
    [found] = decisions.beside(predictions(saved.task.head, logits, top))
    if json:
        as_json({**found, **decisions.facts()})
        return
    prediction = found.pop("prediction")
    print(visible.line(prediction) if isinstance(prediction, str) else f"{prediction:.4f}")
    decisions.tell_one(found)
    if shown := how_many(saved.task.head, top):
        scores = [
            (found[f"top {place}"], found[f"p(top {place})"])
            for place in range(1, shown + 1)
            if f"top {place}" in found
        ]
    else:
        scores = sorted(((name[2:-1], score) for name, score in found.items()), key=lambda item: -item[1])
    for name, score in scores:
        print(f"  {visible.line(name)}  {score:.4f}")


def _table(
    saved: "SavedRun",
    name: str,
    out: str | None,
    reading: Reading,
    on_empty: Literal["error", "drop"],
    top: int | None,
    spreadsheet_safe: bool,
    json: bool,
    budget: "Budget | None",
) -> None:
    from warmstart import errors
    from warmstart.cli.budget import Decisions
    from warmstart.cli.show import as_json, quiet_libraries, say
    from warmstart.evaluation.predicted import beside, left_out, predictions
    from warmstart.paths import expanded
    from warmstart.reporting.predictions import write_rows
    from warmstart.table import origin
    from warmstart.table.sources import load

    quiet_libraries()
    target = expanded(out) if out else _beside(expanded(name))
    if target.suffix.lower() not in ENDINGS:
        raise errors.UserError(
            _("predictions cannot be written as {suffix!r}").format(suffix=target.suffix),
            where=f"--out {target}",
            fix=_("end the name with one of {endings}").format(endings=", ".join(ENDINGS)),
        )
    if _is_of(target, expanded(name)):
        raise errors.UserError(
            _("the predictions would replace the table that they are of"),
            where=f"--out {target}",
            fix=_("give another name"),
        )
    splits = load(name, **reading.reading(), keep=False)
    split = next(iter(splits))
    if len(splits) > 1:
        listed = ", ".join(splits)
        say(_("of the splits {listed} the first is predicted").format(listed=listed))
    with origin.recalling(splits.values()):
        rows, notes = saved.readable(splits[split], split, on_empty)
    for note in notes:
        say(note)
    head = saved.task.head
    logits = saved.outputs(rows)
    decisions = Decisions.of(budget, head, logits)
    found = beside(rows, decisions.beside(predictions(head, logits, top)))
    write_rows(target, found, spreadsheet_safe=spreadsheet_safe)
    if json:
        as_json({"rows": len(rows), "out": str(target), **decisions.facts()})
        return
    say(_("{written:,} predictions are in {target}").format(written=len(rows), target=target))
    decisions.tell_all()
    if top is None and (shortened := left_out(head)):
        say(shortened)


def _beside(source: pathlib.Path) -> pathlib.Path:
    """`NAME.predictions.csv` beside a file or folder, or the first of `NAME.predictions-2.csv` and so on that is not
    there; for what is not on this machine, in the current folder."""
    from warmstart.table.reading.formats import stem

    folder = source.parent if source.exists() else pathlib.Path()
    name = f"{stem(source.absolute())}.predictions"
    numbered = (folder / f"{name}-{number}.csv" for number in itertools.count(2))
    return next(path for path in itertools.chain([folder / f"{name}.csv"], numbered) if not path.exists())


def _is_of(target: pathlib.Path, source: pathlib.Path) -> bool:
    """Whether a file is the table itself, or one of the files of a folder."""
    if not target.exists() or not source.exists():
        return False
    return target.samefile(source) or (source.is_dir() and target.resolve().is_relative_to(source.resolve()))
