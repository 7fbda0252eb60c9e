"""Make the process die, or the disk fail, at every operation of the storage module, and see that nothing is lost.

    python -m tests.faults.sweep [--kinds kill ENOSPC EIO] [--part 1] [--of 1]

Each case is a whole small run in a process of its own that meets its fault at operation number n, and then a second one
that goes on. `--part P --of Q` takes every Qth case. Prints a line of JSON: cases, those that went wrong, operations.
"""

import argparse
import errno
import json
import os
import pathlib
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

from tests.faults import small
from tests.trainer.helpers import last_good

DONE, REFUSED = 0, 2  # how a process of a case ends


def fail_at(number: int, kind: str) -> Callable[[str, pathlib.Path], None]:
    """A watcher that makes operation `number` fail. What the disk had taken of a file by then is its first half."""
    seen = 0

    def watch(operation: str, path: pathlib.Path) -> None:
        nonlocal seen
        seen += 1
        if seen != number:
            return
        if operation == "write" and not path.exists():
            path.write_text("{")
        if kind == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        raise OSError(getattr(errno, kind), os.strerror(getattr(errno, kind)), str(path))

    return watch


def in_child(do: Callable[[], None], place: pathlib.Path) -> int:
    """Do it in a forked process, whose words go to a file; returns how it ended (minus the signal's number)."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    status = 1
    try:
        said = os.open(place / "said.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(said, 1)
        os.dup2(said, 2)
        from warmstart.errors import UserError

        try:
            do()
            status = DONE
        except UserError as error:
            print(error, flush=True)
            status = REFUSED
    except BaseException:
        import traceback

        traceback.print_exc()
        sys.stderr.flush()
    os._exit(status)


def undisturbed(place: pathlib.Path) -> tuple[dict[str, str], list[tuple[str, str]], int]:
    """What the run leaves; its operations; after how many of them there was a first good checkpoint."""
    out, trace = place / "whole", place / "trace.jsonl"

    def do() -> None:
        from warmstart import storage

        good = False

        def watch(operation: str, path: pathlib.Path) -> None:
            nonlocal good
            good = good or last_good(out) is not None
            with trace.open("a") as file:
                file.write(json.dumps([operation, path.relative_to(place).as_posix(), good]) + "\n")

        storage.watchers.append(watch)
        small.train(place, out)

    assert in_child(do, place) == DONE, (place / "said.txt").read_text()
    operations = [json.loads(line) for line in trace.read_text().splitlines()]
    first = next(number for number, (_, _, good) in enumerate(operations) if good)
    return small.result(out), [(kind, path) for kind, path, _ in operations], first


def case(place: pathlib.Path, number: int, kind: str, whole: dict[str, str], first: int, page: int) -> str | None:
    """What went wrong when operation `number` met `kind`; None if nothing did. From operation `page` on only the report
    is written, which a run that is done can do without."""
    from warmstart import storage
    from warmstart.checkpoints import checkpoint

    out = place / f"{kind}-{number}"

    def faulty() -> None:
        storage.watchers.append(fail_at(number, kind))
        small.train(place, out)

    ended = in_child(faulty, place)
    if ended != (-signal.SIGKILL if kind == "kill" else REFUSED if number < page else DONE):
        return f"ended with {ended}: {(place / 'said.txt').read_text()[-2000:]}"
    if number > first + 1:
        checkpoint.recover(out)
        if last_good(out) is None:
            return "no good checkpoint was left"
    ended = in_child(lambda: small.train(place, out), place)
    if ended != DONE:
        return f"did not go on: {ended}: {(place / 'said.txt').read_text()[-2000:]}"
    found = small.result(out)
    shutil.rmtree(out)
    return (
        None
        if found == whole
        else f"other results: {sorted(k for k in {*found, *whole} if found.get(k) != whole.get(k))}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kinds", nargs="+", default=["kill", "ENOSPC", "EIO"])
    parser.add_argument("--part", type=int, default=1)
    parser.add_argument("--of", type=int, default=1)
    asked = parser.parse_args()
    os.environ.update(TOKENIZERS_PARALLELISM="false", HF_HUB_OFFLINE="1")
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        os.environ["HF_HOME"] = str(place / "home")
        import altair  # noqa: F401 - imported once, before the forks, as is the next

        import warmstart.runs.run  # noqa: F401

        small.write_inputs(place)
        whole, operations, first = undisturbed(place)
        page = next(number for number, (_, path) in enumerate(operations, 1) if "report." in path)
        cases = [(number, kind) for number in range(1, len(operations) + 1) for kind in asked.kinds]
        cases = cases[asked.part - 1 :: asked.of]
        wrong: dict[str, Any] = {}
        for number, kind in cases:
            why = case(place, number, kind, whole, first, page)
            if why is not None:
                wrong[f"{kind} at {number}: {' '.join(operations[number - 1])}"] = why
                print(kind, number, why, file=sys.stderr, flush=True)
        seconds = round(time.monotonic() - began, 1)
    print(json.dumps({"cases": len(cases), "wrong": wrong, "operations": len(operations), "seconds": seconds}))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
