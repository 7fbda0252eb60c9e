"""The cells of a workbook by way of the library that reads it: openpyxl (.xlsx) or xlrd (.xls)."""

import datetime
import io
import itertools
import pathlib
import re
import warnings
import zipfile
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from warmstart.errors import UserError, first_line
from warmstart.messages import _
from warmstart.table.reading import compression

MOST_ROWS = 1 << 20  # that a sheet can have
ZEROS = re.compile("0+")  # the format of a number that is shown with so many digits


class Book(Protocol):
    """A workbook. `visible`: the names of the sheets that are not hidden."""

    names: list[str]
    visible: list[str]

    def rows(self, sheet: str) -> Generator[Sequence[str | None]]:
        """The cells of each row, as text, the first row and the first column included."""

    def unstored(self, sheet: str) -> list[str]:
        """The names of cells with a formula and no value."""


@contextmanager
def opened(path: pathlib.Path) -> Iterator[Book]:
    """The workbook in a file. Raises UserError if it is damaged, or the library that reads it is not installed."""
    with path.open("rb") as file:
        is_old = file.read(2) == b"\xd0\xcf"
    package = "xlrd" if is_old else "openpyxl"
    try:
        with telling(path), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what is not read anyway, such as pictures
            book = _Old(path) if is_old else _New(path)
    except ImportError as error:
        raise UserError(
            _("{name} is an Excel workbook, and {package} is not installed").format(name=path.name, package=package),
            str(path),
            _("pip install {package} (the extra warmstart[excel] has it), or save the sheet as CSV (UTF-8)").format(
                package=package
            ),
        ) from error
    try:
        yield book
    finally:
        book.close()


@contextmanager
def telling(path: pathlib.Path) -> Iterator[None]:
    """Whatever goes wrong in those libraries is told: a damaged file meets them with errors of every kind."""
    try:
        yield
    except (UserError, ImportError):
        raise
    except Exception as error:
        raise UserError(
            _("{name} cannot be read as a workbook: {error}").format(name=path.name, error=first_line(error)),
            str(path),
            _("open it in a spreadsheet program (with its password, if it has one) and save it as .xlsx or CSV"),
        ) from error


class _New:
    def __init__(self, path: pathlib.Path) -> None:
        import openpyxl

        with zipfile.ZipFile(path) as archive:  # openpyxl keeps all texts of a workbook in memory
            compression.check_size(path, sum(part.file_size for part in archive.infolist()), ratio=0)
        self._path = path
        self._book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        self.names: list[str] = [sheet.title for sheet in self._book.worksheets]
        self.visible: list[str] = [
            sheet.title for sheet in self._book.worksheets if sheet.sheet_state == "visible"
        ] or self.names

    def rows(self, sheet: str) -> Generator[Sequence[str | None]]:
        for row in self._cells(self._book, sheet):
            yield [_seen(cell.value, cell.number_format if isinstance(cell.value, int) else None) for cell in row]

    def unstored(self, sheet: str) -> list[str]:
        import openpyxl

        formulas = openpyxl.load_workbook(self._path, read_only=True)
        try:
            pairs = zip(self._cells(formulas, sheet), self._cells(self._book, sheet), strict=True)
            found = (
                cell.coordinate
                for row, values in pairs
                for cell, value in zip(row, values, strict=True)
                if cell.data_type == "f" and value.value is None
            )
            return list(itertools.islice(found, 100))
        finally:
            formulas.close()

    def _cells(self, book: Any, sheet: str) -> Iterator[Sequence[Any]]:
        found = book[sheet]
        found.reset_dimensions()  # what a file says of its size is wrong in some, and would cut it
        for number, row in enumerate(found.iter_rows()):
            if number == MOST_ROWS:
                raise ValueError(f"more than {MOST_ROWS:,} rows")
            yield row

    def close(self) -> None:
        self._book.close()


class _Old:
    def __init__(self, path: pathlib.Path) -> None:
        import xlrd

        self._book = xlrd.open_workbook(path, logfile=io.StringIO(), on_demand=True)
        self.names: list[str] = self._book.sheet_names()
        self.visible: list[str] = [
            name for name in self.names if self._book.sheet_by_name(name).visibility == 0
        ] or self.names

    def rows(self, sheet: str) -> Generator[Sequence[str | None]]:
        found = self._book.sheet_by_name(sheet)
        for number in range(found.nrows):
            yield [_seen(self._value(cell), None) for cell in found.row(number)]

    def unstored(self, sheet: str) -> list[str]:
        return []  # the format has a value for every formula

    def _value(self, cell: Any) -> Any:
        import xlrd

        match cell.ctype:
            case xlrd.XL_CELL_DATE:
                if cell.value < 1:
                    return (datetime.datetime.min + datetime.timedelta(days=cell.value)).time()
                return xlrd.xldate_as_datetime(cell.value, self._book.datemode)
            case xlrd.XL_CELL_BOOLEAN:
                return bool(cell.value)
            case xlrd.XL_CELL_ERROR:
                return xlrd.error_text_from_code.get(cell.value, "#N/A")
            case xlrd.XL_CELL_EMPTY | xlrd.XL_CELL_BLANK:
                return None
            case _:
                return cell.value

    def close(self) -> None:
        self._book.release_resources()


def _seen(value: Any, number_format: str | None) -> str | None:
    """A cell as a person sees it, but for the colours: whole numbers without a point, others with the 15 digits that
    the programs keep, dates and times as ISO 8601 has them."""
    match value:
        case None:
            return None
        case bool():
            return str(value).upper()
        case int():
            zeros = ZEROS.fullmatch(number_format or "")
            return str(value).zfill(len(zeros[0])) if zeros else str(value)
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.15g}"
        case datetime.datetime():
            whole = (value + datetime.timedelta(milliseconds=500)).replace(microsecond=0)
            return whole.isoformat(" ").removesuffix(" 00:00:00")
        case datetime.timedelta():
            minutes, seconds = divmod(round(value.total_seconds()), 60)
            return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
        case datetime.time():
            return value.isoformat("seconds")
        case _:
            return str(value)
