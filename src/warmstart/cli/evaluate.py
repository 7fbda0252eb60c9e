"""warmstart evaluate"""

from typing import Literal

from warmstart.cli.chinese import in_chinese


@in_chinese(
    """在 DATA 上评估 RUN 的模型; DATA 的列与标签须和训练时的数据表相同。

    同时给出两个基线, 它们在该运行自己的训练数据上训练 (只要还能找到)。

    示例:

        warmstart evaluate runs/reviews-1 newer-reviews.csv

    Parameters
    ----------
    run
        运行的文件夹。
    data
        用来评估的数据表。有多个划分时取 `test`, 否则取 `validation`, 再否则取唯一的划分。
    config
        Hub 数据集或含多个配置的文件夹的配置。
    encoding
        文件的编码。
    delimiter
        列分隔符 (从文件名看不出时指定)。
    on_empty
        如何处理文本为空的行。
    json
        以 JSON 输出结果。
    """
)
def evaluate(
    run: str,
    data: str,
    *,
    config: str | None = None,
    encoding: str = "utf-8",
    delimiter: str | None = None,
    on_empty: Literal["error", "drop"] = "error",
    json: bool = False,
) -> None:
    """Measure the model of RUN on DATA, which has the same columns and labels as the table it was trained on.

    Beside it stand the two baselines, trained on the run's own training rows as long as these can be found.

    Example:

        warmstart evaluate runs/reviews-1 newer-reviews.csv

    Parameters
    ----------
    run
        The run's folder.
    data
        The table to measure on. Of several splits the first of `test`, `validation` and `train` that has labels.
    config
        Configuration of a Hub data set or of a folder that has several.
    encoding
        Encoding of the file.
    delimiter
        What separates columns, if the file name does not say.
    on_empty
        What to do with rows whose text is empty.
    json
        Print the result as JSON.
    """
    from warmstart.cli.show import as_json, quiet_libraries, say
    from warmstart.errors import text
    from warmstart.reporting.terminal import score_table
    from warmstart.runs.evaluate import measure_run
    from warmstart.runs.saved import SavedRun
    from warmstart.table.sources import load

    quiet_libraries()
    saved = SavedRun.open(run)
    splits = load(data, config=config, encoding=encoding, delimiter=delimiter)
    report, notes = measure_run(saved, splits, where=data, on_empty=on_empty)
    for note in notes:
        say(note)
    if json:
        as_json({"run": run, "data": data, **report.to_dict()})
    else:
        score_table(
            report,
            text(f"{run} on {report.rows:,} rows of {data}", f"{run} 在 {data} 的 {report.rows:,} 行数据上的结果"),
        )
