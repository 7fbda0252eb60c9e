"""warmstart resume"""


def resume(run: str, *, json: bool = False) -> None:
    """Go on with an interrupted run from its newest good checkpoint, with the recipe it was started with.

    Example:

        warmstart resume runs/reviews-1

    Parameters
    ----------
    run
        The run's folder.
    json
        Print the result as JSON.
    """
    import pathlib

    from warmstart.cli.show import quiet_libraries, say
    from warmstart.cli.train import show_result
    from warmstart.errors import UserError, text
    from warmstart.recipe import Recipe
    from warmstart.run import train

    folder = pathlib.Path(run)
    if not (folder / "recipe.toml").is_file():
        raise UserError(
            text(f"{folder} is not the folder of a run", f"{folder} 不是运行文件夹"),
            where=run,
            fix=text("give a folder that has a recipe.toml", "请给出含 recipe.toml 的文件夹"),
        )
    quiet_libraries()
    show_result(train(Recipe.read(folder / "recipe.toml").changed({"out": run}), resume=True, say=say), json=json)
