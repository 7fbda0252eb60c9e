"""Help in Chinese: a command's second docstring, which takes the place of the English one for who reads Chinese."""

from collections.abc import Callable
from typing import TypeVar

from warmstart.errors import language

Command = TypeVar("Command", bound=Callable[..., None])


def in_chinese(docstring: str) -> Callable[[Command], Command]:
    """Give a command the help that its Chinese readers see, with the same parameters."""

    def choose(command: Command) -> Command:
        if language() == "zh":
            command.__doc__ = docstring
        return command

    return choose
