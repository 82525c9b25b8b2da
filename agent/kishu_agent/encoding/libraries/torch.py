"""torch: storages as buffers, tensors as views of them, with their gradients and hooks.

The functions of the first part are part of the folder's format. Nothing here needs numpy, which torch does not.
Tensors on other devices are copied to the host to be stored, and back; that has not been tried on such a device.
"""

from __future__ import annotations

import ctypes
from collections import OrderedDict
from contextlib import nullcontext
from functools import wraps
from typing import TYPE_CHECKING, Any
from weakref import ref

import torch
from torch.optim import Optimizer
from torch.utils.hooks import RemovableHandle

from kishu_agent.encoding import rebuild
from kishu_agent.encoding.classes import NotEncodableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from kishu_agent.encoding.encoder import Encoder, Reduced

# Rebuilding


def storage(number: int, size: int, device: str) -> Any:
    """Make a storage with memory of its own, and read its bytes."""
    made = torch.UntypedStorage(size, device="cpu")
    if size:
        rebuild.fill(number, _memory(made))
    return made if device == "cpu" else made.to(device=torch.device(device))


def storage_over(array: Any, offset: int, size: int) -> Any:
    """Make a storage over the memory of a numpy array."""
    from kishu_agent.encoding.libraries.numpy import lent_bytes

    return torch.from_numpy(lent_bytes(array, offset, size)).untyped_storage()


def typed_storage(untyped: Any, dtype: Any) -> Any:
    """Make a storage with a type, which quantized tensors have."""
    return torch.storage.TypedStorage(wrap_storage=untyped, dtype=dtype, _internal=True)


def array_over(
    memory: Any, offset: int, kind: Any, shape: tuple[int, ...], strides: tuple[int, ...], writeable: bool
) -> Any:
    """Make a numpy array over the memory of a storage."""
    import numpy as np

    made: Any = np.ndarray(shape, kind, _bytes(memory).numpy(), offset, strides)
    made.flags.writeable = writeable
    return made


def tensor(
    cls: Any,
    memory: Any,
    dtype: Any,
    offset: int,
    size: tuple[int, ...],
    stride: tuple[int, ...],
    flags: int,
) -> Any:
    """Make a tensor over a storage. Offset and strides are in items."""
    with torch.inference_mode() if flags & _INFERENCE else nullcontext():
        made = torch.empty(0, dtype=dtype, device=memory.device).set_(memory, offset, size, stride)
    return _finish(cls, made, flags)


def view(base: Any, offset: int, size: tuple[int, ...], stride: tuple[int, ...], flags: int) -> Any:
    """Make a tensor that autograd knows as a view of another one."""
    # A view of what needs gradients is a leaf only when no gradients were recorded.
    with torch.set_grad_enabled(not base.requires_grad), torch._C.DisableTorchFunctionSubclass():
        made = base.as_strided(size, stride, offset)
    return _finish(torch.Tensor, made, flags)


def _finish(cls: Any, made: Any, flags: int) -> Any:
    if cls is not torch.Tensor:
        made = torch.Tensor._make_subclass(cls, made, False)
    torch._C._set_conj(made, bool(flags & _CONJUGATE))
    torch._C._set_neg(made, bool(flags & _NEGATIVE))
    if flags & _REQUIRES_GRAD:
        with torch._C.DisableTorchFunctionSubclass():
            made.requires_grad_()
    return made


def set_tensor_state(made: Any, state: dict[str, Any]) -> None:
    """Give a tensor its gradient, hooks and attributes."""
    with torch._C.DisableTorchFunctionSubclass():
        if "grad" in state:
            made.grad = state["grad"]
        if "hooks" in state:
            made._backward_hooks = state["hooks"]
            _reserve(state["hooks"])
        if "accumulated" in state:
            made._post_accumulate_grad_hooks = state["accumulated"]
            _reserve(state["accumulated"])
        made.__dict__.update(state.get("attributes", {}))


def set_module_state(made: Any, state: tuple[Any, int]) -> None:
    """Give a module with hooks its state; the numbers of the hooks are not to be given out again."""
    attributes, hooks = state
    made.__setstate__(attributes)
    RemovableHandle.next_id = max(RemovableHandle.next_id, hooks)


def set_optimizer_state(made: Any, state: tuple[dict[str, Any], bool, int]) -> None:
    """Give an optimizer its attributes, hooks included; count its steps again if a scheduler did."""
    attributes, counted, hooks = state
    made.__setstate__(attributes)
    RemovableHandle.next_id = max(RemovableHandle.next_id, hooks)
    if counted:
        made.step = _counting_step(made)


def generator(device: str, number: int, size: int) -> Any:
    """Make a random generator in the state that it had."""
    made = torch.Generator(device=device)
    made.set_state(_bytes(storage(number, size, "cpu")))
    return made


def default_generator() -> Any:
    """Return the generator behind torch's functions."""
    return torch.default_generator


def handle(number: int) -> Any:
    """Make the handle of a hook."""
    made = RemovableHandle.__new__(RemovableHandle)
    made.id = number
    return made


def set_handle_state(made: Any, state: tuple[Any, tuple[Any, ...]]) -> None:
    """Let a handle refer to the hooks that it removes one of; those of an object that is gone are None."""
    hooks, others = state
    made.hooks_dict_ref = ref(OrderedDict() if hooks is None else hooks)
    made.extra_dict_ref = tuple(map(ref, others))
    RemovableHandle.next_id = max(RemovableHandle.next_id, made.id + 1)


def special(function: Any, arguments: tuple[Any, ...], requires_grad: bool) -> Any:
    """Make a tensor that has not just one storage: a sparse one, a quantized one."""
    made = function(*arguments)
    return made.requires_grad_() if requires_grad else made


def _reserve(hooks: dict[int, Any]) -> None:
    RemovableHandle.next_id = max(RemovableHandle.next_id, _after(hooks))


def _counting_step(made: Any) -> Any:
    """Return what torch's schedulers put in place of an optimizer's step, to know that it was called."""
    owner, step = ref(made), type(made).step

    @wraps(step)
    def counting(*arguments: Any, **keywords: Any) -> Any:
        known: Any = owner()
        known._opt_called = True
        return step(known, *arguments, **keywords)

    counting._wrapped_by_lr_sched = True  # type: ignore[attr-defined]
    return counting


# Memory

_Anything = ctypes.c_ubyte * (1 << 62)
"""One type for memory of any size: making a ctypes type takes longer than all the rest."""


def _memory(untyped: Any) -> memoryview:
    """Return the memory of a storage, which it keeps alive."""
    whole: Any = _Anything.from_address(untyped.data_ptr())
    whole.storage = untyped
    return memoryview(whole).cast("B")[: untyped.nbytes()]


def _bytes(untyped: Any) -> Any:
    """Return the memory of a storage as a tensor."""
    return torch.empty(0, dtype=torch.uint8, device=untyped.device).set_(untyped)


# Reducing

_REQUIRES_GRAD, _CONJUGATE, _NEGATIVE, _INFERENCE = 1, 2, 4, 8


def _reduce_storage(encoder: Encoder, untyped: Any) -> Reduced:
    size = untyped.nbytes()
    encoder.keep(untyped)
    device = untyped.device
    if device.type != "cpu":
        # A copy: never to be written to in the belief that it is the tensor.
        number = encoder.add_array(_memory(untyped.cpu()).toreadonly()) if size else 0
        return storage, (number, size, str(device))
    encoder.memory.arrays[untyped._cdata] = untyped
    if size and not untyped.resizable():
        lender = encoder.find_lender(untyped.data_ptr(), size)
        if lender is not None:
            return storage_over, (*lender, size)
        encoder.external = True
    return storage, (encoder.add_array(_memory(untyped)) if size else 0, size, "cpu")


def _reduce_typed_storage(_encoder: Encoder, typed: Any) -> Reduced:
    return typed_storage, (typed._untyped_storage, typed.dtype)


def array_reduction(encoder: Encoder, values: Any, owner: Any) -> Reduced:
    """Reduce a numpy array over the memory of a tensor."""
    untyped = owner.untyped_storage()
    encoder.memory.arrays[untyped._cdata] = untyped
    offset = values.__array_interface__["data"][0] - untyped.data_ptr()
    return array_over, (
        untyped,
        offset,
        values.dtype,
        values.shape,
        values.strides,
        values.flags.writeable,
    )


def _reduce_tensor(encoder: Encoder, value: Any) -> Reduced:
    if type(value) is torch.Tensor or type(value) is torch.nn.Parameter:
        return _tensor_reduction(encoder, value)
    with torch._C.DisableTorchFunctionSubclass():
        return _tensor_reduction(encoder, value)


def _tensor_reduction(_encoder: Encoder, value: Any) -> Reduced:
    if (node := value.grad_fn) is not None:
        raise NotEncodableError(
            f"it is a result that backward() follows to what it was computed from ({node.name()}), which cannot be "
            "stored; what .detach() returns can be"
        )
    if value.is_nested and value.layout is torch.strided:
        raise NotEncodableError(
            "nested tensors of this layout cannot be stored; those of layout torch.jagged can"
        )
    if value.layout is not torch.strided or value.is_quantized or value.is_nested or value.is_meta:
        arguments = (*value._reduce_ex_internal(5), value.requires_grad)
        return special, arguments, _tensor_state(value), None, None, set_tensor_state
    flags = (
        value.requires_grad * _REQUIRES_GRAD
        | value.is_conj() * _CONJUGATE
        | value.is_neg() * _NEGATIVE
        | value.is_inference() * _INFERENCE
    )
    place = value.storage_offset(), tuple(value.shape), value.stride(), flags
    base = value._base
    if base is not None and type(value) is torch.Tensor and _is_plain_view(value, base):
        if base.requires_grad:  # then so does the view, as long as the base does
            place = (*place[:3], flags & ~_REQUIRES_GRAD)
        return view, (base, *place), _tensor_state(value), None, None, set_tensor_state
    memory = value.untyped_storage()
    return (
        tensor,
        (type(value), memory, value.dtype, *place),
        _tensor_state(value),
        None,
        None,
        set_tensor_state,
    )


def _is_plain_view(value: Any, base: Any) -> bool:
    return bool(
        base.grad_fn is None
        and base.dtype is value.dtype
        and base.layout is torch.strided
        and base.is_conj() == value.is_conj()
        and base.is_neg() == value.is_neg()
        and base.is_inference() == value.is_inference()
        and base.untyped_storage()._cdata == value.untyped_storage()._cdata  # no longer so after `x.data = y`
    )


def _tensor_state(value: Any) -> dict[str, Any] | None:
    state = {}
    if value.grad is not None:
        state["grad"] = value.grad
    if value._backward_hooks:
        state["hooks"] = value._backward_hooks
    if getattr(value, "_post_accumulate_grad_hooks", None):
        state["accumulated"] = value._post_accumulate_grad_hooks
    if value.__dict__:
        state["attributes"] = value.__dict__
    return state or None


def _reduce_module(_encoder: Encoder, module: Any) -> Reduced:
    after = _after_hooks(object.__getattribute__(module, "__dict__"))
    if not after:
        return NotImplemented
    reduced = module.__reduce_ex__(5)
    if type(reduced) is not tuple or len(reduced) < 3:
        return reduced
    return *reduced[:2], (reduced[2], after), None, None, set_module_state


def _after(hooks: dict[int, Any]) -> int:
    """Return the first number after those of some hooks."""
    return 1 + max(hooks, default=-1)


def _after_hooks(attributes: dict[str, Any]) -> int:
    """Return the first number after those of the hooks among an object's attributes."""
    return max(
        (
            _after(value)
            for name, value in attributes.items()
            if name[0] == "_" and name.endswith("_hooks") and type(value) is OrderedDict
        ),
        default=0,
    )


def _reduce_optimizer(_encoder: Encoder, value: Any) -> Reduced:
    # Its own state leaves out the hooks, and that a scheduler watches it.
    attributes = dict(value.__dict__)
    counted = hasattr(attributes.get("step"), "_wrapped_by_lr_sched")
    if counted:
        del attributes["step"]
    state = attributes, counted, _after_hooks(attributes)
    return rebuild.instance, (type(value),), state, None, None, set_optimizer_state


def _reduce_handle(_encoder: Encoder, value: Any) -> Reduced:
    others = tuple(found for other in value.extra_dict_ref or () if (found := other()) is not None)
    return handle, (value.id,), (value.hooks_dict_ref(), others), None, None, set_handle_state


def _reduce_type_info(_encoder: Encoder, value: Any) -> Reduced:
    return type(value), (getattr(torch, value.dtype),)


def _reduce_generator(encoder: Encoder, value: Any) -> Reduced:
    if value is torch.default_generator:
        return default_generator, ()
    memory = value.get_state().untyped_storage()
    return generator, (str(value.device), encoder.add_array(_memory(memory).toreadonly()), memory.nbytes())


def _reduce_constant(_encoder: Encoder, value: Any) -> Reduced:
    # By its name in torch: pickle looks for the name in all modules, and finds it in a notebook that imported torch.
    name = str(value).rpartition(".")[2]
    return (getattr, (torch, name)) if getattr(torch, name, None) is value else NotImplemented


_REDUCERS: dict[type, Callable[[Encoder, Any], Reduced]] = {
    torch.layout: _reduce_constant,
    torch.memory_format: _reduce_constant,
    torch.qscheme: _reduce_constant,
    torch.UntypedStorage: _reduce_storage,
    torch.storage.TypedStorage: _reduce_typed_storage,
    torch.Generator: _reduce_generator,
    torch.finfo: _reduce_type_info,
    torch.iinfo: _reduce_type_info,
    RemovableHandle: _reduce_handle,
}


def _has_ways_of_its_own(kind: type) -> bool:
    """Tell whether a class says itself how its instances are pickled."""
    known = {object, torch.Tensor, torch.nn.Parameter, Optimizer}
    mro = type.__dict__["__mro__"].__get__(kind)
    return any(
        next(owner for owner in mro if name in owner.__dict__) not in known
        for name in ("__reduce_ex__", "__reduce__", "__getstate__")
    )


def reducer(kind: Any) -> Callable[[Encoder, Any], Reduced] | None:
    """Return the reducer for objects of this type."""
    if issubclass(kind, torch.Tensor):
        dispatched = kind.__torch_dispatch__ is not torch.Tensor.__torch_dispatch__
        return None if dispatched or _has_ways_of_its_own(kind) else _reduce_tensor
    if issubclass(kind, torch.nn.Module):
        return _reduce_module
    if issubclass(kind, Optimizer):
        return None if _has_ways_of_its_own(kind) else _reduce_optimizer
    return _REDUCERS.get(kind)
