"""Is every package pinned? What is installed, and what pyproject.toml asks for, is what constraints.txt says.

    python -m tests.pins

Prints what is not, a line each, and ends with status 1 if there is any. It needs no network.
"""

import importlib.metadata
import pathlib
import sys
import tomllib
from collections.abc import Iterable

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

ROOT = pathlib.Path(__file__).resolve().parent.parent
NOT_PINNED = {"warmstart", "pip", "setuptools", "wheel"}  # ourselves, and what a virtual environment is made of


def pins(lines: Iterable[str]) -> tuple[dict[str, Requirement], list[str]]:
    """The pinned version of each package, and what is wrong with the lines."""
    found: dict[str, Requirement] = {}
    wrong = []
    for line in lines:
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            wrong.append(f"constraints.txt: no requirement: {line}")
            continue
        name = canonicalize_name(requirement.name)
        if [specifier.operator for specifier in requirement.specifier] != ["=="] or "*" in str(requirement.specifier):
            wrong.append(f"constraints.txt: not one version: {line}")
        if name in found:
            wrong.append(f"constraints.txt: pinned twice: {name}")
        found[name] = requirement
    return found, wrong


def unmet(pinned: dict[str, Requirement], asked: Iterable[str]) -> list[str]:
    """Requirements of pyproject.toml that the pins do not meet."""
    requirements = [Requirement(line) for line in asked]
    return [
        f"pyproject.toml: not met by a pin: {requirement}"
        for requirement in requirements
        if (pin := pinned.get(canonicalize_name(requirement.name))) is None
        or not requirement.specifier.contains(next(iter(pin.specifier)).version, prereleases=True)
    ]


def unpinned(pinned: dict[str, Requirement], installed: Iterable[importlib.metadata.Distribution]) -> list[str]:
    """Installed packages of another version than the pin. Those without a pin may be what a package that is installed
    requires in one version, as torch does with CUDA's libraries."""
    found = {canonicalize_name(each.metadata["Name"]): each for each in installed}
    required = {
        canonicalize_name(requirement.name): requirement
        for each in found.values()
        for requirement in map(Requirement, each.requires or ())
        if any(specifier.operator == "==" for specifier in requirement.specifier)
    }
    wrong = []
    for name, each in sorted(found.items()):
        pin = pinned.get(name) or required.get(name)
        if name not in NOT_PINNED and (pin is None or not pin.specifier.contains(each.version, prereleases=True)):
            wrong.append(f"installed: {name} {each.version}, pinned: {pin or 'nowhere'}")
    return wrong


def main() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [requirement for extra in project["optional-dependencies"].values() for requirement in extra]
    pinned, wrong = pins((ROOT / "constraints.txt").read_text().split("\n")[:-1])
    wrong += unmet(pinned, [*project["dependencies"], *extras])
    wrong += unpinned(pinned, importlib.metadata.distributions())
    sys.exit("\n".join(wrong) or None)


if __name__ == "__main__":
    main()
