"""Mass change: what ransomware, a wiper or a slip of the finger does, told from what happens every night.

Files are compared with the last good snapshot's witness. A file is *rewritten* when its content is another,
*renamed* when its old name is gone and a new name has the same content, or the old name with other letters
behind it. Files that only traded names, as a log rotation does, are neither; new files are no mass change.

It is a mass change when, of the files of the witness,
- half were rewritten or renamed within ten minutes; or a quarter, unless a sample shows plain content; or
- a quarter were renamed within ten minutes (at least 30 files in these cases); or
- a tenth, and at least ten files, were rewritten or replaced by new ones within ten minutes, and three
  quarters of a sample of at least eight are incompressible although their names do not say so; or
- half, and at least ten files, are gone, and no new ones came in their place.

So an upgrade of a fifth of the files, a git checkout of less than half of a tree of text, a log rotation and
files that change every day are none; rewriting or renaming 30 % of them to hide their content is one.
"""

import zlib
from collections.abc import Sequence
from datetime import UTC, datetime

from agent.core.changes import Changes, add
from agent.core.findings import finding
from agent.core.model import Finding
from agent.core.text import count

WINDOW = 10  # minutes
MANY, MANY_PLAIN, MANY_FILES = 0.25, 0.5, 30
HIDDEN, HIDDEN_FILES, HIDDEN_SAMPLED, HIDDEN_OF_SAMPLE = 0.1, 10, 8, 0.75
GONE, GONE_FILES = 0.5, 10
SAMPLE_BYTES = 1 << 16
HEAD = 1 << 12
INCOMPRESSIBLE = 0.97


def mass_change(process: str, changes: Changes, sample: Sequence[bool]) -> list[Finding]:
    """The finding, or nothing. `sample` tells of files of `to_sample` whether they are incompressible."""
    files = changes.files
    together = dict(changes.rewritten)
    for minute, number in changes.renamed.items():
        add(together, minute, number)
    hidden = len(sample) >= HIDDEN_SAMPLED and sum(sample) >= HIDDEN_OF_SAMPLE * len(sample)
    plain = len(sample) >= HIDDEN_SAMPLED and not hidden
    changed, at = busiest(together)
    renamed, renamed_at = busiest(changes.renamed)
    replaced, replaced_at = max(busiest(changes.rewritten_at_all), _in_place_of_gone(changes))
    if changed >= max(MANY_FILES, (MANY_PLAIN if plain else MANY) * files):
        what = f"{min(changed, files):,} of {count(files, 'file')} were rewritten or renamed{_within(at)}"
    elif renamed >= max(MANY_FILES, MANY * files):
        what = f"{min(renamed, files):,} of {count(files, 'file')} were renamed{_within(renamed_at)}"
    elif hidden and replaced >= max(HIDDEN_FILES, HIDDEN * files):
        what = f"{replaced:,} of {count(files, 'file')} were made unreadable{_within(replaced_at)}"
    elif changes.gone - changes.came >= max(GONE_FILES, GONE * files):
        what = f"{changes.gone:,} of {count(files, 'file')} are gone"
    else:
        return []
    hint = "Look at the files; nothing is removed from the repositories until then. If it was you: "
    return [finding("mass-change", process, f"{what}.", f"{hint}readiness snapshot --accept {process}")]


def is_incompressible(content: bytes) -> bool:
    """Whether the start of a file, or its first 4 KiB, looks like compressed or encrypted content."""
    heads = {len(content): content, HEAD: content[:HEAD]}.values()
    return any(len(zlib.compress(part, 1)) > INCOMPRESSIBLE * len(part) for part in heads if part)


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
