"""warmstart inspect"""

from typing import TYPE_CHECKING, Any

from warmstart.cli.chinese import in_chinese

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

    from warmstart.table.task import Task

LENGTH_ROWS = 2000  # rows whose tokens are counted: enough for the quantiles that are shown
LONGEST_CELL = 60


@in_chinese(
    """显示 DATA 的内容以及将训练什么: 列、类型、示例、token 长度、类别分布。

    示例:

        warmstart inspect reviews.csv
        warmstart inspect glue/mrpc

    Parameters
    ----------
    data
        数据表: 文件、文件夹、Hub 名称, 或 `sample`。
    text
        文本列。
    pair
        第二个文本的列。
    label
        标签列。
    kind
        每行一个类别 (classes)、多个标签 (labels) 或一个要预测的数值 (number)。
    model
        用哪个检查点的分词器计数; 默认为内置模型。
    config
        Hub 数据集或含多个配置的文件夹的配置。
    encoding
        文件的编码。
    delimiter
        列分隔符 (从文件名看不出时指定)。
    json
        以 JSON 输出。
    """
)
def inspect(
    data: str,
    *,
    text: str | None = None,
    pair: str | None = None,
    label: str | None = None,
    kind: str | None = None,
    model: str | None = None,
    config: str | None = None,
    encoding: str = "utf-8",
    delimiter: str | None = None,
    json: bool = False,
) -> None:
    """Show what is in DATA and what would be trained: columns, types, examples, lengths in tokens, class balance.

    Examples:

        warmstart inspect reviews.csv
        warmstart inspect glue/mrpc

    Parameters
    ----------
    data
        The table: a file, a folder, a Hub id, or `sample`.
    text
        Column of the text.
    pair
        Column of the second text.
    label
        Column of the label.
    kind
        One class a row (classes), several labels a row (labels), or a number to predict (number).
    model
        The checkpoint whose tokenizer counts; by default the packaged one.
    config
        Configuration of a Hub data set or of a folder that has several.
    encoding
        Encoding of the file.
    delimiter
        What separates columns, if the file name does not say.
    json
        Print as JSON.
    """
    from warmstart.cli.show import as_json, quiet_libraries
    from warmstart.models.default import NAME
    from warmstart.table.infer import infer_task
    from warmstart.table.sources import load

    quiet_libraries()
    splits = load(data, config=config, encoding=encoding, delimiter=delimiter)
    task = infer_task(splits, text=text, pair=pair, label=label, kind=kind)
    found = _describe(splits, task, model or NAME)
    if json:
        as_json(found)
    else:
        _show(found, task)


def _describe(splits: "DatasetDict", task: "Task", model: str) -> dict[str, Any]:
    """Everything that is shown, as plain values."""
    first = next(iter(splits.values()))
    names = list(first.column_names)
    examples = first[: min(3, len(first))]
    return {
        "splits": {name: len(rows) for name, rows in splits.items()},
        "columns": {
            name: {"type": _type(first.features[name]), "examples": [str(v) for v in examples[name]]} for name in names
        },
        "task": task.to_dict(),
        "tokens": _lengths(first, task, model),
        "labels": {name: _balance(rows, str(name), task) for name, rows in splits.items()},
    }


def _type(feature: Any) -> str:
    return (
        f"class of {feature.num_classes}"
        if hasattr(feature, "num_classes")
        else str(getattr(feature, "dtype", feature))
    )


def _lengths(rows: "Dataset", task: "Task", model: str) -> dict[str, Any]:
    """Quantiles of the number of tokens, over rows spread evenly through the table."""
    import numpy as np

    from warmstart.models.load import load_tokenizer, longest_input

    tokenizer = load_tokenizer(model)
    chosen = rows.select(np.linspace(0, len(rows) - 1, min(len(rows), LENGTH_ROWS)).astype(int))
    columns = [[str(value or "") for value in chosen[name]] for name in (task.text, task.pair) if name]
    lengths = np.array([len(ids) for ids in tokenizer(*columns, truncation=False, verbose=False)["input_ids"]])
    limit = longest_input(tokenizer, model)
    return {
        "rows_counted": len(lengths),
        "median": float(np.median(lengths)),
        "p95": float(np.quantile(lengths, 0.95)),
        "longest": int(lengths.max()),
        "limit": limit,
        "share_over_limit": float(np.mean(lengths > limit)),
    }


def _balance(rows: "Dataset", split: str, task: "Task") -> dict[str, Any] | None:
    """How many rows have each class, or the range of the number; None where the split has no labels."""
    from warmstart.table import origin
    from warmstart.table.labels import encode_labels, has_labels

    if task.label is None or not has_labels(task, rows):
        return None
    with origin.telling(rows, split):
        return task.head.balance(encode_labels(task, rows[task.label]))


def _show(found: dict[str, Any], task: "Task") -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from warmstart.errors import text
    from warmstart.table.task import describe

    console = Console()
    if not console.is_terminal:
        console = Console(width=140)
    rows = ", ".join(f"{name} {count:,}" for name, count in found["splits"].items())
    columns = Table(title=text(f"rows: {rows}", f"行数: {rows}"), title_justify="left")
    for heading in (text("column", "列"), text("type", "类型"), text("examples", "示例")):
        columns.add_column(heading)
    for name, column in found["columns"].items():
        shown = [value[:LONGEST_CELL] + "…" if len(value) > LONGEST_CELL else value for value in column["examples"]]
        columns.add_row(escape(name), column["type"], escape("\n".join(shown)))
    console.print(columns)
    tokens = found["tokens"]
    median, most, share = f"{tokens['median']:.0f}", f"{tokens['p95']:.0f}", f"{tokens['share_over_limit']:.1%}"
    console.print(
        text(
            f"tokens a row: median {median}, 95 % up to {most}, longest {tokens['longest']}; "
            f"{share} over the model's {tokens['limit']} (of {tokens['rows_counted']:,} rows counted)",
            f"每行 token 数: 中位数 {median}, 95 % 不超过 {most}, 最长 {tokens['longest']}; "
            f"{share} 超过模型上限 {tokens['limit']} (统计 {tokens['rows_counted']:,} 行)",
        ),
        highlight=False,
    )
    for split, balance in found["labels"].items():
        listed = (
            text("no labels", "无标签")
            if balance is None
            else ", ".join(
                f"{name} {value:,}" if isinstance(value, int) else f"{name} {value:.3g}"
                for name, value in list(balance.items())[:20]
            )
        )
        console.print(f"{split}: {escape(listed)}", highlight=False)
    console.print(escape(describe(task)), highlight=False)
