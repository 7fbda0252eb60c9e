"""The command line itself: which commands there are, and how every failure is told."""

import os
import shlex
import sys
from collections.abc import Callable
from typing import Any

import cyclopts
from cyclopts import App, Group

from warmstart import __version__
from warmstart.cli.parsing import taught
from warmstart.engine.signals import Interrupted
from warmstart.errors import UserError, text

STATUS_WRONG_INPUT = 2
STATUS_INTERRUPTED = 130
STATUS_STOPPED = 75  # EX_TEMPFAIL of sysexits.h: try again, and it goes on

HELP = """Fine-tune a pretrained transformer on your own table of texts and labels, and know how good it is.

A first example, with a CSV file that has a column of texts and a column of labels:

    warmstart inspect reviews.csv         # what would be trained
    warmstart train reviews.csv           # into runs/reviews-1
    warmstart predict runs/reviews-1 "..."

`warmstart demo` shows all of it on a built-in data set, without a network."""

HELP_ZH = """用您自己的文本与标签表格微调预训练 Transformer, 并清楚了解其效果。

第一个例子 (CSV 文件, 一列文本, 一列标签):

    warmstart inspect reviews.csv         # 查看数据, 以及将训练什么
    warmstart train reviews.csv           # 结果在 runs/reviews-1
    warmstart predict runs/reviews-1 "..."

`warmstart demo` 用内置数据完整演示, 无需网络。"""


def build() -> App:
    """The application with all of its commands."""
    from warmstart.cli.demo import demo
    from warmstart.cli.evaluate import evaluate
    from warmstart.cli.inspect import inspect
    from warmstart.cli.launch import config, launch
    from warmstart.cli.plan import plan
    from warmstart.cli.predict import predict
    from warmstart.cli.prove import prove
    from warmstart.cli.resume import resume
    from warmstart.cli.train import train

    app = App(
        name="warmstart",
        help=text(HELP, HELP_ZH),
        version=__version__,
        group_commands=Group(text("Commands", "命令"), sort_key=0),
        group_parameters=Group(text("Parameters", "参数"), sort_key=1),
        help_format="markdown",
        result_action="return_value",
        suppress_keyboard_interrupt=False,  # told below
    )
    app["--help"].help = text("Show this help.", "显示本帮助。")
    app["--version"].help = text("Show the version.", "显示版本。")
    in_order: list[Callable[..., None]] = [demo, inspect, plan, train, predict, evaluate, resume, prove]
    for place, command in enumerate(in_order):  # in the order in which one comes to need them
        app.command(command, sort_key=place)
    for handed_over in (launch, config):  # Accelerate parses these, its --help included
        app.command(handed_over, help_flags=[], version_flags=[], sort_key=100)
    return app


def main(arguments: list[str] | None = None) -> Any:
    """Run one command. Exit status: 0 done, 1 bits differ (`prove`) or a process was lost, 2 something the user can
    mend, 75 told to stop and saved, 130 interrupted otherwise.
    """
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    app = build()
    try:
        app(arguments, exit_on_error=False, print_error=False)
    except cyclopts.CycloptsError as error:
        commands = [name for name in app if not name.startswith("-")]
        _tell(taught(error, sys.argv[1:] if arguments is None else arguments, commands))
        sys.exit(STATUS_WRONG_INPUT)
    except UserError as error:
        _tell(error)
        sys.exit(STATUS_WRONG_INPUT)
    except BrokenPipeError:  # the reader, such as `head`, has what it wanted
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:  # a full disk, a folder that may not be written to
        _tell(
            UserError(
                text(f"the system says: {error.strerror or error}", f"系统错误: {error.strerror or error}"),
                where=str(error.filename or ""),
                fix=text("make room, or name a place that you may use", "请腾出空间, 或换用有权限的位置"),
            )
        )
        sys.exit(STATUS_WRONG_INPUT)
    except Interrupted as error:
        resume = f"warmstart resume {shlex.quote(str(error.folder.parent))}"
        _tell(
            UserError(
                text(
                    f"told to stop: update {error.update} was finished and everything is saved",
                    f"收到停止信号: 已完成第 {error.update} 次更新, 全部内容已保存",
                ),
                where=str(error.folder),
                fix=text(f"go on: {resume}", f"继续: {resume}"),
            ),
            text("interrupted: ", "已中断: "),
        )
        sys.exit(STATUS_STOPPED)
    except KeyboardInterrupt:
        _tell(
            UserError(
                text("interrupted", "已中断"), fix=text("warmstart resume RUN goes on", "warmstart resume RUN 可继续")
            )
        )
        sys.exit(STATUS_INTERRUPTED)


def _tell(error: UserError, kind: str | None = None) -> None:
    print((kind or text("error: ", "错误: ")) + str(error), file=sys.stderr)
