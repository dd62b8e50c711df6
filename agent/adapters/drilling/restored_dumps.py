"""Whether the dumps of a restored tree are whole, each with all of its parts."""

from collections.abc import Sequence
from pathlib import Path

from agent.adapters.drilling.restored_files import RestoredFiles
from agent.adapters.looking.session import Look
from agent.adapters.looking.starting import NotLooked
from agent.adapters.sources.dump_ends import Dumps
from agent.adapters.sources.dump_parts import is_cut_dump
from agent.core.kinds.dump_parts import CONTENTS
from agent.core.kinds.kinds import Unseen
from agent.core.model.snapshots import DumpNote


def cut_dumps(
    tree: Path, dumps: Sequence[DumpNote], look: Look | None
) -> tuple[list[DumpNote], list[Unseen]]:
    """Those that are not whole, or lack their contents; and those that nobody could look into."""
    looks, unseen = Dumps(look), []

    def is_bad(dump: DumpNote) -> bool:
        place = RestoredFiles().find(tree, dump.path)
        if place is None:
            return dump.is_cut and dump.path.endswith(CONTENTS)
        known = bool(dump.known)
        doubtful = dump.is_cut or known
        try:
            if not place.is_file():
                return False
            return is_cut_dump(place, looks) or (doubtful and looks.is_no_dump(place, known))
        except NotLooked as none:
            unseen.append(Unseen(dump.path, none.message, none.hint))
            return False

    return [dump for dump in dumps if is_bad(dump)], unseen
