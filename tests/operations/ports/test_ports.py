"""The ports: each is what an adapter or the wiring really does, and none is there for nobody."""

import inspect
from collections.abc import Iterator
from importlib import import_module
from typing import Any, Protocol

import pytest

from support.modules import MODULES, is_below

PORTS = ("agent.operations.ports",)
BEHIND = ("agent.adapters", "agent.app")


def classes(layers: tuple[str, ...]) -> Iterator[type[Any]]:
    """What the modules of these layers define."""
    for name in MODULES:
        if is_below(name, layers):
            found = inspect.getmembers(import_module(name), inspect.isclass)
            yield from (each for _, each in found if each.__module__ == name)


def methods(each: type[Any]) -> dict[str, list[str]]:
    """The parameters of every method."""
    found = inspect.getmembers(each, inspect.isfunction)
    return {name: list(inspect.signature(call).parameters) for name, call in found}


def asked_of(port: type[Any]) -> dict[str, list[str]]:
    """The methods that an implementation must have."""
    return {name: of for name, of in methods(port).items() if not name.startswith("_")}


def behind(port: type[Any]) -> list[str]:
    """The classes that can stand behind a port: every method is there, with the same parameters."""
    return [each.__name__ for each in classes(BEHIND) if does(methods(each), asked_of(port))]


def does(has: dict[str, list[str]], asked: dict[str, list[str]]) -> bool:
    return all(has.get(name, [])[: len(of)] == of for name, of in asked.items())


# a port that is only called is a function, made where all is wired: mypy holds it
ALL = [each for each in classes(PORTS) if getattr(each, "_is_protocol", False) and asked_of(each)]


@pytest.mark.parametrize("port", ALL, ids=lambda port: port.__name__)
def test_something_real_stands_behind_every_port(port: type[Any]) -> None:
    assert behind(port) != []


def test_a_port_that_nothing_implements_is_found() -> None:
    class Teleport(Protocol):
        def beam(self, place: str) -> None: ...

    class Clock(Protocol):
        def now(self, zone: str) -> None: ...

    assert behind(Teleport) == []
    assert behind(Clock) == [], "a clock takes no zone"
