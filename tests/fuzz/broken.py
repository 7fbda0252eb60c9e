"""Ways to break a good file, table, recipe or checkpoint, each a function of the generator that it is given."""

import csv
import json
import math
import pathlib
import random
from typing import Any

import pyarrow as pa
import pyarrow.parquet

from warmstart.recipe import Recipe

ODD_BYTES = b"\"',\t\n\r\0\\{}[]:;|=\xed\xa0\xff\xef\xbb\xbf \x80\xc3\x1b"
ODD_TEXTS = [
    *(
        "",
        " ",
        "\u00a0",
        "nan",
        "None",
        "N/A",
        "-",
        "0",
        "-1",
        "1.0",
        "1e999",
        "3,5",
        "1.234,5",
        "85%",
        "$12",
        "\u200b",
    ),
    *(
        "\x1b[2J",
        "=cmd()",
        "['a', 'b']",
        '["a"]',
        "a|b",
        "a;b",
        "\u202e",
        "\U0001f600",
        "a\nb",
        'say "what"',
        "x" * 70_000,
    ),
    *("2026-11-25", "true", "label", "text", "positive ", "POSITIVE", "\uff11", "\x00", "\r", "..", "/dev/zero"),
]
ODD_VALUES: list[Any] = [
    *(None, True, False, 0, 1, -1, -100, 10**18, 2**63, -(2**70), 0.5, math.nan, math.inf, "", "x", "1", "null"),
    *([], [[]], {}, [1, 2], ["a"], {"a": 1}, [None], "\x00", "a" * 5_000, 1e-300),
]
NESTED = 50_000  # beyond any recursion limit


def bytes_of(draw: random.Random, path: pathlib.Path) -> None:
    """Change, remove, repeat or add some bytes of a file, or cut it off."""
    content = bytearray(path.read_bytes())
    for _time in range(draw.choice([1, 1, 1, 2, 3, 8])):
        at = draw.randrange(len(content) + 1)
        match draw.randrange(7):
            case 0:
                content[at : at + 1] = bytes([draw.choice(ODD_BYTES)])
            case 1:
                content[at:at] = bytes(draw.choice(ODD_BYTES) for _byte in range(draw.randrange(1, 5)))
            case 2:
                del content[at : at + draw.choice([1, 2, 7, 100, 10**9])]
            case 3:
                content[at : at + 8] = draw.choice([b"\0" * 8, b"\xff" * 8, b"\xff" * 7 + b"\x7f"])
            case 4:
                content[at:at] = content[: draw.randrange(200)]
            case 5 if at < len(content):
                content[at] ^= 1 << draw.randrange(8)
            case _:
                some = content[at : at + 40]
                content += some
    path.write_bytes(bytes(content))


def write_table(draw: random.Random, path: pathlib.Path, rows: list[dict[str, Any]]) -> None:
    """A table of good rows, some cells, names and rows of which are odd, in the format of the name's ending."""
    rows = [dict(row) for row in rows[: draw.choice([0, 1, 3, 8, 40])]]
    names = list(rows[0]) if rows else ["text", "label"]
    is_text = path.suffix in (".csv", ".tsv")
    odd = ODD_TEXTS if is_text else ODD_TEXTS + ODD_VALUES
    for _time in range(draw.choice([0, 1, 1, 3, 20])):
        if not rows:
            break
        row, name = draw.choice(rows), draw.choice(names)
        match draw.randrange(5):
            case 0:
                row.pop(name, None)
            case 1:
                new = draw.choice(ODD_TEXTS)
                for each in rows:
                    each[new] = each.get(name)
                names.append(new)
            case 2:
                value = draw.choice(odd)
                for each in rows:
                    each[name] = value
            case _:
                row[name] = draw.choice(odd)
    _write(path, names, rows)


def _write(path: pathlib.Path, names: list[str], rows: list[dict[str, Any]]) -> None:
    if path.suffix in (".csv", ".tsv"):
        with path.open("w", encoding="utf-8", errors="surrogatepass", newline="") as file:
            writer = csv.writer(file, delimiter="\t" if path.suffix == ".tsv" else ",")
            writer.writerow(names)
            writer.writerows([row.get(name, "") for name in names] for row in rows)
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    elif path.suffix == ".json":
        path.write_text(json.dumps(rows))
    else:
        _write_arrow(path, rows)


def _write_arrow(path: pathlib.Path, rows: list[dict[str, Any]]) -> None:
    try:
        _write_typed(path, pa.Table.from_pylist(rows))
    except (pa.ArrowException, OverflowError):  # a mixture that no column can hold, or no file
        texts = [{name: str(value)[:100] for name, value in row.items()} for row in rows]
        _write_typed(path, pa.Table.from_pylist(texts))


def _write_typed(path: pathlib.Path, table: pa.Table) -> None:
    if path.suffix == ".parquet":
        pyarrow.parquet.write_table(table, path)
        return
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)


def settings(draw: random.Random, recipe: Recipe) -> str:
    """A recipe's TOML with some settings odd, missing, or of no recipe."""
    import tomli_w

    plain = recipe.model_dump(mode="json", exclude_none=True)
    for _time in range(draw.choice([0, 1, 1, 2, 5])):
        name = draw.choice([*Recipe.model_fields, "learning_rate", "", "a.b"])
        if draw.random() < 0.2:
            plain.pop(name, None)
        else:
            plain[name] = draw.choice([value for value in ODD_VALUES if not _lacks_toml(value)])
    return tomli_w.dumps(plain)


def _lacks_toml(value: Any) -> bool:
    return value is None or (isinstance(value, list) and None in value)


def model(draw: random.Random, folder: pathlib.Path) -> None:
    """A checkpoint with one or two of its files broken."""
    for _time in range(draw.choice([1, 1, 2])):
        files = sorted(path for path in folder.iterdir() if path.is_file() and not path.is_symlink())
        if not files:
            return
        path = draw.choice(files)
        if path.suffix == ".json" and draw.random() < 0.7:
            _json(draw, path)
        elif draw.random() < 0.1:
            path.unlink()
        else:
            bytes_of(draw, path)


def _json(draw: random.Random, path: pathlib.Path) -> None:
    """Some value somewhere in a JSON file is another."""
    if path.stat().st_size > 1 << 20:
        return
    try:
        whole = json.loads(path.read_text())
    except (ValueError, RecursionError):  # broken before, in another way
        return
    at: Any = whole
    while isinstance(at, dict | list) and at:
        keys = list(at) if isinstance(at, dict) else list(range(len(at)))
        key = draw.choice(keys)
        if not isinstance(at[key], dict | list) or not at[key] or draw.random() < 0.3:
            match draw.randrange(4):
                case 0:
                    del at[key]
                case 1 if isinstance(at, dict):
                    at[draw.choice(["architectures", "auto_map", "num_labels", "id2label", "x"])] = at[key]
                case _:
                    at[key] = draw.choice(ODD_VALUES)
            break
        at = at[key]
    else:
        whole = draw.choice(ODD_VALUES)
    text = json.dumps(whole)
    if draw.random() < 0.05:
        text = text[:-1] + ', "deep": ' + "[" * NESTED + "]" * NESTED + "}"
    path.write_text(text)
