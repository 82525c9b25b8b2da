"""Short descriptions of values, made without running any code of theirs."""

from __future__ import annotations

import sys
from dataclasses import replace
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

from kishu_agent import interrupts
from kishu_agent.history.checkpoint import Preview

_TEXT = 120
_ITEMS = 6

_SCALARS = (int, float, complex, bool, type(None))
_CONTAINERS: dict[type, tuple[str, str]] = {
    list: ("[", "]"),
    tuple: ("(", ")"),
    set: ("{", "}"),
    frozenset: ("frozenset({", "})"),
}


def preview(value: object) -> Preview:
    """Describe a value. Never raises."""
    kind = type(value)
    try:
        name = type.__dict__["__qualname__"].__get__(kind)
        found = _library_preview(value, kind, name) or _plain_preview(value, kind, name)
        return replace(found, type=clean(found.type), text=clean(found.text))
    except BaseException as error:
        interrupts.reraise(error)
        return Preview(type="object", text="")


def clean(text: str) -> str:
    """Replace what cannot be written as UTF-8: halves of surrogate pairs."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _plain_preview(value: Any, kind: type, name: str) -> Preview:
    text = _text(value, depth=0)
    length = len(value) if kind in _CONTAINERS or kind in {dict, str, bytes, bytearray} else None
    nbytes = sys.getsizeof(value) if kind in {str, bytes, bytearray} else None
    return Preview(type=name, text=text[:_TEXT], length=length, nbytes=nbytes)


def _text(value: Any, depth: int) -> str:
    kind = type(value)
    if kind is int and value.bit_length() > 300:
        return f"int of {value.bit_length()} bits"
    if kind in _SCALARS:
        return repr(value)
    if kind in {str, bytes}:
        return repr(value[: _TEXT + 1])
    if kind in _CONTAINERS and depth < 2:
        opening, closing = _CONTAINERS[kind]
        items = [_text(item, depth + 1) for item, _ in zip(value, range(_ITEMS), strict=False)]
        more = ", ..." if len(value) > _ITEMS else ""
        return opening + ", ".join(items) + more + closing
    if kind is dict and depth < 2:
        pairs = [
            f"{_text(key, depth + 1)}: {_text(item, depth + 1)}"
            for (key, item), _ in zip(value.items(), range(_ITEMS), strict=False)
        ]
        return "{" + ", ".join(pairs) + (", ..." if len(value) > _ITEMS else "") + "}"
    if kind is FunctionType:
        code = value.__code__
        arguments = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        return f"{value.__name__}({', '.join(arguments)})"
    if kind is ModuleType or kind is BuiltinFunctionType:
        return str(value.__name__)
    if issubclass(kind, type):
        return str(type.__dict__["__qualname__"].__get__(value))
    return f"<{type.__dict__['__qualname__'].__get__(kind)}>" if depth else ""


def _library_preview(value: Any, kind: type, name: str) -> Preview | None:
    """Describe arrays and frames from what they hold, by methods of their library only."""
    module = kind.__module__
    if (numpy := sys.modules.get("numpy")) is not None and kind is numpy.ndarray:
        return Preview(
            type=name,
            text=f"{value.dtype.name} {_shape(value.shape)}",
            shape=value.shape,
            nbytes=value.nbytes,
        )
    if not module.startswith("pandas") or (pandas := sys.modules.get("pandas")) is None:
        return None
    if kind is pandas.DataFrame:
        columns = ", ".join(_label(column) for column in value.columns[:_ITEMS])
        more = ", ..." if len(value.columns) > _ITEMS else ""
        memory = int(value.memory_usage(index=True, deep=False).sum())
        text = f"{value.shape[0]:,} rows, {value.shape[1]} columns: {columns}{more}"
        return Preview(type=name, text=text[:_TEXT], shape=value.shape, nbytes=memory)
    if kind is pandas.Series:
        text = f"{value.dtype}, {len(value):,} rows"
        nbytes = int(value.memory_usage(index=True, deep=False))
        return Preview(type=name, text=text[:_TEXT], shape=value.shape, nbytes=nbytes)
    return None


def _label(column: object) -> str:
    return column if type(column) is str else _text(column, depth=1)


def _shape(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) if shape else "scalar"
