"""Differences from the last good snapshot, counted and sampled in little memory."""

from typing import Any

from agent.core.snapshot.changes import Changes, Known

MINUTE = 60 * 10**9
TAKEN = 1_000_000 * MINUTE  # the last good snapshot


def seconds(second: float) -> int:
    """So long after the last good snapshot."""
    return TAKEN + int(second * 10**9)


def test_renaming_very_many_files_takes_little_memory_and_is_counted_well() -> None:
    changes = Changes(TAKEN)
    changes.files = many = 300_000
    for n in range(many):
        old = Known(b"a/%07d" % n, 10, 5, 5, n)
        changes.differs(old, None)
    for n in range(many):
        changes.differs(None, Known(b"b/%07d.locked" % n, 10, 5, seconds(1), n))
    counted = sum(changes.renamed.values())
    assert abs(counted - many) < 0.05 * many
    assert len(changes._pairs._lost) + len(changes._pairs._found) <= 1 << 15


def known(path: bytes, size: int = 10, written: int = 5, inode: int = 1, content: bytes = b"") -> Known:
    return Known(path, size, written, written, inode, content)


def changed(old: Known | None, new: Known | None, **changes: Any) -> Changes:
    found = Changes(TAKEN, **changes)
    found.differs(old, new)
    return found


def test_a_file_that_was_written_anew_is_counted_in_its_minute() -> None:
    minute = TAKEN // MINUTE + 1
    found = changed(known(b"a"), known(b"a", size=11, written=seconds(60)))

    assert (found.rewritten, found.rewritten_at_all, found.alike) == ({minute: 1}, {minute: 1}, {})


def test_the_same_content_was_not_rewritten_whatever_its_time_says() -> None:
    found = changed(known(b"a", content=b"x"), known(b"a", written=seconds(60), content=b"x"))

    assert (found.rewritten, found.rewritten_at_all) == ({}, {})


def test_a_file_that_is_gone_from_where_the_process_looks_is_gone() -> None:
    roots = [b"srv/orders"]

    assert changed(known(b"srv/orders/a"), None, roots=roots).gone == 1
    assert changed(known(b"srv/mail/a"), None, roots=roots).gone == 0


def test_as_many_as_were_packed_are_gone_at_most() -> None:
    found = Changes(TAKEN)
    for number in range(3):
        found.differs(known(b"a/%d.txt" % number), None)
        found.differs(None, known(b"b/%d.zip" % number, written=seconds(9), inode=99 + number))
    found.differs(None, known(b"b/more.gpg", written=seconds(9), inode=200))

    assert (found.gone, found.packed) == (3, 3)


def test_the_same_content_under_another_name_has_the_same_key() -> None:
    assert known(b"a").key == known(b"b").key
    assert known(b"a").key != known(b"a", size=11).key
