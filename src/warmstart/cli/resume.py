"""warmstart resume"""

import pathlib

from warmstart.cli.chinese import in_chinese


@in_chinese(
    """从最新的完好检查点继续一个被中断的运行, 使用它开始时的配方。

    示例:

        warmstart resume runs/reviews-1

    Parameters
    ----------
    run
        运行的文件夹。
    accept_changes
        即使配方、数据表或软件包与该运行开始时不同也继续; 日志会记录有何变化。
    json
        以 JSON 输出结果。
    """
)
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
    from warmstart.errors import UserError, text
    from warmstart.paths import expanded

    folder = expanded(run)
    if not (folder / "recipe.toml").is_file():
        raise UserError(
            text(f"{folder} is not the folder of a run", f"{folder} 不是运行文件夹"),
            where=run,
            fix=text("give a folder that has a recipe.toml", "请给出含 recipe.toml 的文件夹"),
        )
    return folder
