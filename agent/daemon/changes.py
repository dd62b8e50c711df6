"""What is heard and found of changed files, and what it calls for: a scan, or a snapshot."""

from collections.abc import Set
from datetime import datetime, timedelta

from agent.core.model.findings import Finding
from agent.core.schedule.agenda import Agenda
from agent.core.schedule.duties import Task
from agent.core.schedule.jobs import JobEnd
from agent.daemon.ports import Clocks, Watching
from agent.errors import Exit

OUR_OWN = timedelta(seconds=60)  # after a snapshot, until a scan tells our traces from changes
BURST = 500  # events since the last snapshot that call for a scan: it may be a mass change
# seconds: what is removed and made anew, as by `npm ci`, is not to be met half done; mischief may take long
CALM, PATIENCE = 30.0, 120.0
PAUSE = 300.0  # seconds between two such scans


class Changes:
    """Tells the agenda of changed files. Events are hints; what a scan finds is the truth."""

    def __init__(self, agenda: Agenda, clocks: Clocks) -> None:
        self.troubles: list[Finding] | None = None  # of watching, as they are now; at first not known
        self._agenda = agenda
        self._clocks = clocks
        self._lost: set[str] = set()  # processes of which events were lost
        self._waits: dict[str, float] = {}  # since when the scan of a process waits for calm, or may do so

    def hear(self, watching: Watching, snapping: Set[str]) -> list[Finding] | None:
        """Take up what was heard; what changes while a process is `snapping` may be our own doing.

        Returns the troubles of watching that are new, None when there are the same as before. The first time
        it is a list, if an empty one: what an earlier service noted may be over.
        """
        now, elapsed = self._clocks.now(), self._clocks.elapsed()
        stirs = watching.changes()
        for process, stir in stirs.items():
            if process not in snapping:
                first, last = (now - timedelta(seconds=elapsed - at) for at in (stir.first, stir.last))
                self._agenda.stirred(process, first, last)
        self._lost |= watching.rescan()
        for process in self._lost | {name for name, stir in stirs.items() if stir.events >= BURST}:
            heard_at = stirs[process].last if process in stirs else elapsed - CALM
            self._scan_when_calm(process, elapsed, elapsed - heard_at >= CALM)
        before, self.troubles = self.troubles, watching.troubles()
        if self.troubles == before:
            return None
        return [finding for finding in self.troubles if finding not in (before or ())]

    def saved(self, process: str, watching: Watching) -> None:
        """A good snapshot ended. What was heard of meanwhile may be our own traces: a scan tells."""
        watching.settled(process)
        self._agenda.settled(process)
        self._scan(process, self._clocks.now() + OUR_OWN)

    def looked(self, process: str, end: JobEnd, began: datetime) -> None:
        """A scan that began at `began` ended."""
        now = self._clocks.now()
        for row in end.result.get("exposures", ()):
            oldest = row.get("oldest_s")
            if row.get("files") and isinstance(oldest, int | float):
                self._agenda.stirred(process, now - timedelta(seconds=oldest), now)
            elif end.status == Exit.GOOD:
                self._agenda.settled(process, before=began)

    def _scan_when_calm(self, process: str, elapsed: float, calm: bool) -> None:
        waited = elapsed - self._waits.setdefault(process, elapsed)
        if waited >= PATIENCE or (calm and waited >= 0):
            self._waits[process] = elapsed + PAUSE
            self._lost.discard(process)
            self._scan(process, self._clocks.now())

    def _scan(self, process: str, at: datetime) -> None:
        self._agenda.hasten(Task("exposure", process), at)
