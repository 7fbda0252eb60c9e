"""How several processes start: from a notebook, or by Accelerate's own commands."""

import os
from collections.abc import Callable, Sequence
from typing import Any

import accelerate
import torch

from warmstart.engine.distributed.processes import cpu_only
from warmstart.engine.threads import processors


def notebook_launcher(
    function: Callable[..., Any], args: Sequence[Any] = (), num_processes: int | None = None, **kwargs: Any
) -> Any:
    """Run `function(*args)` in `num_processes` processes from a notebook; on a CPU in one, which is this one, by
    default.
    """
    if num_processes is None and cpu_only():
        num_processes = 1
    if num_processes == 1 and cpu_only():
        return function(*args)
    return accelerate.notebook_launcher(function, args, num_processes, **kwargs)


def run_config(arguments: list[str]) -> None:
    """`accelerate config` with these arguments."""
    from accelerate.commands.config import get_config_parser

    parsed = get_config_parser().parse_args(arguments)
    parsed.func(parsed)


def run_launch(arguments: list[str]) -> None:
    """`accelerate launch` with these arguments.

    On a machine without an accelerator device, `accelerate launch --num_processes 2` runs one process; torchrun then
    starts as many as were asked for, on the CPU.
    """
    from accelerate.commands.launch import launch_command, launch_command_parser

    parsed = launch_command_parser().parse_args(arguments)
    if parsed.module and parsed.training_script == "warmstart":
        os.environ.setdefault("PYTHONSAFEPATH", "1")  # else a warmstart.py of the current folder would be run
    wanted = parsed.num_processes or _configured(parsed.config_file) or 1
    on_cpu = parsed.cpu or not torch.accelerator.is_available()
    if not on_cpu or wanted == 1:
        launch_command(parsed)
        return
    from torch.distributed.run import main as torchrun

    os.environ["ACCELERATE_USE_CPU"] = "true"
    machines = int(parsed.num_machines or 1)
    os.environ.setdefault("OMP_NUM_THREADS", str(max(processors() * machines // wanted, 1)))
    command = ["--nproc-per-node", str(wanted // machines), "--nnodes", str(machines)]
    command += ["--node-rank", str(parsed.machine_rank)] if parsed.machine_rank is not None else []
    command += ["--master-addr", parsed.main_process_ip] if parsed.main_process_ip else []
    command += ["--master-port", str(parsed.main_process_port or _free_port())]
    command += ["--module"] if parsed.module else []
    torchrun([*command, parsed.training_script, *parsed.training_script_args])


def _configured(path: str | None) -> int | None:
    """The number of processes that `accelerate config` was told, if there is such a file."""
    from accelerate.commands.config import config_args

    path = path or config_args.default_config_file
    if not os.path.isfile(path):
        return None
    count: int | None = getattr(config_args.load_config_from_file(path), "num_processes", None)
    return count


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
