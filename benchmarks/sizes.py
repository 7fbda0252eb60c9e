"""Tables of unusual shapes: what the command costs for them, beside what it may cost on two cores.

    python -m benchmarks.sizes [--only columns cell train predict]

5,000 columns, one cell of 50 MB, and 3,000 classes; each is a process of its own. Seconds are by the clock, and besides
those of the processor, which other programs change less; the peak is the largest resident set, as the kernel counts it.
Prints a line for each and ends with status 1 if a bound is broken.
"""

import argparse
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

CLASSES, ROWS = 3_000, 8_000
WORDS = "time year people way day man thing woman life child world school state family student group country".split()
Make = Callable[[pathlib.Path], None]


def many_columns(path: pathlib.Path) -> None:
    """200 rows of a text, a label and 4,998 numbers."""
    draw = random.Random(0)
    names = ["text", *(f"feature_{number}" for number in range(4_998)), "label"]
    rows = [
        [f"review number {row}", *(f"{draw.random():.4f}" for _ in names[2:]), ("good", "bad")[row % 2]]
        for row in range(200)
    ]
    path.write_text("".join(",".join(row) + "\n" for row in [names, *rows]), encoding="utf-8")


def one_cell(path: pathlib.Path) -> None:
    """40 rows, of which one has a text of 50 MB."""
    draw = random.Random(0)
    rows = [f"review number {row},{('good', 'bad')[row % 2]}" for row in range(39)]
    words = " ".join(draw.choices(WORDS, k=10_000_000))[:50_000_000]
    path.write_text("\n".join(["text,label", *rows, f"{words},good", ""]), encoding="utf-8")


def many_classes(path: pathlib.Path) -> None:
    """12,000 rows of 3,000 classes."""
    draw = random.Random(0)
    rows = [f"{' '.join(draw.choices(WORDS, k=8))} {row % CLASSES},class {row % CLASSES}" for row in range(4 * CLASSES)]
    path.write_text("\n".join(["text,label", *rows, ""]), encoding="utf-8")


def texts(path: pathlib.Path) -> None:
    """8,000 texts without labels."""
    draw = random.Random(1)
    rows = [f"{' '.join(draw.choices(WORDS, k=8))} {row}" for row in range(ROWS)]
    path.write_text("\n".join(["text", *rows, ""]), encoding="utf-8")


# The name, its table, the words of the command, and the bounds in seconds and MB.
SHAPES: dict[str, tuple[Make, list[str], float | None, float | None]] = {
    "columns": (many_columns, ["inspect", "TABLE"], 20, None),
    "cell": (one_cell, ["inspect", "TABLE"], 5, 1_000),
    "train": (many_classes, ["train", "TABLE", "--updates", "5", "--out", "run"], None, 2_000),
    "predict": (texts, ["predict", "run", "TABLE", "--out", "out.csv"], 20, 1_500),
}


def measured(folder: pathlib.Path, make: Make, words: list[str]) -> tuple[float, float, float]:
    """Seconds, seconds of the processor and peak MB of the command in a folder. Raises SystemExit with its last words
    if it fails."""
    table = folder / f"{make.__name__}.csv"
    make(table)
    command = [sys.executable, "-m", "warmstart", *(str(table) if word == "TABLE" else word for word in words)]
    environment = {**os.environ, "HF_HOME": str(folder / "home"), "HF_HUB_OFFLINE": "1"}
    began = time.monotonic()
    with (folder / "said").open("w") as said:
        child = subprocess.Popen(command, cwd=folder, env=environment, stdout=said, stderr=said)
        _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)  # so that nobody waits for it again
    if child.returncode:
        raise SystemExit((folder / "said").read_text()[-2000:])
    return time.monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=SHAPES, default=[*SHAPES], help="predict needs train before it")
    asked = parser.parse_args()
    broken = False
    with tempfile.TemporaryDirectory() as folder:
        for name in asked.only:
            make, words, seconds, megabytes = SHAPES[name]
            clock, processor, peak = measured(pathlib.Path(folder), make, words)
            told = [
                f"{clock:,.1f} s" + (f" (at most {seconds:,})" if seconds else ""),
                f"{processor:,.1f} s of processor",
            ]
            told.append(f"{peak:,.0f} MB" + (f" (at most {megabytes:,})" if megabytes else ""))
            broken |= clock > (seconds or clock) or peak > (megabytes or peak)
            print(f"{name}: {', '.join(told)}", flush=True)
    raise SystemExit(int(broken))


if __name__ == "__main__":
    main()
