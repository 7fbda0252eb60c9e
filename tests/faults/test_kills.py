"""A sample of the random stops of the real command; `make faults` does 150."""

import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_a_run_that_is_stopped_again_and_again_loses_nothing() -> None:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "WARMSTART_LANG": "en"}
    command = [sys.executable, "-m", "tests.faults.kills", "--runs", "1", "--kills", "1", "--seed", "3"]
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert ran.stdout, ran.stderr
    found = json.loads(ran.stdout)
    assert found["wrong"] == {}
    assert sum(found["stopped while"].values()) == 1
    assert ran.returncode == 0
