"""Mass change, both sides: what ransomware does is told, and what happens every night is not."""

import random
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.snapshot.changes import Changes, Known
from agent.core.snapshot.mass_change import busiest, mass_change
from agent.core.snapshot.samples import Became, Samples

MINUTE = 60 * 10**9
TAKEN = 1_000_000 * MINUTE  # the last good snapshot
DAY = 24 * 60 * MINUTE
FILES = 1000
Tree = dict[bytes, Known]
Act = Callable[[Tree], Tree]


def tree(files: int = FILES, suffix: str = ".txt") -> Tree:
    """Files that were last written long ago, a hundred in a directory."""
    paths = [b"srv/%03d/file-%05d%b" % (n // 100, n, suffix.encode()) for n in range(files)]
    return {
        path: Known(path, 1000 + n, TAKEN - 90 * DAY, TAKEN - 90 * DAY, n) for n, path in enumerate(paths)
    }


def seconds(second: float) -> int:
    """So long after the last good snapshot."""
    return TAKEN + int(second * 10**9)


def written(old: Known, at: int, *, path: bytes = b"", inode: int = 0) -> Known:
    """The file with other content, in place unless another inode is given."""
    return Known(path or old.path, old.size + 16, at, at, inode or old.inode)


def moved(old: Known, path: bytes, at: int) -> Known:
    """The same content under another name."""
    return Known(path, old.size, old.mtime_ns, at, old.inode)


def some(before: Tree, share: float, skip: int = 0) -> list[Known]:
    return list(before.values())[skip : skip + round(share * len(before))]


def rewrite(share: float, within: float = 600, new_inodes: bool = False) -> Act:
    def act(before: Tree) -> Tree:
        chosen = some(before, share)
        pace = within / max(1, len(chosen))
        return before | {
            old.path: written(old, seconds(60 + n * pace), inode=10**6 + n if new_inodes else 0)
            for n, old in enumerate(chosen)
        }

    return act


def rename(share: float, suffix: bytes = b".locked", rewritten: bool = False) -> Act:
    def act(before: Tree) -> Tree:
        after = dict(before)
        for n, old in enumerate(some(before, share)):
            del after[old.path]
            path = old.path + suffix
            at = seconds(60 + n / 10)
            after[path] = written(old, at, path=path, inode=10**6 + n) if rewritten else moved(old, path, at)
        return after

    return act


def file_away(directory: bytes, behind: bytes = b"") -> Act:
    """40 % moved one by one, each with its name."""

    def act(before: Tree) -> Tree:
        after = dict(before)
        for old in some(before, 0.4):
            del after[old.path]
            path = directory + old.path.rpartition(b"/")[2] + behind
            after[path] = moved(old, path, seconds(60))
        return after

    return act


def dated(before: Tree, mtime_ns: int) -> Tree:
    """All files replaced by others with one old time."""
    return {p: Known(p, o.size + 1, mtime_ns, seconds(9), 10**6 + o.inode) for p, o in before.items()}


def unpack(before: Tree) -> Tree:
    return dated(before, TAKEN - 5 * DAY)


def lay_old_copy_over(before: Tree) -> Tree:
    return dated(before, TAKEN - 200 * DAY)


def hide_names(share: float, pace: float = 0.1) -> Act:
    """Encrypted into new files whose names have nothing to do with the old ones."""

    def act(before: Tree) -> Tree:
        after = dict(before)
        chance = random.Random(7)
        for n, old in enumerate(some(before, share)):
            del after[old.path]
            path = old.path.rpartition(b"/")[0] + b"/" + chance.randbytes(12).hex().encode()
            after[path] = written(old, seconds(60 + n * pace), path=path, inode=10**6 + n)
        return after

    return act


def remove(share: float) -> Act:
    return lambda before: {path: old for path, old in before.items() if old not in some(before, share)}


def create(share: float) -> Act:
    def act(before: Tree) -> Tree:
        new = [b"srv/new/%06d" % n for n in range(round(share * len(before)))]
        return before | {p: Known(p, 900, seconds(9), seconds(9), 10**6 + n) for n, p in enumerate(new)}

    return act


def use_as_spool(before: Tree) -> Tree:
    """Nothing that was there is there any more, and as much that is new."""
    return {path: new for path, new in create(1.0)(before).items() if path not in before}


def move_directory(before: Tree) -> Tree:
    """`mv srv/000 srv/archive`, and nine more: no file below is touched, not even its ctime."""
    names = {old.path: old.path.replace(b"srv/0", b"srv/archive-0") for old in before.values()}
    return {names[old.path]: moved(old, names[old.path], old.ctime_ns) for old in before.values()}


def rotate_logs(before: Tree) -> Tree:
    """Every log becomes .1, .1 becomes .2 and so on; the last is removed, the first begins anew."""
    after = dict(before)
    ordered = sorted(before)
    for first in range(0, len(ordered), 3):
        names = ordered[first : first + 3]
        for name, older in pairwise(names):
            after[older] = moved(before[name], older, seconds(3600))
        after[names[0]] = Known(names[0], 0, seconds(3601), seconds(3601), 10**7 + first)
    return after


def pack_logs(before: Tree) -> Tree:
    """`gzip` over a third of the files."""
    after = dict(before)
    for n, old in enumerate(some(before, 0.33)):
        del after[old.path]
        after[old.path + b".gz"] = written(old, seconds(n), path=old.path + b".gz", inode=10**6 + n)
    return after


def change_modes(before: Tree) -> Tree:
    return {path: Known(path, o.size, o.mtime_ns, seconds(5), o.inode) for path, o in before.items()}


def both(*acts: Act) -> Act:
    def act(before: Tree) -> Tree:
        for each in acts:
            before = each(before)
        return before

    return act


def joined(before: Tree, after: Tree) -> Iterator[tuple[Known | None, Known | None]]:
    for path in sorted({*before, *after}, key=lambda path: path.replace(b"/", b"\0")):
        yield before.get(path), after.get(path)


def compared(before: Tree, after: Tree, habit: int | None = None) -> Changes:
    changes = Changes(TAKEN, habit)
    for old, new in joined(before, after):
        changes.files += old is not None
        if old != new:
            changes.differs(old, new)
    return changes


def codes(
    before: Tree, after: Tree, hidden: float | None, habit: int | None = None, same: float = 0
) -> list[str]:
    """Which share of the files that were looked into is unreadable, None: none can tell; or the same."""
    changes = compared(before, after, habit)
    picked = len(changes.changed_pick.picked()) if hidden is not None else 0
    samples = Samples(
        looked_into("unreadable", hidden or 0, picked),
        looked_into("same", same, 32),
        looked_into("same", same, 32),
    )
    return [found.code for found in mass_change("orders", changes, samples)]


def looked_into(became: Became, share: float, files: int) -> list[Became]:
    return [became if n < share * files else "readable" for n in range(files)]


@pytest.mark.parametrize(
    ("what", "act", "hidden"),
    [
        ("30 % encrypted in place", rewrite(0.3), 1.0),
        ("12 % encrypted in place", rewrite(0.12), 1.0),
        ("12 % encrypted, with a tenth of small plain notes among them", rewrite(0.12), 0.9),
        ("30 % encrypted into new files of the same name", rewrite(0.3, new_inodes=True), 1.0),
        ("30 % encrypted, with names that say that they are dense", rewrite(0.3), None),
        ("60 % overwritten with plain text", rewrite(0.6), 0.0),
        ("30 % renamed with a new ending", rename(0.3), 0.0),
        ("30 % renamed and encrypted", rename(0.3, rewritten=True), 1.0),
        ("30 % renamed and rewritten, content plain", rename(0.3, rewritten=True), 0.0),
        ("20 % encrypted under names that nobody can guess", hide_names(0.2), 1.0),
        ("30 % encrypted over a day", rewrite(0.3, within=86_400), 1.0),
        ("30 % encrypted over a day under names that nobody can guess", hide_names(0.3, pace=250), 1.0),
        ("an old copy laid over all files", lay_old_copy_over, 0.0),
        ("each file put into an archive with a password", rename(1.0, b".7z", rewritten=True), None),
        ("60 % removed", remove(0.6), 0.0),
        ("everything removed", remove(1.0), 0.0),
        ("30 % encrypted while 20 % new files came", both(rewrite(0.3), create(0.2)), 1.0),
    ],
)
def test_what_ransomware_or_a_slip_does_is_told(what: str, act: Act, hidden: float | None) -> None:
    before = tree()
    assert codes(before, act(before), hidden) == ["mass-change"], what


@pytest.mark.parametrize(
    ("what", "act", "hidden"),
    [
        ("nothing", lambda before: before, 0.0),
        ("as many new files as there were", create(1.0), 1.0),
        ("a package upgrade of 20 %", rewrite(0.2, within=20, new_inodes=True), 0.0),
        ("a package upgrade of 20 %, none of it could be sampled", rewrite(0.2, within=20), None),
        ("a git checkout of 40 % of a tree of text", rewrite(0.4, within=2, new_inodes=True), 0.0),
        ("a quarter of the files rewritten over a day", rewrite(0.25, within=86_400), 0.0),
        ("a fifth of the files encrypted over a day", rewrite(0.2, within=86_400), 1.0),
        ("a year of invoices moved to an archive", file_away(b"srv/archive/"), None),
        ("mails moved from new to cur", file_away(b"srv/cur/", b":2,S"), None),
        ("logs that are rotated with the day behind their names", file_away(b"srv/", b"-20261122"), None),
        ("an upgrade of every file, dated as in its archive", unpack, 0.0),
        ("half of the files rewritten over a day", rewrite(0.5, within=86_400), 0.0),
        ("a nightly rotation of every log", rotate_logs, 0.0),
        ("a nightly rotation of every log, none of it could be sampled", rotate_logs, None),
        ("a third of the logs packed", pack_logs, None),
        ("directories moved with everything in them", move_directory, None),
        ("modes changed everywhere", change_modes, None),
        ("40 % removed", remove(0.4), 0.0),
        ("everything replaced by new files, as a spool does", use_as_spool, 0.0),
    ],
)
def test_what_happens_every_night_is_not_told(what: str, act: Act, hidden: float | None) -> None:
    before = tree()
    assert codes(before, act(before), hidden) == [], what


@pytest.mark.parametrize("files", [1, 3, 9])
@pytest.mark.parametrize("act", [rewrite(1.0), rename(1.0), remove(1.0), rename(1.0, rewritten=True)])
def test_a_few_files_are_never_many(files: int, act: Act) -> None:
    before = tree(files)
    assert codes(before, act(before), 1.0) == []


def test_a_small_office_that_is_encrypted_is_told() -> None:
    before = tree(12)
    assert codes(before, rewrite(1.0)(before), 1.0) == ["mass-change"]


def test_files_that_are_rewritten_every_day_tell_nothing_once_that_is_known() -> None:
    before = {p: Known(p, o.size, TAKEN - MINUTE, TAKEN - MINUTE, o.inode) for p, o in tree().items()}
    after = rewrite(1.0)(before)
    assert codes(before, after, 0.0, habit=None) == ["mass-change"]
    assert codes(before, after, 0.0, habit=TAKEN - DAY) == []


def test_even_files_that_are_rewritten_every_day_must_not_become_unreadable() -> None:
    before = {p: Known(p, o.size, TAKEN - MINUTE, TAKEN - MINUTE, o.inode) for p, o in tree().items()}
    assert codes(before, rewrite(1.0)(before), 1.0, habit=TAKEN - DAY) == ["mass-change"]


def test_content_of_the_same_size_and_time_is_told_by_its_hash() -> None:
    old = tree(100, suffix=".jpg")
    before = {p: Known(p, o.size, o.mtime_ns, o.ctime_ns, o.inode, b"a") for p, o in old.items()}
    after = {p: Known(p, o.size, o.mtime_ns, seconds(9), o.inode, b"b") for p, o in old.items()}
    assert codes(before, after, None) == ["mass-change"]


def test_the_sample_is_small_and_leaves_out_names_whose_content_tells_nothing() -> None:
    before = tree(500) | tree(400, suffix=".gpg")
    picked = compared(before, rewrite(1.0)(before)).changed_pick.picked()
    assert len(picked) == 32
    assert all(one.path.endswith(b".txt") for one in picked)


def read_once(before: Tree) -> Tree:
    return {p: Known(p, o.size, o.mtime_ns, o.ctime_ns, o.inode, b"a") for p, o in before.items()}


def test_files_that_were_made_anew_with_the_content_that_they_had_are_not_rewritten() -> None:
    before = read_once(tree())
    after = {p: Known(p, o.size, seconds(9), seconds(9), 10**6 + o.inode) for p, o in before.items()}
    assert codes(before, after, 0.0, same=0.0) == ["mass-change"]
    assert codes(before, after, 0.0, same=0.9) == []


def test_content_that_was_changed_behind_the_same_size_and_time_is_told() -> None:
    before = read_once(tree())
    assert codes(before, change_modes(before), None, same=1.0) == []
    assert codes(before, change_modes(before), None, same=0.6) == ["mass-change"]


def test_git_gc_is_no_loss() -> None:
    loose = [b"srv/git/orders/objects/%02x/%038x" % (n % 256, n) for n in range(400)]
    before = tree(100) | {p: Known(p, 200, TAKEN - DAY, TAKEN - DAY, 10**5 + n) for n, p in enumerate(loose)}
    assert codes(before, tree(100), None) == []
    assert codes(before, {}, None) == ["mass-change"], "the rest is gone as well"


@given(st.dictionaries(st.integers(0, 200), st.integers(0, 50), max_size=60))
def test_the_busiest_ten_minutes_are_found(minutes: dict[int, int]) -> None:
    windows = [sum(minutes.get(at + n, 0) for n in range(10)) for at in range(-10, 201)]
    assert busiest(minutes)[0] == max(windows)
