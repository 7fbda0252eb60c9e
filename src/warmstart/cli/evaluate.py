"""warmstart evaluate"""

from typing import Annotated, Literal

from cyclopts import Parameter

from warmstart.messages import _
from warmstart.options import Reading

USUAL = Reading()


def evaluate(
    run: str,
    data: str,
    *,
    reading: Annotated[Reading, Parameter(name="*")] = USUAL,
    on_empty: Literal["error", "drop"] = "error",
    labels: Literal["merge", "keep"] | None = None,
    label_empty: Literal["missing", "none"] | None = None,
    json: bool = False,
) -> None:
    """Measure the model of RUN on DATA, which has the same columns and labels as the table it was trained on.

    Beside it stand the two baselines, trained on the run's own training rows as long as these can be found.

    Example:

        warmstart evaluate runs/reviews-1 newer-reviews.csv

    Parameters
    ----------
    run
        The run's folder.
    data
        The table to measure on. Of several splits the first of `test`, `validation` and `train` that has labels.
    on_empty
        What to do with rows whose text is empty.
    labels
        merge: labels that look like one of the model's are taken as that; by default as the training rows were.
    label_empty
        Where rows have several labels, an empty cell lacks its labels (missing) or says that the row has none (none);
        by default as in the training rows.
    json
        Print the result as JSON.
    """
    from warmstart.cli.show import as_json, quiet_libraries, say
    from warmstart.heads.notation import Notation
    from warmstart.reporting.terminal import score_table
    from warmstart.runs.evaluate import measure_run
    from warmstart.runs.saved import SavedRun
    from warmstart.table import origin
    from warmstart.table.sources import load

    quiet_libraries()
    saved = SavedRun.open(run)
    notation = Notation.asked(labels=labels, label_empty=label_empty)
    splits = load(data, **reading.reading(), keep=False)
    with origin.recalling(splits.values()):
        report, notes = measure_run(saved, splits, where=data, on_empty=on_empty, notation=notation)
    for note in notes:
        say(note)
    if json:
        as_json({"run": run, "data": data, **report.to_dict()})
    else:
        score_table(
            report,
            _("{run} on {rows:,} rows of {data}").format(run=run, rows=report.rows, data=data),
        )
