"""warmstart config, warmstart launch: handed over to Accelerate's own commands."""

from typing import Annotated

from cyclopts import Parameter


def config(*arguments: Annotated[str, Parameter(allow_leading_hyphen=True)]) -> None:
    """Answer a few questions on your machines; `warmstart launch` uses the answers. (This is `accelerate config`.)"""
    from warmstart.engine.distributed.launch import run_config

    run_config(list(arguments))


def launch(*arguments: Annotated[str, Parameter(allow_leading_hyphen=True)]) -> None:
    """Run a script, or a warmstart command, in several processes. (This is `accelerate launch`.)

    Examples:

        warmstart launch --num_processes 2 train.py
        warmstart launch --num_processes 2 -m warmstart train reviews.csv
    """
    from warmstart.engine.distributed.launch import run_launch

    run_launch(list(arguments))
