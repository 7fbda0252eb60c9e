"""warmstart config, warmstart launch: handed over to Accelerate's own commands."""

from typing import Annotated

from cyclopts import Parameter

from warmstart.cli.chinese import in_chinese


@in_chinese("""回答几个关于您的机器的问题; `warmstart launch` 会使用这些回答。(即 `accelerate config`。)""")
def config(*arguments: Annotated[str, Parameter(allow_leading_hyphen=True)]) -> None:
    """Answer a few questions on your machines; `warmstart launch` uses the answers. (This is `accelerate config`.)"""
    from warmstart.engine.distributed.processes import run_config

    run_config(list(arguments))


@in_chinese(
    """在多个进程中运行脚本或 warmstart 命令。(即 `accelerate launch`。)

    示例:

        warmstart launch --num_processes 2 train.py
        warmstart launch --num_processes 2 -m warmstart train reviews.csv
    """
)
def launch(*arguments: Annotated[str, Parameter(allow_leading_hyphen=True)]) -> None:
    """Run a script, or a warmstart command, in several processes. (This is `accelerate launch`.)

    Examples:

        warmstart launch --num_processes 2 train.py
        warmstart launch --num_processes 2 -m warmstart train reviews.csv
    """
    from warmstart.engine.distributed.processes import run_launch

    run_launch(list(arguments))
