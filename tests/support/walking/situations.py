"""What walks are made of: situations, that is something that happens and then what bears on it, in any order.

A lone step leads somewhere only together with the right ones before and after it, and eight of a hundred are
seldom those. A situation is a row of places, each with what may stand there; `-` is nothing. `/7` says which
of many files, snapshots or values, `/x` the same one throughout the situation; without either it is drawn.
"""

import random
from collections.abc import Iterable
from typing import NamedTuple


class Step(NamedTuple):
    action: tuple[str, ...]
    which: int  # of many files, snapshots or values

    def __str__(self) -> str:
        return f"{' '.join(self.action)} ({self.which})"


MANY = 12  # from which `which` is drawn

DRILL = "drill | drill | drill | drill --snapshot last-good | drill --from planb | drill --sample 60%"
# what may show, hide or forget what was done to data or a repository
BEARS = (
    "drill | drill | drill | drill --snapshot last-good | drill --snapshot last-good | drill --from planb | "
    "drill --sample 1% | drill --sample 100% | drill --snapshot ID/0 | drill --snapshot ID/1 | snapshot | "
    "snapshot | snapshot --accept | upkeep copy | upkeep check | upkeep retain | upkeep prune"
)
# what says nothing of the newest snapshot, and may push what does out of sight
ELSE = "drill --sample 1% | drill --sample 1% | drill --snapshot ID/1 | drill --snapshot ID/2 | snapshot"
EDIT = (
    "edit write | edit rewrite | edit grow | edit truncate | edit remove | edit rename | edit zeros | "
    "edit age | edit link | edit link out | edit empty a directory | edit remove a path | edit say ok | "
    "edit say bad | edit mount over"
)
CONFIG = "config paths | config exclude | config vital | config proofs | config rpo | config rto | config url"
DAMAGE = (
    "damage flip | damage empty a snapshot | damage lose the index | damage delete | damage replace | "
    "damage move | damage forget | damage mend"
)
PASSWORD = "password right | password wrong | password missing"


def _at(place: str, words: str) -> str:
    return " | ".join(f"{each} {place}" for each in words.split(" | "))


LONE = (
    *(EDIT, EDIT, CONFIG, CONFIG, "config plan b", _at("primary", DAMAGE), _at("planb", DAMAGE)),
    *(_at("primary", PASSWORD), _at("planb", PASSWORD), BEARS, BEARS, BEARS, BEARS, DRILL, DRILL),
    *("drill --snapshot random | drill --sample 40%", "snapshot --to planb", "clock", "busy"),
)

SITUATIONS: tuple[tuple[str, ...], ...] = (
    # data that a proof refuses, here and in plan B, and mended
    ("edit say bad", "snapshot", "upkeep copy | -", BEARS, "edit say ok | -", "snapshot", BEARS),
    ("edit say bad", "snapshot", "upkeep copy", "drill", "edit say ok", "snapshot", "drill"),
    ("edit say bad", "snapshot", "drill --snapshot last-good | drill", ELSE, ELSE, ELSE, ELSE),
    # a part of what is held is lost, and a drill of all, of a part, of something older meets it or not
    ("edit rewrite/x", "snapshot", "damage spoil primary/x", BEARS, BEARS, BEARS),
    ("edit rewrite/x", "snapshot", "damage spoil primary/x", "drill", "drill --sample 1%", ELSE),
    ("edit rewrite", "snapshot", "damage flip primary", DRILL, ELSE, ELSE, ELSE, ELSE),
    ("damage empty a snapshot primary | damage empty a snapshot planb", BEARS, BEARS),
    # a repository is gone, another one, or robbed; then whoever comes there first
    (_at("primary", DAMAGE), BEARS, BEARS),
    (_at("planb", DAMAGE), "upkeep copy | drill --from planb | upkeep check", BEARS),
    ("damage move primary", BEARS, "damage move primary", BEARS, BEARS),
    ("damage replace primary | damage forget primary", BEARS, "snapshot --accept", "drill", BEARS),
    # what was damaged is put back as it was, and everything that could say so passes
    ("damage flip primary | damage lose the index primary", BEARS, "damage mend primary", *[BEARS] * 3),
    ("damage lose the index primary", BEARS, "damage mend primary", "upkeep check", "snapshot", "drill"),
    ("damage forget primary", BEARS, "snapshot --accept", "upkeep check", "drill", BEARS),
    ("damage move primary", BEARS, "damage move primary", "upkeep check", "snapshot", "drill", BEARS),
    # content that is none
    ("config vital/3", "edit zeros/7", "snapshot | snapshot --accept", "drill", BEARS),
    ("edit zeros/7", "snapshot", "drill"),
    ("edit zeros", "snapshot --accept | snapshot", DRILL, DRILL),
    # the config asks for something else than what was saved or tried
    ("config exclude | config paths", "snapshot --accept", "drill", "config exclude | config paths", BEARS),
    ("config vital | config exclude | config paths", "snapshot | -", "drill | -"),
    ("config proofs", DRILL, "config proofs", BEARS),
    ("config plan b", "snapshot", "upkeep copy | drill --from planb", BEARS),
    ("config url", BEARS, "config url", BEARS),
    (_at("primary", PASSWORD), BEARS, "password right primary", BEARS),
    # something is taken away from the files, and that is meant or not
    ("edit empty a directory | edit remove a path | edit remove | edit truncate", "snapshot", BEARS),
    ("edit empty a directory | edit remove a path", "snapshot", "snapshot --accept", "drill", BEARS),
    # another file system over the files, and away again
    ("edit mount over/x", "snapshot", BEARS, "edit unmount", "snapshot", BEARS),
    # somebody writes while a snapshot is taken, perhaps what is vital
    ("config vital/3", "busy/7 | busy/8 | busy/9", BEARS, BEARS),
    ("busy", DRILL, "busy | snapshot", BEARS),
    # time goes by
    ("clock", BEARS, BEARS, "snapshot", BEARS),
    ("snapshot", "clock/1", "snapshot", "clock/1", DRILL, "snapshot"),
    ("clock/3", "snapshot", "upkeep copy | -", DRILL, DRILL),
    ("edit say bad", "snapshot", "drill", "clock/3", "snapshot", BEARS),
    # a link to what nobody saves
    ("edit link out", "snapshot", DRILL),
)
SITUATED = 0.7  # of all draws
# what shows anything only from one beginning, which would else seldom meet there
OF_START: dict[str, tuple[tuple[str, ...], ...]] = {
    "new": (
        ("edit zeros/7", "snapshot", "drill"),
        ("config vital/3", "edit zeros/7", "snapshot", "drill"),
    ),
    "plan b": (
        ("edit say bad", "snapshot", "upkeep copy", "drill", "edit say ok", "snapshot", "drill"),
        ("config proofs", "drill", "edit say bad | edit say ok", "snapshot", "drill"),
        (
            "damage forget primary | damage replace primary | damage replace planb",
            "upkeep copy | upkeep check | upkeep retain | upkeep prune",
            BEARS,
        ),
    ),
}
OWN = 0.3  # of all draws, where there are any


def drawn(chance: random.Random, number: int, start: str = "") -> list[Step]:
    """So many steps: situations, and between them what happens besides."""
    steps: list[Step] = []
    own = OF_START.get(start, ())
    while len(steps) < number:
        situated = chance.random() < SITUATED
        row = chance.choice(SITUATIONS) if situated else (chance.choice(LONE),)
        if own and chance.random() < OWN:
            row = chance.choice(own)
        steps += _one(row, chance)
    return steps[:number]


def _one(row: Iterable[str], chance: random.Random) -> Iterable[Step]:
    same = chance.randrange(MANY)
    for place in row:
        text = chance.choice(place.split(" | "))
        if text != "-":
            yield step(text, same, chance.randrange(MANY))


def step(text: str, same: int = 0, any_one: int = 0) -> Step:
    """Of "damage flip primary/7"."""
    action, slash, number = text.partition("/")
    kind, _, rest = action.partition(" ")
    which = same if number == "x" else int(number) if slash else any_one
    return Step((kind, *_arguments(kind, rest)), which)


def _arguments(kind: str, rest: str) -> list[str]:
    if kind in ("damage", "password"):
        what, _, place = rest.rpartition(" ")
        return [what, place]
    return [rest] if kind in ("edit", "config") else rest.split()
