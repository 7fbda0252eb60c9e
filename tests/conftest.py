"""What every test shares: no Hub, English messages, quiet libraries, and where the optional data is."""

import importlib.util
import os
import pathlib
import subprocess
import sys
from collections.abc import Iterator

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ["WARMSTART_LANG"] = "en"

import pytest

SHARED = pathlib.Path(__file__).resolve().parent.parent.parent / "shared"


@pytest.fixture(scope="session")
def shared() -> pathlib.Path:
    """The folder beside the checkout with the chapter and the GLUE tasks; without it the test is skipped."""
    if not SHARED.is_dir():
        pytest.skip(f"needs the folder {SHARED}")
    return SHARED


@pytest.fixture(scope="session")
def glue(shared: pathlib.Path) -> pathlib.Path:
    """The folder with GLUE's MRPC, SST-2 and STS-B as Parquet."""
    return shared / "data" / "glue"


@pytest.fixture(scope="session")
def hf_home(shared: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A Hugging Face home in which the Hub's GLUE tasks are already cached, as for a user who once downloaded them."""
    home = tmp_path_factory.mktemp("hf_home")
    subprocess.run([sys.executable, str(shared / "bin" / "make-hf-home"), str(home)], check=True, capture_output=True)
    return home


@pytest.fixture(scope="session", autouse=True)
def _pages_have_tables() -> Iterator[None]:
    """The many runs that tests train write their pages as without the extra `report`: drawing charts is the larger part
    of the end of a small run. Where pages are tested, they have charts (`with_charts`)."""
    from warmstart.reporting.html import bundle

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bundle, "installed", lambda: False)
        yield


@pytest.fixture(scope="module")
def with_charts() -> Iterator[None]:
    from warmstart.reporting.html import bundle

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bundle, "installed", lambda: all(map(importlib.util.find_spec, ("altair", "vl_convert"))))
        yield
