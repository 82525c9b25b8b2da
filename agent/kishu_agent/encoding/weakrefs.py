"""Weak references: their objects are stored with them, and joined to them."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from kishu_agent.encoding import rebuild
from kishu_agent.encoding.classes import NotEncodableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from kishu_agent.encoding.encoder import Encoder, Reduced


def _reduce_reference(_encoder: Encoder, reference: Any) -> Reduced:
    target = reference()
    if target is None:
        return rebuild.dead_reference, ()
    callback = reference.__callback__
    return weakref.ref, (target,) if callback is None else (target, callback)


def _reduce_method(_encoder: Encoder, reference: Any) -> Reduced:
    method = reference()
    if method is None:
        raise NotEncodableError("the object of its method is gone")
    return weakref.WeakMethod, (method,)


def _reduce_proxy(_encoder: Encoder, proxy: Any) -> Reduced:
    # A proxy hands on every look at it, also pickle's; so does this one, to the object itself.
    try:
        target = proxy.__reduce_ex__.__self__
    except ReferenceError:
        raise NotEncodableError("the object of the proxy is gone") from None
    return weakref.proxy, (target,)


def _reduce_finalizer(_encoder: Encoder, _finalizer: Any) -> Reduced:
    # Made again it would be called twice, and by a load on the side at once: it may remove files.
    raise NotEncodableError("what is to be done when an object goes has no stored form")


def _reduce_mapping(encoder: Encoder, mapping: Any) -> Reduced:
    if id(mapping) in encoder.caches:
        return type(mapping), ()
    return type(mapping), (dict(mapping.items()),)


def _reduce_set(_encoder: Encoder, objects: Any) -> Reduced:
    return weakref.WeakSet, (list(objects),)


REDUCERS: dict[type, Callable[[Encoder, Any], Reduced]] = {
    weakref.ref: _reduce_reference,
    weakref.WeakMethod: _reduce_method,
    weakref.ProxyType: _reduce_proxy,
    weakref.CallableProxyType: _reduce_proxy,
    weakref.finalize: _reduce_finalizer,
    weakref.WeakKeyDictionary: _reduce_mapping,
    weakref.WeakValueDictionary: _reduce_mapping,
    weakref.WeakSet: _reduce_set,
}
