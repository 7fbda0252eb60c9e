"""warmstart plan"""

from typing import Annotated

from cyclopts import Parameter

from warmstart.recipe import Recipe

NO_RECIPE = Recipe()


def plan(
    data: Annotated[str, Parameter(show_default=False)] = "",
    *,
    settings: Annotated[Recipe, Parameter(name="*")] = NO_RECIPE,
    recipe: str | None = None,
    json: bool = False,
) -> None:
    """Say what `warmstart train` with the same options would do and cost, after a few real updates; nothing is kept.

    Examples:

        warmstart plan reviews.csv
        warmstart plan reviews.csv --batch-size 32 --epochs 5

    Parameters
    ----------
    data
        The table.
    recipe
        A recipe.toml to start from; options given beside it win.
    json
        Print the plan as JSON.
    """
    from warmstart.cli.show import as_json, listen, quiet_libraries
    from warmstart.cli.train import asked_for
    from warmstart.runs.plan import plan as make

    quiet_libraries()
    found = make(asked_for(data, settings, recipe), listen=listen)
    if json:
        as_json(found.to_dict())
