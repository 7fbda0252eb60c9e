"""warmstart prove"""

from warmstart.cli.chinese import in_chinese


@in_chinese(
    """重新运行两个检查点之间的若干次更新, 并说明结果是否逐位相同。

    比较权重、优化器与日志。无论该运行已完成还是被中断, 都只读取而不改动它。如有不同, 退出状态为 1。

    示例:

        warmstart prove runs/reviews-1

    Parameters
    ----------
    run
        运行的文件夹。
    json
        以 JSON 输出结果。
    """
)
def prove(run: str, *, json: bool = False) -> None:
    """Run updates between two checkpoints of a run again and say whether they come out the same, bit for bit.

    Weights, optimizer and log are compared. The run, finished or interrupted, is only read. Exit status 1 if they
    differ.

    Example:

        warmstart prove runs/reviews-1

    Parameters
    ----------
    run
        The run's folder.
    json
        Print the result as JSON.
    """
    import sys

    from warmstart.cli.resume import known_run
    from warmstart.cli.show import as_json, listen, quiet_libraries, say
    from warmstart.errors import text
    from warmstart.runs.prove import prove as find_out

    folder = known_run(run)
    quiet_libraries()
    found = find_out(folder, listen=listen)
    if json:
        as_json(found.to_dict())
    elif found.agrees:
        say(
            text(
                f"updates {found.first + 1} to {found.last} came out the same, bit for bit",
                f"第 {found.first + 1} 至 {found.last} 次更新的结果逐位相同",
            )
        )
    else:
        listed = ", ".join(found.differs)
        say(
            text(
                f"updates {found.first + 1} to {found.last} came out otherwise: {listed}",
                f"第 {found.first + 1} 至 {found.last} 次更新的结果不同: {listed}",
            )
        )
    if not found.agrees:
        sys.exit(1)
