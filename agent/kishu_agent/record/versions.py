"""Versions of the packages whose objects are recorded: what was stored with one may not load with another."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def versions_of(packages: Iterable[str]) -> dict[str, str]:
    """Return the versions of those imported packages that tell one. Costs a microsecond each."""
    found = {}
    for package in packages:
        if package in sys.stdlib_module_names or package == "__main__":
            continue
        version = getattr(sys.modules.get(package), "__version__", None)
        if type(version) is str:
            found[package] = version
    return found


def differing(recorded: Mapping[str, str]) -> list[str]:
    """Tell, for each package that has another version here than a recorded one, which was there and which is here."""
    found = []
    for package, version in sorted(recorded.items()):
        here = versions_of([package]).get(package) or _installed(package)
        if here != version:
            found.append(
                f"{package} {version}, and {'it is not installed here' if here is None else f'here is {here}'}"
            )
    return found


def _installed(package: str) -> str | None:
    """Return the version of a package that may not be imported, or whose import failed."""
    from importlib import metadata  # takes a quarter as long to import as all of this package

    try:
        distributions = metadata.packages_distributions().get(package) or [package]
        return metadata.version(distributions[0])
    except metadata.PackageNotFoundError:
        return None
