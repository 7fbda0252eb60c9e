"""The check that every package is pinned finds what is not."""

import importlib.metadata
import pathlib

from tests import pins

GOOD = ["numpy==2.4.6", "Jinja2==3.1.6"]


def distribution(folder: pathlib.Path, name: str, version: str, *requires: str) -> importlib.metadata.Distribution:
    """A package as it lies in an environment."""
    place = folder / f"{name}-{version}.dist-info"
    place.mkdir()
    lines = [f"Name: {name}", f"Version: {version}", *(f"Requires-Dist: {requirement}" for requirement in requires)]
    (place / "METADATA").write_text("Metadata-Version: 2.1\n" + "\n".join(lines) + "\n")
    return importlib.metadata.Distribution.at(place)


def test_each_line_is_one_version_of_one_package() -> None:
    pinned, wrong = pins.pins(GOOD)
    assert pinned.keys() == {"numpy", "jinja2"}
    assert wrong == []
    for line in ("rich>=15", "rich==15.*", "rich", "rich==15.0,==15.1", "NumPy==2.4.6", "-e .", ""):
        assert len(pins.pins([*GOOD, line])[1]) == 1, line


def test_what_the_project_asks_for_is_pinned() -> None:
    pinned, _ = pins.pins(GOOD)
    assert pins.unmet(pinned, ["numpy>=2", "jinja2"]) == []
    assert pins.unmet(pinned, ["numpy>=3"]) == ["pyproject.toml: not met by a pin: numpy>=3"]
    assert pins.unmet(pinned, ["rich"]) == ["pyproject.toml: not met by a pin: rich"]


def test_what_is_installed_is_what_is_pinned(tmp_path: pathlib.Path) -> None:
    pinned, _ = pins.pins([*GOOD, "torch==2.13.0"])
    torch = distribution(tmp_path, "torch", "2.13.0+cpu", "nvidia-cublas==13.1.0.3; sys_platform == 'linux'")
    cublas, other = (distribution(tmp_path, "nvidia_cublas", version) for version in ("13.1.0.3", "13.2"))
    assert pins.unpinned(pinned, [torch, cublas, distribution(tmp_path, "pip", "26.0")]) == []
    assert len(pins.unpinned(pinned, [torch, other])) == 1
    assert len(pins.unpinned(pinned, [distribution(tmp_path, "numpy", "2.4.5")])) == 1
    assert len(pins.unpinned(pinned, [distribution(tmp_path, "rich", "15.0.0")])) == 1
