"""How the cells of a label column are written, where a kind of task does not read them as they are.

A task holds its notation, so that training, evaluating and every later table read cells alike.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from warmstart.heads import alike, lists, quantities
from warmstart.heads.cells import Value, is_mark, is_missing, is_number, is_scalar
from warmstart.messages import _

UNREADABLE: Final = object()  # what a kind of task gets for a cell that is not written as the others: no label to any

_YES = frozenset("1 true t yes y x ✓ ✔".split())
_NO = frozenset("0 false f no n".split())


@dataclass(frozen=True)
class Notation:
    """What the user has asked for or the cells have told. The default says that nothing is special.

    `labels`: whether labels that look the same are one ("merge") or meant to differ ("keep"). `columns`: of zeros and
    ones, one for each class. `lists`: cells are lists written as text. `separator`: what joins the labels of a cell.
    `empty`: an empty cell lacks its label ("missing"; so does None) or says that the row has none ("none"). `decimal`:
    by which convention text says a number, `unit`: the sign of a currency or of a share that stands beside it.
    """

    labels: Literal["merge", "keep"] | None = None
    columns: tuple[str, ...] = ()
    lists: bool = False
    separator: str | None = None
    empty: Literal["missing", "none"] | None = None
    decimal: quantities.Decimal | None = None
    unit: str = ""

    @classmethod
    def asked(
        cls,
        labels: Literal["merge", "keep"] | None = None,
        label_separator: str | None = None,
        label_empty: Literal["missing", "none"] | None = None,
        decimal: quantities.Decimal | None = None,
    ) -> "Notation":
        """What the options of that name mean; `\\t` and `\\n` can be written so as separators."""
        separator = {"\\t": "\t", "\\n": "\n"}.get(label_separator or "", label_separator)
        return cls(labels=labels, separator=separator, empty=label_empty, decimal=decimal)

    def given(self, asked: "Notation") -> "Notation":
        """This one, but what the user has asked for otherwise of another table."""
        special = {name: value for name, value in vars(asked).items() if value != getattr(PLAIN, name)}
        return replace(self, **special)

    def is_sound(self) -> bool:
        """Whether each field has a value that it can have, as that of a file need not."""
        return (
            self.labels in (None, "merge", "keep")
            and all(isinstance(name, str) for name in self.columns)
            and isinstance(self.lists, bool)
            and (self.separator is None or (isinstance(self.separator, str) and self.separator != ""))
            and self.empty in (None, "missing", "none")
            and self.decimal in (None, "point", "comma")
            and isinstance(self.unit, str)
        )

    @property
    def in_cells(self) -> bool:
        """Whether a cell of text holds any number of labels."""
        return self.lists or self.separator is not None

    def items(self, cell: str) -> list[Any] | None:
        """The labels in one cell of text; None if it is not written so."""
        found = lists.parse(cell) if self.lists else None
        return lists.split(cell, self.separator) if found is None and self.separator is not None else found

    def plain(self, cells: Sequence[Any], values: Sequence[Value]) -> Sequence[Any]:
        """Cells [rows] as a kind of task reads them; `values` are the cells that stand for its classes.

        The very same where there is nothing to do. A cell that is written otherwise becomes `UNREADABLE`.
        """
        if self.columns:
            flags: dict[Any, Any] = {}
            return [self._row(cell, flags) for cell in cells]
        same = self._same(values)
        if same is None and not self.in_cells and self.empty != "none" and self.decimal is None:
            return cells
        known: dict[str, Any] = {}
        return [self._cell(cell, same, known) for cell in cells]

    def _cell(self, cell: Any, same: "Callable[[Any], Any] | None", known: dict[str, Any]) -> Any:
        """One cell, `known` from an equal one before it or read anew."""
        if not isinstance(cell, str):
            if self.empty == "none" and is_missing(cell):
                return []
            if self.unit in quantities.SHARES and is_number(cell):  # 0.85 may well be 85 %
                return UNREADABLE
            return [*map(same, cell)] if same and isinstance(cell, list | tuple) else cell
        if cell not in known:
            known[cell] = self._text(cell, same)
        return known[cell]

    def _text(self, cell: str, same: "Callable[[Any], Any] | None") -> Any:
        if is_missing(cell):
            return [] if self.empty == "none" else cell
        if self.decimal is not None:
            return self._amount(cell)
        if self.in_cells:
            found = self.items(cell)
            return UNREADABLE if found is None else [*map(same, found)] if same else found
        return same(cell) if same else cell

    def _amount(self, cell: str) -> Any:
        assert self.decimal is not None
        found = quantities.read(cell, self.decimal)
        if found is None:
            return UNREADABLE
        is_bare = not found.unit and (self.unit not in quantities.SHARES or not found.amount)
        return found.amount if found.unit == self.unit or is_bare else UNREADABLE

    def _same(self, values: Sequence[Value]) -> "Callable[[Any], Any] | None":
        """What makes one spelling of all that look the same."""
        if self.labels != "merge" or not values:
            return None
        known, exact = alike.by_key(values), {*values}
        return lambda item: known.get(alike.key(item), item) if isinstance(item, str) and item not in exact else item

    def _row(self, cells: Sequence[Any], known: dict[Any, Any]) -> Any:
        """The cells of several columns as a vector of zeros and ones; None where one of them lacks its label."""
        for cell in cells:
            if is_scalar(cell) and cell not in known:
                known[cell] = self.flag(cell)
        flags = [known[cell] if is_scalar(cell) else cell for cell in cells]
        return None if None in flags else flags

    def flag(self, cell: Any) -> Any:
        """The 0 or 1 that a cell of one of several columns says, None where it says nothing."""
        if is_missing(cell):
            return 0 if self.empty == "none" else None
        if is_mark(cell):
            return None
        said = alike.key(cell).removesuffix(".")
        return 1 if said in _YES else 0 if said in _NO else cell

    def said(self) -> tuple[str, ...]:
        """A phrase for what cells mean that are not read as they are."""
        found = []
        if self.lists:
            found.append(_("the lists of labels are written as text"))
        if self.separator is not None:
            found.append(_("the labels of a cell are separated by {separator!r}").format(separator=self.separator))
        if self.empty == "none":
            found.append(_("an empty cell: the row has none of the labels"))
        if self.decimal is not None:
            found.append(
                _("numbers are read with a decimal point (--decimal comma: with a comma)")
                if self.decimal == "point"
                else _("numbers are read with a decimal comma (--decimal point: with a point)")
            )
        if self.unit:
            found.append(_("the sign {unit} is left out: 12 {unit} is the number 12").format(unit=self.unit))
        return tuple(found)


PLAIN: Final = Notation()
