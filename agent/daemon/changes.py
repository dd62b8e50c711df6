"""What is heard and found of changed files, and what it calls for: a scan, or a snapshot."""

from collections.abc import Set
from datetime import datetime, timedelta

from agent.core.agenda import Agenda
from agent.core.duties import Task
from agent.core.jobs import JobEnd
from agent.core.model import Finding
from agent.daemon.ports import Clocks, Watching
from agent.errors import Exit

OUR_OWN = timedelta(seconds=60)  # after a snapshot, until a scan tells our traces from changes
BURST = 500  # events since the last snapshot that call for a scan at once: it may be a mass change
PAUSE = timedelta(minutes=5)  # between two such scans


class Changes:
    """Tells the agenda of changed files. Events are hints; what a scan finds is the truth."""

    def __init__(self, agenda: Agenda, clocks: Clocks) -> None:
        self.troubles: list[Finding] = []  # of watching, as they are now
        self._agenda = agenda
        self._clocks = clocks
        self._bursts: dict[str, datetime] = {}  # when many events called for a scan

    def hear(self, watching: Watching, snapping: Set[str]) -> list[Finding] | None:
        """Take up what was heard; what changes while a process is `snapping` may be our own doing.

        Returns the troubles of watching that are new, None when there are the same as before.
        """
        now, elapsed = self._clocks.now(), self._clocks.elapsed()
        for process in watching.rescan():
            self._scan(process, now)
        for process, stir in watching.changes().items():
            if process not in snapping:
                first, last = (now - timedelta(seconds=elapsed - at) for at in (stir.first, stir.last))
                self._agenda.stirred(process, first, last)
            if stir.events >= BURST and now - self._bursts.get(process, now - PAUSE) >= PAUSE:
                self._bursts[process] = now
                self._scan(process, now)
        before, self.troubles = self.troubles, watching.troubles()
        if self.troubles == before:
            return None
        return [finding for finding in self.troubles if finding not in before]

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

    def _scan(self, process: str, at: datetime) -> None:
        self._agenda.hasten(Task("exposure", process), at)
