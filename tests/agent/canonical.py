"""The canonical form of a namespace: values, and which mutable objects are the same.

Walks values from the sorted names and gives each mutable object a number at first sight; a later sight is a
reference to the number. Arrays that share memory are told with the distance of their first elements. Two
namespaces have equal forms if nobody can tell them apart by value, by `is` between mutable objects, or by a
write to shared memory. Knows nothing of the agent.
"""

from __future__ import annotations

import functools
import json
import sys
import types
from collections import OrderedDict, defaultdict, deque
from typing import Any

_ATOMS = (type(None), bool, int, float, complex, str, bytes, type(...), range)

_CLASS_SKIPPED = {
    "__dict__",
    "__weakref__",
    "__module__",
    "__slotnames__",
    "__firstlineno__",
    "__static_attributes__",
    "_abc_impl",
}

_MISSING = object()


class _Walk:
    def __init__(self, namespace: dict[str, Any]) -> None:
        self.namespace = namespace
        self.numbers: dict[int, int] = {}
        self.seen: list[Any] = []
        self.arrays: list[tuple[int, Any]] = []

    def form(self, value: Any) -> Any:
        kind = type(value)
        if kind in _ATOMS:
            return [kind.__name__, repr(value)]
        if kind is tuple:
            return ["tuple", [self.form(item) for item in value]]
        if kind is frozenset:
            return ["frozenset", sorted(json.dumps(self.form(item)) for item in value)]
        if kind is types.ModuleType:
            return ["module", value.__name__]
        if isinstance(value, types.BuiltinFunctionType):
            owner = value.__self__
            bound = None if owner is None or isinstance(owner, types.ModuleType) else self.form(owner)
            return ["built-in", value.__name__, bound]
        if isinstance(value, type) and value.__module__ != "__main__":
            return ["type", value.__module__, value.__qualname__]
        if kind is types.MethodType:
            return ["method", self.form(value.__func__), self.form(value.__self__)]
        if kind.__module__ == "numpy" and kind.__name__ != "ndarray":
            return ["numpy", kind.__name__, repr(value)]
        if id(value) in self.numbers:
            return ["same", self.numbers[id(value)]]
        number = self.numbers[id(value)] = len(self.seen)
        self.seen.append(value)
        return [number, *self._new(value, kind)]

    def _new(self, value: Any, kind: type) -> list[Any]:
        if kind in {list, deque}:
            return [kind.__name__, [self.form(item) for item in value]]
        if kind in {dict, OrderedDict, defaultdict}:
            pairs = [[self.form(key), self.form(item)] for key, item in value.items()]
            return [kind.__name__, pairs, self.form(getattr(value, "default_factory", None))]
        if kind is set:
            return ["set", sorted(json.dumps(self.form(item)) for item in value)]
        if kind is bytearray:
            return ["bytearray", value.hex()]
        if kind is types.FunctionType:
            return ["function", *self._function(value)]
        if kind is types.CellType:
            try:
                return ["cell", self.form(value.cell_contents)]
            except ValueError:
                return ["cell"]
        if kind is functools.partial:
            return ["partial", self.form(value.func), self.form(value.args), self.form(value.keywords)]
        if kind in {staticmethod, classmethod}:
            return [kind.__name__, self.form(value.__func__)]
        if kind is property:
            return ["property", self.form(value.fget), self.form(value.fset)]
        if isinstance(value, type):
            return ["class", *self._class(value)]
        if isinstance(value, BaseException):
            return ["exception", self.form(kind), self.form(value.args), self.form(vars(value))]
        if kind.__name__ == "ndarray":
            return ["array", *self._array(value)]
        if kind.__name__ == "DataFrame":
            columns = [
                [str(name), str(value[name].dtype), [repr(item) for item in value[name]]]
                for name in value.columns
            ]
            return ["frame", repr(value.index), columns]
        if kind.__name__ == "Series":
            return [
                "series",
                repr(value.name),
                repr(value.index),
                str(value.dtype),
                [repr(item) for item in value],
            ]
        if kind.__module__ == "__main__":
            return ["instance", *self._instance(value, kind)]
        return ["other", kind.__module__, kind.__qualname__]

    def _function(self, function: types.FunctionType) -> list[Any]:
        scope = "notebook" if function.__globals__ is self.namespace else function.__globals__.get("__name__")
        return [
            function.__name__,
            function.__qualname__,
            scope,
            _code(function.__code__),
            self.form(function.__defaults__),
            self.form(function.__kwdefaults__),
            self.form(function.__dict__),
            [self.form(cell) for cell in function.__closure__ or ()],
        ]

    def _class(self, cls: type) -> list[Any]:
        attributes = {
            name: value
            for name, value in vars(cls).items()
            if name not in _CLASS_SKIPPED
            and not isinstance(value, types.MemberDescriptorType | types.GetSetDescriptorType)
        }
        return [
            cls.__qualname__,
            [self.form(base) for base in cls.__bases__],
            [[name, self.form(attributes[name])] for name in sorted(attributes)],
        ]

    def _instance(self, value: Any, kind: type) -> list[Any]:
        state = getattr(value, "__dict__", {})
        slots = [name for base in kind.__mro__ for name in base.__dict__.get("__slots__", ())]
        form = [
            self.form(kind),
            [[name, self.form(item)] for name, item in state.items()],
            [[name, self.form(getattr(value, name, "no value"))] for name in slots],
        ]
        form.extend(self.form(base(value)) for base in (list, dict) if isinstance(value, base))
        return form

    def _array(self, array: Any) -> list[Any]:
        self.arrays.append((self.numbers[id(array)], array))
        items = (
            [self.form(item) for item in array.ravel().tolist()]
            if array.dtype.hasobject
            else array.tobytes().hex()
        )
        return [str(array.dtype), list(array.shape), array.flags.writeable, items]

    def memory(self) -> list[list[int]]:
        """Return pairs of arrays that share memory, with the distance of their first elements in bytes."""
        numpy = sys.modules.get("numpy")
        found = []
        for index, (first, one) in enumerate(self.arrays):
            for second, other in self.arrays[index + 1 :]:
                if numpy is not None and numpy.shares_memory(one, other):
                    places = [array.__array_interface__["data"][0] for array in (one, other)]
                    found.append([first, second, places[1] - places[0]])
        return found


def _code(code: types.CodeType) -> list[Any]:
    constants = [_code(item) if isinstance(item, types.CodeType) else repr(item) for item in code.co_consts]
    return [code.co_code.hex(), constants, list(code.co_names), list(code.co_varnames)]


def canonical(namespace: dict[str, Any], names: list[str]) -> str:
    """Return the canonical form of these names of a namespace as text."""
    walk = _Walk(namespace)
    forms = {name: walk.form(namespace[name]) for name in sorted(names)}
    return json.dumps({"names": forms, "memory": walk.memory()}, indent=1)
