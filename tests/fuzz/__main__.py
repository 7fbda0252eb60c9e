"""Give broken tables, recipes, caches and model folders to the parts that read them, for some minutes.

    python -m tests.fuzz [--minutes 20] [--seed 0] [--only tables recipes caches models] [--case tables:17]

A case is a function of the seed, its kind and its number, and runs in a process of its own that may take `SECONDS` and
`MEMORY`. It has to end with success or with a UserError that names a place or a fix. Anything else is printed with
what it said, so that `--case` runs it again, with its traceback; status 1 then. Each kind gets its share of the time.
"""

import argparse
import os
import pathlib
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter

from tests.fuzz import kinds

SECONDS = 20.0
MEMORY = 3 * 2**30  # bytes of address space beyond what the process has when it begins
DONE, REFUSED, WRONG = 0, 2, 1


def run(kind: str, number: int, seed: int, said: pathlib.Path) -> int:
    """One case in a forked process; returns how it ended: DONE, REFUSED, or what is wrong, minus a signal's number."""
    child = os.fork()
    if not child:
        status = WRONG
        try:
            status = _in_child(kind, number, seed, said)
        finally:
            os._exit(status)
    ends = time.monotonic() + SECONDS
    while time.monotonic() < ends:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return -signal.SIGKILL


def _in_child(kind: str, number: int, seed: int, said: pathlib.Path) -> int:
    from warmstart.errors import UserError

    os.setsid()  # so that a process it starts is not left to the terminal
    sys.stdout = sys.stderr = said.open("w", encoding="utf-8")
    os.dup2(sys.stdout.fileno(), 1)
    os.dup2(sys.stdout.fileno(), 2)
    _bound_memory()
    try:
        with tempfile.TemporaryDirectory(prefix="fuzz") as folder:
            kinds.run(kind, random.Random(f"{seed}:{kind}:{number}"), pathlib.Path(folder))
        return DONE
    except UserError as error:
        print(error)
        return REFUSED if error.problem and (error.where or error.fix or "\n  2. " in error.problem) else WRONG
    except BaseException:
        traceback.print_exc()
        return WRONG
    finally:
        sys.stdout.flush()


def _bound_memory() -> None:
    pages = int(pathlib.Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="+", choices=[*kinds.KINDS], default=[*kinds.KINDS])
    parser.add_argument("--case", help="one case alone, such as tables:17")
    asked = parser.parse_args()
    os.environ["WARMSTART_LANG"] = "en"
    with tempfile.TemporaryDirectory() as home:
        os.environ["HF_HOME"] = home
        said = pathlib.Path(home, "said.txt")
        kinds.warm()
        if asked.case:
            kind, _colon, number = asked.case.partition(":")
            status = run(kind, int(number), asked.seed, said)
            print(said.read_text(errors="replace"))
            sys.exit(status)
        wrong = 0
        for kind in asked.only:
            ends = time.monotonic() + 60 * asked.minutes / len(asked.only)
            ended: Counter[str] = Counter()
            number, slowest = 0, 0.0
            while time.monotonic() < ends:
                began = time.monotonic()
                status = run(kind, number, asked.seed, said)
                slowest = max(slowest, time.monotonic() - began)
                ended[{DONE: "accepted", REFUSED: "refused"}.get(status, "WRONG")] += 1
                if status not in (DONE, REFUSED):
                    last = said.read_text(errors="replace").strip().splitlines()[-12:]
                    print(
                        f"--case {kind}:{number} --seed {asked.seed} ended with {status}",
                        *last,
                        sep="\n    ",
                        flush=True,
                    )
                    wrong += 1
                number += 1
                for left in pathlib.Path(home).iterdir():
                    if left != said:
                        shutil.rmtree(left, ignore_errors=True)
            print(f"{kind}: {dict(ended)}, slowest {slowest:.1f} s", flush=True)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
