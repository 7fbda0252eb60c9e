"""A command line that cannot be parsed, told in our form and the user's language: what, where, how to mend it."""

from collections.abc import Sequence
from typing import Any, Literal, get_args, get_origin

import cyclopts
import pydantic

from warmstart.cli.stock_names import instead
from warmstart.errors import UserError, did_you_mean, nearest
from warmstart.limits import what_is_wrong
from warmstart.messages import _, pgettext


def taught(error: cyclopts.CycloptsError, arguments: Sequence[str], commands: Sequence[str]) -> UserError:
    """What the parser found wrong with `arguments`. `commands`: those that there are."""
    where = " ".join(["warmstart", *arguments])
    match error:
        case cyclopts.UnknownCommandError(unused_tokens=[word, *_]):
            problem = _("there is no command {word!r}").format(word=word)
            return UserError(problem, where, did_you_mean(word, commands))
        case cyclopts.UnknownOptionError():
            name = error.token.keyword or error.token.value
            if fix := instead(name):
                return UserError(_("there is no option {name}").format(name=name), where, fix)
            options = [option for each in error.argument_collection if each.parse for option in each.names]
            near = nearest(name, options)
            fix = _("did you mean {near}?").format(near=near) if near else _see_help(error)
            return UserError(_("there is no option {name}").format(name=name), where, fix)
        case _:
            return UserError(_problem(error), where, _see_help(error))


def _problem(error: cyclopts.CycloptsError) -> str:
    cause = error.__cause__
    match error:
        case cyclopts.ValidationError() if isinstance(cause, pydantic.ValidationError):
            complaint = cause.errors()[0]
            return f"--{str(complaint['loc'][0]).replace('_', '-')}: {what_is_wrong(complaint)}"
        case cyclopts.MissingArgumentError(keyword=str(name)):
            return _("{name} needs a value").format(name=name)
        case cyclopts.MissingArgumentError(argument=cyclopts.Argument() as argument):
            name = argument.name.removeprefix("--").upper()
            return _("{name} is missing").format(name=name)
        case cyclopts.CoercionError(token=cyclopts.Token() as token):
            wanted = _kind(error.target_type)
            return _("{keyword}: {value!r} is not {wanted}").format(
                keyword=token.keyword, value=token.value, wanted=wanted
            )
        case cyclopts.RepeatArgumentError():
            return _("{keyword} is given twice").format(keyword=error.token.keyword)
        case cyclopts.UnusedCliTokensError(unused_tokens=[*words]):
            listed = " ".join(words)
            return _("nothing is asked for that {listed!r} could be").format(listed=listed)
        case _:
            return str(error).strip().partition("\n")[0]


def _kind(target: Any) -> str:
    """What a value should have been."""
    if get_origin(target) is Literal:
        listed = ", ".join(get_args(target))
        return _("one of: {listed}").format(listed=listed)
    names = {
        int: _("a whole number"),
        float: _("a number"),
        bool: pgettext("value of an option", "true or false"),
    }
    return names.get(target, _("what is needed there"))


def _see_help(error: cyclopts.CycloptsError) -> str:
    command = " ".join(["warmstart", *(error.command_chain or ()), "--help"])
    return _("see: {command}").format(command=command)
