"""warmstart predict"""

import os
from typing import Any

from warmstart.cli.chinese import in_chinese

ENDINGS = (".csv", ".tsv", ".jsonl", ".ndjson", ".json")  # of files that can be written


@in_chinese(
    """用 RUN 的模型预测: 一个文本 (或文本对), 或从一个文件到另一个文件。

    示例:

        warmstart predict runs/reviews-1 "到货时已损坏, 但客服很好"
        warmstart predict runs/pairs-1 "你多大了" --pair "你的年龄是多少"
        warmstart predict runs/reviews-1 new.csv --out labelled.csv

    Parameters
    ----------
    run
        运行的文件夹。
    text
        文本, 或文件名 (CSV, TSV, JSONL, Parquet)。
    pair
        文本对的第二个文本。
    out
        要写入的文件 (CSV、TSV 或 JSONL, 由扩展名决定); 默认为输入文件旁的 `NAME.predictions.csv`。
    config
        Hub 数据集或含多个配置的文件夹的配置。
    encoding
        输入文件的编码。
    delimiter
        列分隔符 (文件名无法说明时)。
    json
        以 JSON 输出。
    """
)
def predict(
    run: str,
    text: str,
    *,
    pair: str | None = None,
    out: str | None = None,
    config: str | None = None,
    encoding: str = "utf-8",
    delimiter: str | None = None,
    json: bool = False,
) -> None:
    """Predict with the model of RUN: one text (or pair), or a file of them into a file.

    Examples:

        warmstart predict runs/reviews-1 "arrived broken, but support was kind"
        warmstart predict runs/pairs-1 "how old are you" --pair "what is your age"
        warmstart predict runs/reviews-1 new.csv --out labelled.csv

    Parameters
    ----------
    run
        The run's folder.
    text
        A text, or the name of a file (CSV, TSV, JSONL, Parquet).
    pair
        The second text of a pair.
    out
        The file to write (CSV, TSV or JSONL, by its ending); by default `NAME.predictions.csv` beside the input's
        name.
    config
        Configuration of a Hub data set or of a folder that has several.
    encoding
        Encoding of the input file.
    delimiter
        What separates columns, if the file name does not say.
    json
        Print as JSON.
    """
    from warmstart.cli.show import quiet_libraries
    from warmstart.saved import SavedRun

    quiet_libraries()
    saved = SavedRun.open(run)
    if pair is None and (os.path.isfile(text) or _looks_like_a_file(text)):
        _file(saved, text, out, {"config": config, "encoding": encoding, "delimiter": delimiter}, json)
    else:
        _one(saved, text, pair, json)


def _looks_like_a_file(text: str) -> bool:
    return " " not in text and os.path.splitext(text)[1].lower() in (*ENDINGS, ".parquet")


def _one(saved: object, text: str, pair: str | None, json: bool) -> None:
    from datasets import Dataset

    from warmstart import errors
    from warmstart.cli.show import as_json
    from warmstart.evaluation.tables import prediction_rows
    from warmstart.saved import SavedRun

    assert isinstance(saved, SavedRun)
    if (saved.task.pair is None) != (pair is None):
        needs = saved.task.pair is not None
        raise errors.UserError(
            errors.text(
                "this model reads pairs of texts" if needs else "this model reads single texts, not pairs",
                "该模型读取文本对" if needs else "该模型只读取单个文本",
            ),
            where="--pair",
            fix='--pair "..."' if needs else errors.text("leave --pair out", "去掉 --pair"),
        )
    rows = {saved.task.text: [text], **({saved.task.pair: [pair]} if saved.task.pair else {})}
    found = prediction_rows(saved.task, saved.logits(Dataset.from_dict(rows)))[0]
    if json:
        as_json(found)
        return
    prediction = found.pop("prediction")
    print(prediction if isinstance(prediction, str) else f"{prediction:.4f}")
    for name, score in sorted(found.items(), key=lambda item: -item[1]):
        print(f"  {name[2:-1]}  {score:.4f}")


def _file(saved: object, path: str, out: str | None, reading: dict[str, Any], json: bool) -> None:
    import pathlib

    from warmstart import errors
    from warmstart.cli.show import as_json, say
    from warmstart.data.sources import load
    from warmstart.evaluation.tables import beside, prediction_rows, write_rows
    from warmstart.saved import SavedRun

    assert isinstance(saved, SavedRun)
    source = pathlib.Path(path)
    target = pathlib.Path(out) if out else source.with_name(f"{source.stem}.predictions.csv")
    if target.suffix.lower() not in ENDINGS:
        raise errors.UserError(
            errors.text(f"predictions cannot be written as {target.suffix!r}", f"无法写成 {target.suffix!r} 格式"),
            where=f"--out {target}",
            fix=errors.text(f"end the name with one of {', '.join(ENDINGS)}", f"文件名请以 {', '.join(ENDINGS)} 结尾"),
        )
    splits = load(path, **reading)
    rows = next(iter(splits.values()))
    written = beside(rows, prediction_rows(saved.task, saved.logits(rows)))
    write_rows(target, written)
    if json:
        as_json({"rows": len(written), "out": str(target)})
    else:
        say(errors.text(f"{len(written):,} predictions are in {target}", f"{len(written):,} 条预测已写入 {target}"))
