"""warmstart train"""

import shlex
from typing import Annotated

from cyclopts import Parameter

from warmstart.messages import _
from warmstart.recipe import Recipe

NO_RECIPE = Recipe()


def train(
    data: Annotated[str, Parameter(show_default=False)] = "",
    *,
    settings: Annotated[Recipe, Parameter(name="*")] = NO_RECIPE,
    recipe: str | None = None,
    json: bool = False,
) -> None:
    """Fine-tune a model on DATA and leave a run folder with the model, its scores and its predictions.

    DATA is a CSV, TSV, JSONL, Parquet or Excel file, its address (https://...), a folder of them, a Hub id such as
    glue/mrpc, or `sample`. Which column is the text and which the label is worked out and printed; `--text`, `--pair`
    and `--label` say otherwise.

    Examples:

        warmstart train reviews.csv
        warmstart train pairs.tsv --text question --pair answer --label match --epochs 2
        warmstart train reviews.csv --recipe runs/reviews-1/recipe.toml --seed 7

    Parameters
    ----------
    data
        The table.
    recipe
        A recipe.toml to start from; options given beside it win.
    json
        Print the result as JSON.
    """
    from warmstart.cli.show import listen, quiet_libraries
    from warmstart.runs.run import train as run

    quiet_libraries()
    show_result(run(asked_for(data, settings, recipe), listen=listen), json=json)


def asked_for(data: str, settings: Recipe, recipe: str | None) -> Recipe:
    """The recipe that a command line means: the file's settings, and the options over them."""
    asked = settings.model_dump(exclude_unset=True)
    if data:
        asked["data"] = data
    start = Recipe.read(recipe) if recipe else Recipe()
    if recipe and "out" not in asked:
        asked["out"] = None  # a recipe says how to train, not over which earlier run
    return start.changed(asked)


def show_result(result: "object", *, json: bool) -> None:
    """Print what a run has found, on the main process."""
    from warmstart.cli.show import as_json, say
    from warmstart.reporting.terminal import lines_of, score_table
    from warmstart.runs.run import Result

    assert isinstance(result, Result)
    if result.report is None:
        return
    if json:
        as_json({"run": str(result.folder), "model": str(result.folder / "model"), **result.report.to_dict()})
        return
    first, *others = result.report.verdict.sentences() if result.report.verdict else [""]
    lines_of(first)
    rows = result.report.rows
    score_table(result.report, _("on {rows:,} validation rows").format(rows=rows))
    lines_of(*others)
    where = result.folder
    example = f'warmstart predict {shlex.quote(str(where))} "..."' + (' --pair "..."' if result.task.pair else "")
    say(_("the model is in {folder}; use it: {example}").format(folder=where / "model", example=example))
