"""What a measurement was made on: versions, processor, date."""

import datetime
import importlib.metadata
import os
import pathlib
import platform
import statistics
from typing import Any

import torch

PACKAGES = ("torch", "transformers", "datasets", "accelerate", "numpy", "scikit-learn")


def describe() -> dict[str, Any]:
    """Everything that a reader needs to judge a number, and no more of the machine than that."""
    capabilities = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "python": platform.python_version(),
        "packages": {name: importlib.metadata.version(name) for name in PACKAGES},
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "bf16 in the processor": any(capabilities.get(name, False) for name in ("avx512_bf16", "amx_bf16")),
        "accelerator": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
    }


def sentence(found: dict[str, Any]) -> str:
    """The same for people."""
    versions = ", ".join(f"{name} {version}" for name, version in found["packages"].items())
    device = found["accelerator"] or f"{found['processor']}, {found['threads']} threads"
    return f"{device}; Python {found['python']}, {versions}."


def middle(values: list[float]) -> str:
    """Median [lowest, highest], with two decimals below a hundred."""
    digits = 0 if statistics.median(values) >= 100 else 2
    return f"{statistics.median(values):.{digits}f} [{min(values):.{digits}f}, {max(values):.{digits}f}]"


def _processor() -> str:
    path = pathlib.Path("/proc/cpuinfo")
    if not path.is_file():
        return platform.processor()
    lines = path.read_text(encoding="utf-8").splitlines()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")
