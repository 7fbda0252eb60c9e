"""The kinds of task that there are, and how to add one."""

from warmstart.errors import UserError, did_you_mean
from warmstart.heads.classes import Classes
from warmstart.heads.head import Head
from warmstart.heads.labels import Labels
from warmstart.heads.number import Number
from warmstart.messages import _

_HEADS: dict[str, type[Head]] = {}


def register(head: type[Head]) -> type[Head]:
    """Make a kind of task known, by its `kind`, to recipes, commands and saved runs; usable as a decorator."""
    _HEADS[head.kind] = head
    return head


def kinds() -> tuple[str, ...]:
    """The kinds of task that there are."""
    return tuple(_HEADS)


def head_of(kind: str) -> type[Head]:
    """The head for a kind; raises UserError with the nearest name if there is none."""
    if kind not in _HEADS:
        raise UserError(_("there is no kind of task {kind!r}").format(kind=kind), fix=did_you_mean(kind, kinds()))
    return _HEADS[kind]


for _head in (Classes, Labels, Number):
    register(_head)
