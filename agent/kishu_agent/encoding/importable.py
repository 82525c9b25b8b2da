"""Which functions and classes are stored by name: those that an import of their module brings back."""

from __future__ import annotations

import sys
import sysconfig
from functools import lru_cache

from kishu_agent import interrupts

_ABSENT = object()


def package_of(kind: type) -> str:
    """Return the top-level package in which a type says it is defined."""
    module = type.__dict__["__module__"].__get__(kind)
    return module.partition(".")[0] if type(module) is str else ""


@lru_cache(maxsize=1024)
def is_installed(package: str) -> bool:
    """Tell whether a package is part of Python or of this environment, and not a file of the person's."""
    if package in sys.stdlib_module_names:
        return True
    path = getattr(sys.modules.get(package), "__file__", None)
    return type(path) is str and path.startswith(library_paths())


@lru_cache(maxsize=1)
def library_paths() -> tuple[str, ...]:
    """Return the folders of the standard library and of installed packages."""
    paths = map(sysconfig.get_path, ("stdlib", "platstdlib", "purelib", "platlib"))
    return tuple({path for path in paths if path})


def is_importable_value(obj: object, name: str) -> bool:
    """Tell whether a module other than the notebook's has `obj` under this name."""
    module = getattr(obj, "__module__", None)
    return (
        type(module) is str and module != "__main__" and getattr(sys.modules.get(module), name, None) is obj
    )


def is_importable(obj: object) -> bool:
    """Tell whether `obj` is found under its own name in a module other than the notebook's."""
    try:
        module_name = obj.__module__
        qualified_name = obj.__qualname__  # type: ignore[attr-defined]
    except BaseException as error:
        interrupts.reraise(error)
        return False
    if type(module_name) is not str or type(qualified_name) is not str or module_name == "__main__":
        return False
    found: object = sys.modules.get(module_name, _ABSENT)
    if found is _ABSENT:
        return False
    try:
        for part in qualified_name.split("."):
            found = getattr(found, part)
    except BaseException as error:
        interrupts.reraise(error)
        return False
    return found is obj
