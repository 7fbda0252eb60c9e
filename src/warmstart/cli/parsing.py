"""A command line that cannot be parsed, told in our form and the user's language: what, where, how to mend it."""

from collections.abc import Sequence
from typing import Any, Literal, get_args, get_origin

import cyclopts
import pydantic

from warmstart.errors import UserError, did_you_mean, nearest, text
from warmstart.limits import what_is_wrong


def taught(error: cyclopts.CycloptsError, arguments: Sequence[str], commands: Sequence[str]) -> UserError:
    """What the parser found wrong with `arguments`. `commands`: those that there are."""
    where = " ".join(["warmstart", *arguments])
    match error:
        case cyclopts.UnknownCommandError(unused_tokens=[word, *_]):
            problem = text(f"there is no command {word!r}", f"没有命令 {word!r}")
            return UserError(problem, where, did_you_mean(word, commands))
        case cyclopts.UnknownOptionError():
            name = error.token.keyword or error.token.value
            options = [option for each in error.argument_collection if each.parse for option in each.names]
            near = nearest(name, options)
            fix = text(f"did you mean {near}?", f"是否想写 {near}?") if near else _see_help(error)
            return UserError(text(f"there is no option {name}", f"没有选项 {name}"), where, fix)
        case _:
            return UserError(_problem(error), where, _see_help(error))


def _problem(error: cyclopts.CycloptsError) -> str:
    cause = error.__cause__
    match error:
        case cyclopts.ValidationError() if isinstance(cause, pydantic.ValidationError):
            complaint = cause.errors()[0]
            return f"--{str(complaint['loc'][0]).replace('_', '-')}: {what_is_wrong(complaint)}"
        case cyclopts.MissingArgumentError(keyword=str(name)):
            return text(f"{name} needs a value", f"{name} 需要一个值")
        case cyclopts.MissingArgumentError(argument=cyclopts.Argument() as argument):
            name = argument.name.removeprefix("--").upper()
            return text(f"{name} is missing", f"缺少 {name}")
        case cyclopts.CoercionError(token=cyclopts.Token() as token):
            wanted = _kind(error.target_type)
            return text(
                f"{token.keyword}: {token.value!r} is not {wanted}", f"{token.keyword}: {token.value!r} 不是{wanted}"
            )
        case cyclopts.RepeatArgumentError():
            return text(f"{error.token.keyword} is given twice", f"{error.token.keyword} 重复出现")
        case cyclopts.UnusedCliTokensError(unused_tokens=[*words]):
            listed = " ".join(words)
            return text(f"nothing is asked for that {listed!r} could be", f"多余的参数: {listed!r}")
        case _:
            return str(error).strip().partition("\n")[0]


def _kind(target: Any) -> str:
    """What a value should have been."""
    if get_origin(target) is Literal:
        listed = ", ".join(get_args(target))
        return text(f"one of: {listed}", f"以下之一: {listed}")
    names = {
        int: text("a whole number", "整数"),
        float: text("a number", "数字"),
        bool: text("true or false", " true 或 false"),
    }
    return names.get(target, text("what is needed there", "所需的值"))


def _see_help(error: cyclopts.CycloptsError) -> str:
    command = " ".join(["warmstart", *(error.command_chain or ()), "--help"])
    return text(f"see: {command}", f"参见: {command}")
