"""The command line itself: which commands there are, and how every failure is told."""

import functools
import inspect
import os
import shlex
import sys
from collections.abc import Callable
from typing import Any

import cyclopts
from cyclopts import App, Group

from warmstart import __version__
from warmstart.cli.parsing import taught
from warmstart.cli.show import listen
from warmstart.cli.stock_names import translated
from warmstart.engine.signals import Interrupted
from warmstart.errors import UserError
from warmstart.events import listening
from warmstart.messages import N_, _

STATUS_WRONG_INPUT = 2
STATUS_INTERRUPTED = 130
STATUS_STOPPED = 75  # EX_TEMPFAIL of sysexits.h: try again, and it goes on

HELP = N_("""Fine-tune a pretrained transformer on your own table of texts and labels, and know how good it is.

A first example, with a CSV file that has a column of texts and a column of labels:

    warmstart inspect reviews.csv         # what would be trained
    warmstart train reviews.csv           # into runs/reviews-1
    warmstart predict runs/reviews-1 "..."

`warmstart demo` shows all of it on a built-in data set, without a network.""")


def build() -> App:
    """The application with all of its commands."""
    from warmstart.cli.demo import demo
    from warmstart.cli.evaluate import evaluate
    from warmstart.cli.inspect import inspect
    from warmstart.cli.launch import config, launch
    from warmstart.cli.plan import plan
    from warmstart.cli.predict import predict
    from warmstart.cli.prove import prove
    from warmstart.cli.report import report
    from warmstart.cli.resume import resume
    from warmstart.cli.review import review
    from warmstart.cli.train import train

    app = App(
        name="warmstart",
        help=_(HELP),
        version=__version__,
        group_commands=Group(_("Commands"), sort_key=0),
        group_parameters=Group(_("Parameters"), sort_key=1),
        help_format="markdown",
        result_action="return_value",
        suppress_keyboard_interrupt=False,  # told below
    )
    app["--help"].help = _("Show this help.")
    app["--version"].help = _("Show the version.")
    in_order: list[Callable[..., None]] = [demo, inspect, plan, train, predict, evaluate, report, review, resume, prove]
    for place, command in enumerate(in_order):  # in the order in which one comes to need them
        app.command(_helping(command), sort_key=place)
    for handed_over in (launch, config):  # Accelerate parses these, its --help included
        app.command(_helping(handed_over), help_flags=[], version_flags=[], sort_key=100)
    return app


def _helping(command: Callable[..., None]) -> Callable[..., None]:
    """The command, whose docstring is its help, with that in the user's language."""

    @functools.wraps(command)
    def same(*arguments: Any, **options: Any) -> None:
        command(*arguments, **options)

    english = inspect.getdoc(command) or ""
    same.__doc__ = _(english)
    return same


def main(arguments: list[str] | None = None) -> Any:
    """Run one command. Exit status: 0 done, 1 bits differ (`prove`) or a process was lost, 2 something the user can
    mend, 75 told to stop and saved, 130 interrupted otherwise.
    """
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    app = build()
    given = sys.argv[1:] if arguments is None else arguments
    try:
        with listening(listen):
            app(translated(given), exit_on_error=False, print_error=False)
    except cyclopts.CycloptsError as error:
        commands = [name for name in app if not name.startswith("-")]
        _tell(taught(error, given, commands))
        sys.exit(STATUS_WRONG_INPUT)
    except UserError as error:
        _tell(error)
        sys.exit(STATUS_WRONG_INPUT)
    except BrokenPipeError:  # the reader, such as `head`, has what it wanted
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:  # a full disk, a folder that may not be written to
        _tell(
            UserError(
                _("the system says: {reason}").format(reason=error.strerror or error),
                where=str(error.filename or ""),
                fix=_("make room, or name a place that you may use"),
            )
        )
        sys.exit(STATUS_WRONG_INPUT)
    except Interrupted as error:
        resume = f"warmstart resume {shlex.quote(str(error.folder.parent))}"
        _tell(
            UserError(
                _("told to stop: update {update} was finished and everything is saved").format(update=error.update),
                where=str(error.folder),
                fix=_("go on: {resume}").format(resume=resume),
            ),
            _("interrupted: "),
        )
        sys.exit(STATUS_STOPPED)
    except KeyboardInterrupt:
        _tell(UserError(_("interrupted"), fix=_("warmstart resume RUN goes on")))
        sys.exit(STATUS_INTERRUPTED)


def _tell(error: UserError, kind: str | None = None) -> None:
    print((kind or _("error: ")) + str(error), file=sys.stderr)
