"""Which part of a repository's data is checked next, and whether damage is still open."""

from agent.core.model.records import CheckRecord

DAMAGED = "repository-damaged"  # the code of the finding


def is_damaged(record: CheckRecord) -> bool:
    """This check found damage."""
    return any(found.code == DAMAGED for found in record.findings)


def next_part(last: CheckRecord | None, parts: int, damaged: bool = False) -> tuple[int, int]:
    """(part, of parts) to read next, counted from 1; `last` is the newest check with a result.

    Where other work met damage (`damaged`), nobody knows in which part, and all of them are read.

    A part that was found damaged is read again until it is sound, also after the config was given
    another number of parts: so the newest result says whether anything known to be damaged still is.
    """
    if damaged:
        return 1, 1
    if last is None:
        return 1, parts
    if is_damaged(last):
        return last.part, last.parts
    if last.parts != parts:
        return 1, parts
    return last.part % parts + 1, parts
