"""JSON to and from the frozen dataclasses that go into files and messages.

One decoder for the folder and for the protocol, so that both are checked in the same way: a value is taken
only if it has the declared type. Unknown keys are ignored, so that a newer writer of the same format version
can add some; a key with a default may be missing.
"""

from __future__ import annotations

import dataclasses
import types
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import orjson

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Record = TypeVar("Record", bound=DataclassInstance)
else:
    Record = TypeVar("Record")


class RecordError(ValueError):
    """JSON that does not have the declared shape; the message names the place."""


def encode(record: DataclassInstance) -> bytes:
    """Canonical JSON of a record: keys sorted, no white space, UTF-8."""
    # orjson sorts the keys of dicts, not the fields of dataclasses.
    return orjson.dumps(orjson.loads(orjson.dumps(record)), option=orjson.OPT_SORT_KEYS)


def decode(kind: type[Record], data: bytes | bytearray | memoryview | str) -> Record:
    """Parse JSON and check it against `kind`. Raises RecordError."""
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise RecordError(f"not JSON: {error}") from None
    return from_plain(kind, value)


def from_plain(kind: type[Record], value: object) -> Record:
    """Check a parsed JSON value against `kind`. Raises RecordError."""
    return _dataclass(kind, value, kind.__name__)  # type: ignore[no-any-return]


@cache
def _fields(kind: type[Any]) -> tuple[tuple[str, Any, bool], ...]:
    hints = get_type_hints(kind)
    return tuple(
        (
            field.name,
            hints[field.name],
            field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING,
        )
        for field in dataclasses.fields(kind)
        if field.init
    )


def _dataclass(kind: Any, value: object, where: str) -> Any:
    if not isinstance(value, dict):
        raise RecordError(f"{where}: an object was expected, not {_plain_name(value)}")
    arguments = {}
    for name, hint, required in _fields(kind):
        if name in value:
            arguments[name] = _value(hint, value[name], f"{where}.{name}")
        elif required:
            raise RecordError(f"{where}.{name} is missing")
    return kind(**arguments)


def _value(hint: Any, value: object, where: str) -> Any:
    origin = get_origin(hint)
    if origin in {Union, types.UnionType}:
        return _union(hint, value, where)
    if origin is Literal:
        if value not in get_args(hint):
            raise RecordError(f"{where}: {value!r} is none of {', '.join(map(repr, get_args(hint)))}")
        return value
    if origin is tuple:
        item, _ellipsis = get_args(hint)
        if not isinstance(value, list):
            raise RecordError(f"{where}: a list was expected, not {_plain_name(value)}")
        return tuple(_value(item, entry, f"{where}[{index}]") for index, entry in enumerate(value))
    if origin is dict:
        _key, item = get_args(hint)
        if not isinstance(value, dict):
            raise RecordError(f"{where}: an object was expected, not {_plain_name(value)}")
        return {key: _value(item, entry, f"{where}.{key}") for key, entry in value.items()}
    if dataclasses.is_dataclass(hint):
        return _dataclass(hint, value, where)
    if hint is float and type(value) is int:
        return float(value)
    if hint is not Any and type(value) is not hint:
        raise RecordError(f"{where}: {hint.__name__} was expected, not {_plain_name(value)}")
    return value


def _union(hint: Any, value: object, where: str) -> Any:
    members = get_args(hint)
    if value is None and type(None) in members:
        return None
    problems = []
    for member in members:
        if member is not type(None):
            try:
                return _value(member, value, where)
            except RecordError as error:
                problems.append(str(error))
    raise RecordError("; ".join(problems) or f"{where}: unexpected {_plain_name(value)}")


def _plain_name(value: object) -> str:
    return "null" if value is None else type(value).__name__
