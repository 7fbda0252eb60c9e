"""A sample of the sweep over the storage module's operations; `make faults` runs all of it."""

import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_a_run_that_meets_a_fault_goes_on_to_the_same_bytes() -> None:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "WARMSTART_LANG": "en"}
    command = [sys.executable, "-m", "tests.faults.sweep", "--part", "7", "--of", "50"]
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert ran.stdout, ran.stderr
    found = json.loads(ran.stdout)
    assert found["wrong"] == {}
    assert found["cases"] >= 8
    assert ran.returncode == 0
