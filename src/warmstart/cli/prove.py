"""warmstart prove"""


def prove(run: str, *, json: bool = False) -> None:
    """Run a few updates of a run again, between two of its checkpoints, and say whether weights, optimiser and log come
    out the same, bit for bit, on this machine. The run, finished or interrupted, is only read. Exit status 1 if not.

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
    from warmstart.cli.show import as_json, quiet_libraries, say
    from warmstart.errors import text
    from warmstart.prove import prove as find_out

    folder = known_run(run)
    quiet_libraries()
    found = find_out(folder, say=say)
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
