"""Which functions and classes are stored by name: those that an import of their module brings back."""

from __future__ import annotations

import sys

from kishu_agent import interrupts

_ABSENT = object()


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
