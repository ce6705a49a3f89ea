"""The decorator `dataclass` of the standard library, for classes that a command needs to start.

The original writes and compiles up to six methods of each class when it is declared. That took a
third of the time in which `import` starts. Here the methods are shared functions, and `__init__`
is compiled when the first object is made. What such a class does is the same.
"""

from __future__ import annotations

import dataclasses
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from dataclasses import dataclass
else:

    def dataclass(
        cls: type[T] | None = None, *, eq: bool = True, frozen: bool = False, slots: bool = False
    ) -> type[T] | Callable[[type[T]], type[T]]:
        """See `dataclasses.dataclass`. Its other parameters are left to that one."""

        def decorate(kind: type[T]) -> type[T]:
            return _made(kind, eq=eq, frozen=frozen, slots=slots)

        return decorate if cls is None else decorate(cls)


__all__ = ["dataclass", "replace"]
T = TypeVar("T")
D = TypeVar("D")


def replace(made: D, /, **changes: Any) -> D:
    """Does what `dataclasses.replace` does, for a class without fields that `init` leaves out."""
    kind = type(made)
    read = _readers.get(kind)
    if read is None:
        names = tuple(one.name for one in dataclasses.fields(made))  # type: ignore[arg-type]
        read = _readers[kind] = (names, _values_of(names))
    names, values = read
    given = values(made)
    return kind(**dict(zip(names, (given,) if len(names) == 1 else given, strict=True)) | changes)


_readers: dict[type, tuple[tuple[str, ...], Callable[[Any], Any]]] = {}


def _made(kind: type[T], *, eq: bool, frozen: bool, slots: bool) -> type[T]:
    own = vars(kind)
    if kind.__doc__ is None:
        # Else a signature would be made, and written down.
        kind.__doc__ = ""
    given = {name for name in ("__init__", "__repr__", "__eq__", "__hash__") if name in own}
    pickled = "__getstate__" not in own
    made: Any = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots)(kind)
    fields = dataclasses.fields(made)
    compared = tuple(one.name for one in fields if one.compare)
    if "__init__" not in given:
        made.__init__ = _first_init(made, frozen=frozen)
    if "__repr__" not in given:
        made.__repr__ = _repr
    if eq and "__eq__" not in given:
        made.__eq__ = _eq_of(compared)
        if "__hash__" not in given:
            made.__hash__ = _hash_of(made) if frozen else None
    if frozen:
        made.__setattr__ = _refuse_to_set
        made.__delattr__ = _refuse_to_delete
        if slots and pickled:
            made.__getstate__ = _getstate
            made.__setstate__ = _setstate
    return made  # type: ignore[no-any-return]


def _first_init(kind: type, *, frozen: bool) -> Callable[..., None]:
    """An `__init__` that puts the compiled one in its own place."""

    def first_init(self: object, *args: Any, **named: Any) -> None:
        compiled = _compiled_init(kind, frozen=frozen)
        kind.__init__ = compiled  # type: ignore[misc]
        compiled(self, *args, **named)

    return first_init


def _compiled_init(kind: type, *, frozen: bool) -> Callable[..., None]:
    known: dict[str, Any] = {"_set": object.__setattr__, "_unset": dataclasses.MISSING}
    parameters, lines = ["self"], []
    for one in dataclasses.fields(kind):
        value = one.name
        if one.default_factory is not dataclasses.MISSING:
            known[f"_make_{one.name}"] = one.default_factory
            value = f"_make_{one.name}() if {one.name} is _unset else {one.name}"
            parameters.append(f"{one.name}=_unset")
        elif one.default is not dataclasses.MISSING:
            known[f"_default_{one.name}"] = one.default
            parameters.append(f"{one.name}=_default_{one.name}")
        else:
            parameters.append(one.name)
        lines.append(
            f"_set(self, {one.name!r}, {value})" if frozen else f"self.{one.name} = {value}"
        )
    if hasattr(kind, "__post_init__"):
        lines.append("self.__post_init__()")
    text = "".join(f"\n  {line}" for line in lines or ["pass"])
    exec(f"def __init__({', '.join(parameters)}):{text}", known)  # noqa: S102 - names of fields
    made: Callable[..., None] = known["__init__"]
    made.__qualname__ = f"{kind.__qualname__}.__init__"
    return made


def _repr(self: Any) -> str:
    shown = (
        f"{one.name}={getattr(self, one.name)!r}" for one in dataclasses.fields(self) if one.repr
    )
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _values_of(names: tuple[str, ...]) -> Callable[[Any], Any]:
    return attrgetter(*names) if names else lambda _self: ()


def _eq_of(names: tuple[str, ...]) -> Callable[[Any, object], Any]:
    values = _values_of(names)

    def equals(self: Any, other: object) -> Any:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return values(self) == values(other)

    return equals


def _hash_of(kind: type) -> Callable[[Any], int]:
    fields = dataclasses.fields(kind)
    names = tuple(one.name for one in fields if (one.compare if one.hash is None else one.hash))
    values = _values_of(names)
    return lambda self: hash((values(self),))


def _refuse_to_set(_self: Any, name: str, _value: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(_self: Any, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _getstate(self: Any) -> list[object]:
    return [getattr(self, one.name) for one in dataclasses.fields(self)]


def _setstate(self: Any, state: list[object]) -> None:
    for one, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, one.name, value)
