"""What `warmstart predict RUN TEXT` costs from a cold start, beside the least that anybody needs for it.

    python -m benchmarks.cold --run runs/reviews-1 [--rounds 7]

User seconds of whole processes, in turns: the command, and a script that imports torch and transformers, loads the same
model and tokenizer and makes one forward pass. Then the files that the command wrote anywhere outside the run.
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


def user_seconds(command: list[str], place: pathlib.Path) -> float:
    """Of one process with caches of its own in `place`."""
    environment = {**os.environ, "HF_HOME": str(place / "home"), "HF_HUB_OFFLINE": "1", "TMPDIR": str(place / "tmp")}
    environment |= {"XDG_CACHE_HOME": str(place / "cache"), "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("HF_DATASETS_CACHE", None)
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


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
        place = pathlib.Path(folder)
        (place / "tmp").mkdir()
        for command in commands.values():
            user_seconds(command, place)  # the disk's cache is warm then
        rounds = [
            {name: user_seconds(command, place) for name, command in commands.items()} for _ in range(asked.rounds)
        ]
        left = [path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file()]
    for name in commands:
        seconds = [each[name] for each in rounds]
        print(f"{name}: {statistics.median(seconds):.2f} s [{min(seconds):.2f}, {max(seconds):.2f}]")
    ours, peer = commands
    ratios = [each[ours] / each[peer] for each in rounds]
    print(f"ratio: {statistics.median(ratios):.2f} [{min(ratios):.2f}, {max(ratios):.2f}]")
    print("files written outside the run:", ", ".join(left) or "none")


if __name__ == "__main__":
    main()
