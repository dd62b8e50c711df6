"""Parts of a database server's data that are saved without the rest: no server starts from them.

A data directory of PostgreSQL is whole when global/pg_control is in it, all of it lies below the paths, and
no exclude pattern takes away what a start needs. Databases and tablespaces belong to such a directory.
The directory of one MariaDB or MySQL database is of no use without ibdata1, which may lie elsewhere.
"""

from collections.abc import Iterable

from agent.core.configuration.exclude import os_bytes
from agent.core.kinds.kinds import MARIADB, POSTGRESQL, is_tablespace
from agent.core.kinds.working_files import is_transient
from agent.core.snapshot.extent import Scan

# what no server starts without, or starts and lacks data
_NEEDED = frozenset(
    b"PG_VERSION base global pg_wal pg_xlog pg_xact pg_clog pg_multixact pg_tblspc pg_twophase".split()
)


def parts(scan: Scan) -> list[tuple[bytes, str]]:
    """Where such parts lie, each once, and of which server."""
    lone = [server.path for server in scan.servers if server.kind == MARIADB]
    if not scan.controlled.isdisjoint(lone):
        lone = []
    return sorted([*((path, MARIADB) for path in lone), *((path, POSTGRESQL) for path in _postgresql(scan))])


def _postgresql(scan: Scan) -> set[bytes]:
    """Of databases and tablespaces the directory that holds them."""
    roots = [os_bytes(root.path).strip(b"/") for root in scan.roots]
    ours = scan.controlled.intersection(each.path for each in scan.servers if each.kind == POSTGRESQL)
    whole = any(_is_whole(path, roots, scan.excluded) for path in ours)
    found: set[bytes] = set()
    for server in scan.servers:
        path = server.path
        above, _, name = path.rpartition(b"/")
        if server.kind != POSTGRESQL:
            continue
        place = above if _is_below(above, roots) else path
        if is_tablespace(name):
            found |= set() if whole and above in scan.tablespaces else {place}
        elif path in scan.controlled:
            found |= set() if _is_whole(path, roots, scan.excluded) else {path}
        elif name.isdigit() and scan.extents.get(path, (0, 0))[0] > 1:
            found.add(place if above.endswith(b"/base") else path)
        elif any(each.startswith(path + b"/base/") for each in scan.extents):
            found.add(path)
    return found


def _is_whole(path: bytes, roots: Iterable[bytes], excluded: Iterable[bytes]) -> bool:
    """Whether all of the data directory `path` is saved that a server needs to start from it."""
    return _is_below(path, roots) and not any(_is_needed(left, path) for left in excluded)


def _is_below(path: bytes, roots: Iterable[bytes]) -> bool:
    return any(not root or path == root or path.startswith(root + b"/") for root in roots)


def _is_needed(left: bytes, path: bytes) -> bool:
    if not left.startswith(path + b"/") or is_transient(left) or left.endswith(b"/archive_status"):
        return False
    return left[len(path) + 1 :].partition(b"/")[0] in _NEEDED
