"""Which entries of a snapshot hold what vital paths name: links lead on, as they do on the machine."""

from collections.abc import Callable, Iterable, Set

from agent.core.configuration.exclude import os_bytes

MOST_LINKS = 40  # as the kernel counts them

# The targets of those of the paths that are symbolic links in the snapshot.
Links = Callable[[Set[bytes]], dict[bytes, bytes]]


def vital_entries(vital: Iterable[str], links: Links) -> list[bytes]:
    """The links that each vital path leads through, and where it ends; without a leading slash."""
    known: dict[bytes, bytes] = {}
    asked: set[bytes] = set()
    for _ in range(MOST_LINKS):
        ways = [_way(os_bytes(path), known) for path in vital]
        new = {place for met, _ in ways for place in met} - asked
        if not new:
            break
        known |= links(new)
        asked |= new
    found = [entry for met, end in ways for entry in (*(place for place in met if place in known), end)]
    return [entry for entry in dict.fromkeys(found) if entry]


def _way(path: bytes, known: dict[bytes, bytes]) -> tuple[list[bytes], bytes]:
    """Every place on the way of `path` through the links that are known, and its end."""
    todo = path.split(b"/")[::-1]
    here: list[bytes] = []
    met: list[bytes] = []
    links = 0
    while todo:
        name = todo.pop()
        if name in (b"", b".", b".."):
            here = here[:-1] if name == b".." else here
            continue
        place = b"/".join((*here, name))
        met.append(place)
        if place not in known:
            here.append(name)
            continue
        links += 1
        if links > MOST_LINKS:
            return met, b""
        here = [] if known[place].startswith(b"/") else here
        todo += known[place].split(b"/")[::-1]
    return met, b"/".join(here)
