"""Faults that READY was fooled by once, to be put back: walks that do not find them are not to be trusted."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[3]

# as many walks as are asked for, ten of each kind in turn; whatever one of them finds ends it
WALK = """
import sys
from support.walking.walk import STARTS, walks
for number in range(int(sys.argv[1]) // 10):
    walks(STARTS[number % len(STARTS)], number, 10)
"""


class Change(NamedTuple):
    file: str
    before: str  # once in it
    after: str


EVIDENCE = "agent/core/evidence/evidence.py"
DRILL = "agent/operations/drill/drill.py"
GATHER = "agent/operations/reading/assess.py"
CONTENT = "agent/core/verdict/reasons_content.py"

# what else tells that plan B holds what was refuted
NO_DOUBT = Change(EVIDENCE, "() if copy is everywhere[0] else copy.snapshots, passed)", "(), passed)")

FAULTS: dict[str, tuple[Change, ...]] = {
    "what is known of repositories is ignored": (
        Change(
            "agent/core/verdict/reasons_repository.py",
            "    names = dict.fromkeys(copy.repository for copy in evidence.copies)\n",
            "    names = dict[str, None]()\n",
        ),
    ),
    "a sample counts as a full drill": (
        Change(EVIDENCE, "return drill.share >= WHOLE and not drill.sampled", "return True"),
    ),
    "only the newest drill is read": (
        Change(
            GATHER,
            "    copies = [_copy(ledger, process, one.name, _drills) for one in config.repositories]\n",
            "    copies = [_copy(ledger, process, one.name, lambda ledger, process, name: tuple("
            "ledger.newest(DrillRecord, process=process.name, repository=name))) "
            "for one in config.repositories]\n",
        ),
        Change(GATHER, "    if unread and any(", "    if False and any("),
    ),
    "copies are not refuted with what they copy": (
        Change(EVIDENCE, " | _copies_of(bad, copy)\n", "\n"),
        NO_DOUBT,
    ),
    "zeros count as content": (
        Change(CONTENT, "    if found.vital:", "    if False:"),
        Change(CONTENT, "    if found.share > SMALL_SHARE:", "    if False:"),
    ),
    "paths that no snapshot covers are ignored": (
        Change(EVIDENCE, "    return tuple(missing)\n", "    return ()\n"),
    ),
    "an old answer counts for a new question": (
        Change(
            "agent/core/verdict/reasons_slipping.py",
            'if not passed & {(proof.name, fingerprint(proof)), (proof.name, "")}',
            "if proof.name not in {name for name, _ in passed}",
        ),
    ),
    "a snapshot that cannot be read is taken for none": (
        Change(
            "agent/adapters/restic/messages.py",
            "    return tuple(dict.fromkeys(name.decode() for name, closed in found if closed == denied))\n",
            "    return ()\n",
        ),
    ),
    "the forecast exits by something else": (
        Change(
            "agent/cli/forecast.py",
            "status = EXITS[assessment.verdict]",
            "status = Exit(assessment.timetable.fits is False)",
        ),
    ),
    "what last-good refuses is not recorded": (
        Change(
            DRILL,
            "            self.tools.ledger.append(self.record(outcome, findings), self.tools.clock.now())\n"
            "            ahead",
            "            ahead",
        ),
        Change(DRILL, "refused=tuple(refused))", "refused=())"),
    ),
    "what passed before a proof was there answers it in plan B": (
        Change(
            EVIDENCE,
            'return passed.started > failure.started or asked(failure, "failed") <= asked(passed, "passed")',
            "return True",
        ),
        NO_DOUBT,
    ),
}


def plant(name: str, directory: Path) -> Path:
    """A copy of the program and of the walks, with that fault in it."""
    for part in ("agent", "tests/support"):
        shutil.copytree(ROOT / part, directory / part, ignore=shutil.ignore_patterns("__pycache__"))
    for change in FAULTS[name]:
        file = directory / change.file
        text = file.read_text()
        assert text.count(change.before) == 1, f"{change.file} no longer has: {change.before}"
        file.write_text(text.replace(change.before, change.after))
    return directory


def walked(directory: Path, most: int) -> str:
    """What so many walks there have found; empty when that is nothing."""
    done = subprocess.run(
        [sys.executable, "-c", WALK, str(most)], cwd=directory, check=False, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": f"{directory / 'tests'}:{directory}"},
    )  # fmt: skip
    return "" if done.returncode == 0 else done.stderr
