"""Where a copy lies as seen from its data: what breaks with the same disk, and with the same machine."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, get_args

from msgspec import Struct

from agent.core.text.phrases import joined

Place = Literal["same-disk", "same-machine", "memory", "elsewhere", "not-known"]
PLACES = get_args(Place)
WORDS: Mapping[str, str] = {
    "same-disk": "same disk",
    "same-machine": "same machine",
    "memory": "in memory",
    "elsewhere": "elsewhere",
    "not-known": "not known",
}
DISK = "disk "  # begins the name of a physical disk among the parts
NOT_LOOKED_AT = "not known (nothing was noted of it yet)"


class Ground(Struct, frozen=True):
    """What something lies on, all the way down, as far as that can be seen from this machine."""

    parts: frozenset[str] = frozenset()  # physical disks, file systems and pools, each by a name of its own
    servers: frozenset[str] = frozenset()  # machines that hold it, by every name and address known
    memory: bool = False
    unknown: str = ""  # what could not be seen, and why; empty when all was

    @property
    def is_in_this_machine(self) -> bool:
        """At least in part: on a disk of it."""
        return any(part.startswith(DISK) for part in self.parts)

    def __or__(self, other: "Ground") -> "Ground":
        return Ground(
            self.parts | other.parts,
            self.servers | other.servers,
            self.memory or other.memory,
            self.unknown or other.unknown,
        )


class Placed(Struct, frozen=True):
    """Where a copy lies, and what is to be said of it besides."""

    place: Place
    reason: str = ""
    names_us: bool = False  # by an address that leads back to this machine

    @property
    def is_near(self) -> bool:
        """It is certain not to outlive the data, or the machine: no rule may count on it for that."""
        return self.place in ("same-disk", "memory") or self.names_us


def place_of(copy: Ground, data: Ground, us: str = "") -> Placed:
    """Of a copy. `us`: the name or address by which it is called, where that is this machine's own."""
    return next(_said_of(copy, data, us), Placed("same-machine"))


def _said_of(copy: Ground, data: Ground, us: str) -> Iterator[Placed]:
    """The first one holds: what is certain comes before what could not be seen."""
    if copy.parts & data.parts:
        yield Placed("same-disk")
    if copy.memory:
        yield Placed("memory")
    if us:
        yield Placed("same-machine", f"{us} is this machine", names_us=True)
    if both := sorted(copy.servers & data.servers):
        yield Placed("not-known", f"the data lie on {both[0]}, too")
    if copy.unknown:
        yield Placed("not-known", copy.unknown)
    if copy.servers and not copy.is_in_this_machine:
        yield Placed("elsewhere")
    if data.unknown:
        yield Placed("not-known", f"where the data lie cannot be seen: {data.unknown}")


def place_words(place: str, reason: str = "") -> str:
    """For people: "same disk", "not known (...)"."""
    if place not in PLACES:
        return NOT_LOOKED_AT
    return f"{WORDS[place]} ({reason})" if reason else WORDS[place]


def where_copies_lie(found: Iterable[tuple[str, str, str, str]]) -> str:
    """Of repository, process, place and reason each: "primary: same disk; planb: elsewhere"."""
    grouped: dict[str, dict[str, list[str]]] = {}
    for repository, process, place, reason in found:
        grouped.setdefault(repository, {}).setdefault(place_words(place, reason), []).append(process)
    parts = []
    for repository, said in grouped.items():
        words = [w if len(said) == 1 else f"{w} for {joined(names)}" for w, names in said.items()]
        parts.append(f"{repository}: {', '.join(words)}")
    return "; ".join(parts)


def warning_of(placed: Placed, names: str) -> str:
    """What a place that `is_near` means for the processes of these names."""
    if placed.place == "memory":
        return f"lies in this machine's memory, away from {names} but gone with the next power cut"
    if placed.names_us:
        return f"lies in this machine, as {names} do: {placed.reason}, and what takes it takes both"
    return f"lies on the same device as {names}: one dead disk takes both"
