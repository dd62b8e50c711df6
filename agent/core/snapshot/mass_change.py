"""Mass change: what ransomware, a wiper or a slip of the finger does, told from what happens every night.

Files are compared with the last good snapshot's witness. A file is *rewritten* when its content is another,
*renamed* when its old name is gone and a new name has the same content, or the old name with other letters
behind it. Files that were moved under their own name, that only traded names, as a log rotation does, or that
were unpacked over an older version are neither; new files are no mass change. Whether a change was one of
content is told by looking into some of the files, as is whether anybody could still open them.

It is a mass change when, of the files of the witness,
- half were rewritten or renamed within ten minutes; or a quarter, unless a sample shows readable content; or
- a quarter were renamed within ten minutes (at least 30 files in these cases); or
- a tenth, and at least ten files, were rewritten or replaced by new ones within ten minutes, or a quarter
  in whatever time, and three quarters of a sample of at least eight cannot be read any more; or
- half, and at least ten files, are gone, and no new ones came in their place, or packed and encrypted ones.

So an upgrade of a fifth of the files, a git checkout of less than half of a tree of text, a log rotation and
files that change every day are none; rewriting or renaming 30 % of them to hide their content is one.
"""

from datetime import UTC, datetime

from agent.core.model.findings import Finding, finding
from agent.core.snapshot.changes import Changes, add
from agent.core.snapshot.samples import Samples
from agent.core.text.plain import count

WINDOW = 10  # minutes
MANY, MANY_PLAIN, MANY_FILES = 0.25, 0.5, 30
HIDDEN, HIDDEN_FILES = 0.1, 10
GONE, GONE_FILES = 0.5, 10


def mass_change(
    process: str, changes: Changes, samples: Samples, gone_is_known: bool = False
) -> list[Finding]:
    """The finding, or nothing. `samples`: what became of the picked ones of `changes`.

    `gone_is_known`: that files are gone was told otherwise.
    """
    what = _what_happened(changes, samples) or ("" if gone_is_known else _gone(changes))
    if not what:
        return []
    hint = "Look at the files; nothing is removed from the repositories until then. If it was you: "
    return [finding("mass-change", process, f"{what}.", f"{hint}readiness snapshot --accept {process}")]


def _what_happened(changes: Changes, samples: Samples) -> str:
    files = changes.files
    of_all = f"of {count(files, 'file')}"
    rewritten = _rewritten(changes, samples)
    together = dict(rewritten)
    for minute, number in changes.renamed.items():
        add(together, minute, number)
    changed, at = busiest(together)
    renamed, renamed_at = busiest(changes.renamed)
    if changed >= max(MANY_FILES, (MANY_PLAIN if samples.readable else MANY) * files):
        return f"{min(changed, files):,} {of_all} were rewritten or renamed{_within(at)}"
    if renamed >= max(MANY_FILES, MANY * files):
        return f"{min(renamed, files):,} {of_all} were renamed{_within(renamed_at)}"
    return _hidden(changes) if samples.unreadable else ""


def _hidden(changes: Changes) -> str:
    files = changes.files
    hidden, at = max(busiest(changes.rewritten_at_all), _in_place_of_gone(changes))
    slowly = max(sum(changes.rewritten_at_all.values()), min(sum(changes.new.values()), changes.gone))
    if hidden >= max(HIDDEN_FILES, HIDDEN * files):
        return f"{hidden:,} of {count(files, 'file')} were made unreadable{_within(at)}"
    if slowly >= max(MANY_FILES, MANY * files):
        return f"{slowly:,} of {count(files, 'file')} were made unreadable since the last good snapshot"
    return ""


def _gone(changes: Changes) -> str:
    what = f"{changes.gone:,} of {count(changes.files, 'file')} are gone"
    if changes.gone - changes.came >= max(GONE_FILES, GONE * changes.files):
        return what
    if changes.packed >= max(MANY_FILES, GONE * changes.files):
        return f"{what}, and {changes.packed:,} packed or encrypted ones came"
    return ""


def _rewritten(changes: Changes, samples: Samples) -> dict[int, int]:
    """Those that were really written to, as far as looking into some of them tells: minute -> files."""
    found = dict(changes.rewritten)
    for minute, number in changes.alike.items():
        add(found, minute, -round(number * (1 - samples.alike_other)))
    for minute, number in changes.touched.items():
        add(found, minute, round(number * samples.touched_other))
    return found


def busiest(minutes: dict[int, int]) -> tuple[int, int]:
    """How many in the busiest ten minutes, and the first minute of them."""
    best, at, inside = 0, 0, 0
    ordered = sorted(minutes)
    first = 0
    for minute in ordered:
        inside += minutes[minute]
        while ordered[first] <= minute - WINDOW:
            inside -= minutes[ordered[first]]
            first += 1
        if inside > best:
            best, at = inside, ordered[first]
    return best, at


def _in_place_of_gone(changes: Changes) -> tuple[int, int]:
    """New files as far as others are gone: the same data, perhaps, under names that nobody can guess."""
    new, at = busiest(changes.new)
    return min(new, changes.gone), at


def _within(minute: int) -> str:
    begun = datetime.fromtimestamp(minute * 60, UTC)
    return f" within {WINDOW} minutes (from {begun:%Y-%m-%d %H:%M} UTC on)"
