"""warmstart prove"""

from warmstart.messages import _


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
    from warmstart.runs.prove import prove as find_out

    folder = known_run(run)
    quiet_libraries()
    found = find_out(folder, listen=listen)
    if json:
        as_json(found.to_dict())
    elif found.agrees:
        say(
            _("updates {first} to {last} came out the same, bit for bit").format(first=found.first + 1, last=found.last)
        )
    else:
        listed = ", ".join(found.differs)
        say(
            _("updates {first} to {last} came out otherwise: {listed}").format(
                first=found.first + 1, last=found.last, listed=listed
            )
        )
    if not found.agrees:
        sys.exit(1)
