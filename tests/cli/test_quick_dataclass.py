"""A quick dataclass does what one of the standard library does."""

import copy
import dataclasses
import inspect
import pickle
from dataclasses import field
from typing import ClassVar

import pytest

from snapshots.quick_dataclass import dataclass as quick

KINDS = [
    {"frozen": frozen, "slots": slots, "eq": eq}
    for frozen in (False, True)
    for slots in (False, True)
    for eq in (False, True)
]


class Point:
    """Every kind of field."""

    shared: ClassVar[int] = 3
    x: int
    y: int = 2
    tags: list[str] = field(default_factory=list)
    note: str = field(default="", repr=False, compare=False)
    of_metadata: int = field(default=0, metadata={"meaning": "a number"})

    def __post_init__(self) -> None:
        assert self.x < 1000


class Frozen(Point):
    """Only for its fields that can be hashed."""

    tags: tuple[str, ...] = ()


def both(kind, **settings):
    """The same class by both decorators."""
    members = {k: v for k, v in vars(kind).items() if k not in ("__dict__", "__weakref__")}
    bases = tuple(base for base in kind.__bases__ if base is not object)
    made = []
    for decorate in (dataclasses.dataclass, quick):
        own = tuple(both_of[decorate is quick] for both_of in [both(b, **settings) for b in bases])
        made.append(decorate(**settings)(type(kind.__name__, own or (object,), dict(members))))
    return made


@pytest.fixture(params=KINDS, ids=str)
def pair(request):
    return both(Frozen if request.param["frozen"] else Point, **request.param), request.param


def outcome(work):
    """What it gives, or the kind of its error."""
    try:
        return work()
    except Exception as error:
        return type(error)


WAYS = [
    lambda kind: vars_of(kind(1)),
    lambda kind: vars_of(kind(1, 5, note="n")),
    lambda kind: vars_of(kind(x=1, y=7)),
    lambda kind: kind(),
    lambda kind: kind(1, nothing=3),
    lambda kind: kind(1, x=1),
    lambda kind: kind(1000),
    lambda kind: repr(kind(1, note="unseen")),
    lambda kind: kind(1) == kind(1, note="other"),
    lambda kind: kind(1) == kind(2),
    lambda kind: kind(1) != (1, 2),
    lambda kind: kind(1) == 1,
    lambda kind: kind(1) != kind(1) or hash(kind(1)) == hash(kind(1, note="other")),
    lambda kind: len({kind(1), kind(1), kind(3)}),
    lambda kind: setattr(kind(1), "x", 2),
    lambda kind: delattr(kind(1), "x"),
    lambda kind: hasattr(kind(1), "__dict__"),
    lambda kind: dataclasses.asdict(kind(1)),
    lambda kind: dataclasses.astuple(kind(1)),
    lambda kind: vars_of(dataclasses.replace(kind(1), y=9)),
    lambda kind: dataclasses.replace(kind(1), nothing=9),
    lambda kind: [(one.name, dict(one.metadata)) for one in dataclasses.fields(kind)],
    lambda kind: kind.__match_args__,
    lambda kind: vars_of(copy.copy(kind(1, 5))),
    lambda kind: vars_of(copy.deepcopy(kind(1, 5))),
    lambda kind: (kind(1), list(inspect.signature(kind).parameters))[1],
    lambda kind: kind.__doc__,
    lambda kind: kind.shared,
]


def vars_of(made):
    return {one.name: getattr(made, one.name) for one in dataclasses.fields(made)}


@pytest.mark.parametrize("way", WAYS, ids=range(len(WAYS)))
def test_it_does_the_same(pair, way):
    (usual, ours), _ = pair
    assert outcome(lambda: way(ours)) == outcome(lambda: way(usual))


def test_an_unknown_attribute_cannot_be_set_where_there_are_slots_or_it_is_frozen(pair):
    (_, ours), settings = pair
    if settings["slots"] or settings["frozen"]:
        with pytest.raises(AttributeError):
            ours(1).unknown = 2


def test_lists_are_not_shared(pair):
    (_, ours), settings = pair
    if not settings["frozen"]:
        first = ours(1)
        first.tags.append("a")
        assert ours(1).tags == []


@quick(frozen=True, slots=True)
class Kept:
    """At the top of a module, as what is pickled must be."""

    number: int
    text: str = ""


@quick(frozen=True, slots=True)
class Wider(Kept):
    """Inherits fields."""

    more: tuple[int, ...] = ()

    @property
    def doubled(self) -> int:
        """Uses a field."""
        return self.number * 2


@quick
class Plain:
    """Without settings."""

    number: int = 0


@quick(slots=True)
class OwnMethods:
    """What a class has written itself stays."""

    number: int

    def __repr__(self):
        return "mine"

    def __eq__(self, other):
        return True

    __hash__ = None


@pytest.mark.parametrize("made", [Kept(1, "a"), Wider(1, "a", (2,))])
def test_it_is_pickled(made):
    back = pickle.loads(pickle.dumps(made))
    assert back == made
    assert hash(back) == hash(made)
    with pytest.raises(dataclasses.FrozenInstanceError):
        back.number = 3


def test_fields_are_inherited():
    made = Wider(1, more=(3,))
    assert (made.doubled, made.text, made.more) == (2, "", (3,))
    assert Wider(1) != Kept(1)
    assert repr(made) == "Wider(number=1, text='', more=(3,))"


def test_it_may_stand_without_brackets_and_keeps_own_methods():
    assert Plain() == Plain(0)
    assert Plain.__hash__ is None
    assert repr(OwnMethods(1)) == "mine"
    assert OwnMethods(1) == OwnMethods(2)
