"""warmstart resume"""

import pathlib

from warmstart.messages import _


def resume(run: str, *, accept_changes: bool = False, json: bool = False) -> None:
    """Go on with an interrupted run from its newest good checkpoint, with the recipe it was started with.

    Example:

        warmstart resume runs/reviews-1

    Parameters
    ----------
    run
        The run's folder.
    accept_changes
        Go on although the recipe, the table or the packages are not those that the run was begun with; the log says
        what has changed.
    json
        Print the result as JSON.
    """
    from warmstart.cli.show import listen, quiet_libraries
    from warmstart.cli.train import show_result
    from warmstart.recipe import Recipe
    from warmstart.runs.run import train

    folder = known_run(run)
    quiet_libraries()
    asked = Recipe.read(folder / "recipe.toml").changed({"out": str(folder)})
    show_result(train(asked, resume=True, accept_changes=accept_changes, listen=listen), json=json)


def known_run(run: str) -> pathlib.Path:
    """The folder of a run. Raises UserError if it is none."""
    from warmstart.errors import UserError
    from warmstart.paths import expanded

    folder = expanded(run)
    if not (folder / "recipe.toml").is_file():
        raise UserError(
            _("{folder} is not the folder of a run").format(folder=folder),
            where=run,
            fix=_("give a folder that has a recipe.toml"),
        )
    return folder
