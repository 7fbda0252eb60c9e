"""What `warmstart predict RUN TEXT` costs from a cold start, beside the least that anybody needs for it.

    python -m benchmarks.cold --run runs/reviews-1 [--rounds 7]

User seconds of whole processes, in turns: the command, and a script that imports torch and transformers, loads the same
model and tokenizer and makes one forward pass. Then the files that the command left outside the run. Each process has a
home, caches and a folder for temporary files of its own, empty at first, so that no round finds what another left. What
Python compiles is kept for all of them, as it is for installed packages: else warmstart's source, and only that, might
be compiled anew each time. (`benchmarks.startup` is about `train`, by the clock.)
"""

import argparse
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile

PEER = """
import sys, torch, transformers
model = transformers.AutoModelForSequenceClassification.from_pretrained(sys.argv[1])
tokenizer = transformers.AutoTokenizer.from_pretrained(sys.argv[1])
with torch.inference_mode():
    print(model(**tokenizer(sys.argv[2], return_tensors="pt")).logits)
"""
TEXT = "arrived broken, but support was kind"


def once(command: list[str], compiled: pathlib.Path) -> tuple[float, list[str]]:
    """User seconds of one process, and the files it left in its home, caches and folder for temporary files."""
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        (place / "tmp").mkdir()
        environment = {**os.environ, "HOME": folder, "HF_HOME": f"{folder}/hub", "XDG_CACHE_HOME": f"{folder}/cache"}
        environment |= {"TMPDIR": f"{folder}/tmp", "HF_HUB_OFFLINE": "1", "PYTHONPYCACHEPREFIX": str(compiled)}
        for name in ("HF_DATASETS_CACHE", "PYTHONDONTWRITEBYTECODE"):
            environment.pop(name, None)
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        seconds = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
        if done.returncode:
            raise SystemExit(done.stderr[-2000:])
        return seconds, sorted(path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", required=True)
    parser.add_argument("--rounds", type=int, default=7)
    asked = parser.parse_args()
    commands = {
        "warmstart predict": [sys.executable, "-m", "warmstart", "predict", asked.run, TEXT],
        "torch and transformers alone": [sys.executable, "-c", PEER, f"{asked.run}/model", TEXT],
    }
    with tempfile.TemporaryDirectory() as folder:
        compiled = pathlib.Path(folder)
        where = subprocess.run(
            [sys.executable, "-c", "import warmstart; print(*warmstart.__path__)"], check=True, capture_output=True
        )
        print("code:", where.stdout.decode().strip())
        for command in commands.values():
            once(command, compiled)  # compiles, and warms the disk's cache
        both = [{name: once(command, compiled) for name, command in commands.items()} for _ in range(asked.rounds)]
    rounds = [{name: seconds for name, (seconds, _) in each.items()} for each in both]
    for name in commands:
        seconds = [each[name] for each in rounds]
        print(f"{name}: {statistics.median(seconds):.2f} s [{min(seconds):.2f}, {max(seconds):.2f}]")
    ours, peer = commands
    ratios = [each[ours] / each[peer] for each in rounds]
    print(f"ratio: {statistics.median(ratios):.2f} [{min(ratios):.2f}, {max(ratios):.2f}]")
    left = both[-1][ours][1]
    print(f"files left outside the run: {len(left)}", *left, sep="\n  ")


if __name__ == "__main__":
    main()
