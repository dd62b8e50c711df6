"""Copy the good snapshots of one critical process into plan B, and judge it by what is then there."""

import time
from collections import deque
from collections.abc import Sequence
from typing import TypeVar

from agent.core.evidence.account import CHANGED, Seen
from agent.core.model.findings import TESTED_AND_BAD, Finding, finding
from agent.core.model.records import CopyRecord, RepositoryRecord, RetentionRecord
from agent.core.model.repository import StoredSnapshot
from agent.core.model.runs import Outcome
from agent.core.model.snapshots import SnapshotRecord
from agent.core.text.plain import count
from agent.core.upkeep.copying import Good, arrivals, done_with, good_ones, lag, missing
from agent.core.upkeep.vanished import Known, removed_by
from agent.errors import ResticError
from agent.operations.ports.repository import Repository
from agent.operations.records.refused import refused
from agent.operations.records.sight import note_sight
from agent.operations.records.vanished import Vanished
from agent.operations.upkeep.copy_task import CopyTask, CopyTools

B = TypeVar("B", SnapshotRecord, RetentionRecord)
Unread = tuple[Sequence[str], Sequence[str]]  # of a listing: what is damaged, what we may not read
BAD = TESTED_AND_BAD | {"copy-incomplete", "copy-refuted", "snapshots-vanished"}
AT_ONCE = 20  # snapshots in one call of restic, so that what arrived is noted now and then
OF_ONE_SNAPSHOT = ("restic-failed", "repository-damaged")  # codes; the others may well arrive
TRIES = 3  # single snapshots that may fail before the rest is left for another day


def copy(task: CopyTask, tools: CopyTools) -> CopyRecord:
    """Copy, record each snapshot that arrived and the run itself, whatever comes of it."""
    run = _Run(task, tools)
    try:
        run.run()
    except ResticError as error:
        run.note(error)
    except KeyboardInterrupt:
        stopped = finding("interrupted", task.process, "The copy was stopped before it was done.")
        run.findings.append(stopped)
        tools.ledger.append(run.record(), tools.clock.now())
        raise
    record = run.record()
    tools.ledger.append(record, tools.clock.now())
    run.note_sights()
    return record


class _Run:
    """One run, with what it has learnt so far."""

    def __init__(self, task: CopyTask, tools: CopyTools) -> None:
        self.task = task
        self.tools = tools
        self.findings: list[Finding] = []
        self._started = tools.clock.now()
        self._clock = time.monotonic()
        self._goods: list[Good] = []
        self._there: list[StoredSnapshot] = []
        self._cannot: Unread = ((), ())
        self._done_with: set[str] = set()
        self._recorded: set[str] = set()
        self._repository_id = ""
        self._lacking_at_first: int | None = None
        self._where = task.repository
        self._met: set[str] = set()  # repositories whose snapshots are all there
        self._wrong: dict[str, list[Finding]] = {task.source: [], task.repository: []}

    def run(self) -> None:
        """Look at both sides, copy what is missing, and look again."""
        self._look_at_target()
        self._look_at_source()
        if any(found.severity == "error" and found.code != "snapshots-vanished" for found in self.findings):
            return
        self._note_arrivals()
        lacking = self._lacking()
        self._lacking_at_first = len(lacking)
        self._copy_all(lacking)
        if still := self._lacking():
            self._note_lacking(still)
        here = (self.task.process, self.task.source, self.task.repository)
        self.findings += refused(self.tools.ledger, *here, self._goods, self._there)

    def record(self) -> CopyRecord:
        """What is known now."""
        behind = len(self._lacking())
        first = self._lacking_at_first
        return CopyRecord(
            process=self.task.process,
            repository=self.task.repository,
            source=self.task.source,
            started=self._started,
            outcome=self._outcome(),
            seconds=round(time.monotonic() - self._clock, 3),
            copied=0 if first is None else first - behind,
            behind=behind,
            lag=lag(self._goods, self._there),
            findings=tuple(self.findings),
        )

    def note(self, error: ResticError) -> None:
        """What restic could not do becomes a finding that names the repository."""
        gone = error.code == "repository-missing" and self._where == self.task.repository
        hint = f"Mount or reconnect it. If it was never made: {self.task.make}" if gone else error.hint
        self._add(finding(error.code, self.task.process, f"Repository {self._where}: {error.message}", hint))

    def note_sights(self) -> None:
        """What this run saw of both repositories, for their accounts."""
        task, tools = self.task, self.tools
        for name, restic in ((task.source, tools.source), (task.repository, tools.target)):
            seen = Seen(
                repository=name,
                by="copy",
                at=self._started,
                process=task.process,
                met=name in self._met - {task.source},  # there nobody looked for all
                findings=self._wrong[name],
            )
            address = task.address if name == task.repository else ""
            note_sight(tools.ledger, seen, tools.clock.now(), restic.repository_id, address)

    def _add(self, *found: Finding) -> None:
        """Note what is wrong with the repository that is looked at."""
        self.findings += found
        self._wrong[self._where] += found
        self._met -= {self._where} if found else set()

    def _outcome(self) -> Outcome:
        codes = {found.code for found in self.findings if found.severity == "error"}
        if codes & BAD:
            return "failed"
        return "not_tested" if codes else "passed"

    # ---- both sides

    def _look_at_target(self) -> None:
        """Its identity, noted when it is used for the first time, what it has, and what we know of it."""
        self.tools.target.version()  # complains of a restic that is missing or too old
        known = self.tools.ledger.newest(RepositoryRecord, repository=self.task.repository)
        self._repository_id = known[0].repository_id if known else self.tools.target.repository_id()
        if not known:
            task = self.task
            body = RepositoryRecord(
                repository=task.repository, repository_id=self._repository_id, address=task.address
            )
            self.tools.ledger.append(body, self.tools.clock.now())
        self._there = self._list(self.tools.target, self.task.repository)
        vanished = self._vanished(self.task.repository)
        self._add(*vanished.findings(self._there, self.tools.target, False, *self._cannot))
        records = self._search(SnapshotRecord, self.task.repository)
        self._recorded = {record.snapshot for record in records}
        removed = removed_by(self._search(RetentionRecord, self.task.repository))
        self._done_with = done_with(records, removed)
        if not any(found.code == CHANGED for found in self.findings):
            vanished.note(self._there, self.tools.ledger, self.tools.clock.now())

    def _look_at_source(self) -> None:
        """The good snapshots that are there; another repository in its place has none of ours."""
        self._where = self.task.source
        known = self._vanished(self.task.source).known()  # a snapshot may be taken while it is listed
        listed = self._list(self.tools.source, self.task.source)
        vanished = self._vanished(self.task.source)
        self._add(*vanished.findings(listed, self.tools.source, True, *self._cannot))
        self._note_vanished(listed, known)
        records = self._search(SnapshotRecord, self.task.source)
        self._goods = good_ones(listed, [*records, *vanished.renamed(listed)])
        if not self._goods and not self.findings:
            message = f"Repository {self.task.source} holds no good snapshot of {self.task.process} to copy."
            hint = f"Take one: readiness snapshot {self.task.process}"
            self.findings.append(finding("no-snapshot", self.task.process, message, hint))
        self._where = self.task.repository

    def _note_vanished(self, listed: Sequence[StoredSnapshot], known: Known) -> None:
        """For the account of the source alone: what is left of it is copied all the same."""
        if not self._wrong[self.task.source]:
            vanished = self._vanished(self.task.source)
            self._wrong[self.task.source] += vanished.findings(listed, self.tools.source, known=known)

    def _list(self, repository: Repository, name: str) -> list[StoredSnapshot]:
        self._where = name
        listing = repository.start_listing(self.task.process, self.task.host)
        there = listing.result()
        self._cannot = listing.unreadable(), listing.denied()
        self._met.add(name)
        return there

    def _search(self, body: type[B], repository: str) -> list[B]:
        found = self.tools.ledger.search(body, process=self.task.process, repository=repository)
        return [entry.body for entry in found if isinstance(entry.body, body)]

    def _vanished(self, repository: str) -> Vanished:
        return Vanished(self.tools.ledger, self.task.process, repository, self.task.host)

    def _lacking(self) -> list[Good]:
        return missing(self._goods, self._there, self._done_with)

    # ---- copying

    def _copy_all(self, lacking: Sequence[Good]) -> None:
        """The newest alone, so that plan B is of use soon; the rest in groups, newest first.

        One snapshot that cannot be read must not keep the others: after a failure they go one by one.
        """
        rest = lacking[1:]
        groups = deque([lacking[:1]] if lacking else [])
        groups += [rest[first : first + AT_ONCE] for first in range(0, len(rest), AT_ONCE)]
        tries = TRIES
        while groups and tries:
            group = groups.popleft()
            trouble = self._copy(group)
            if trouble and (trouble.code not in OF_ONE_SNAPSHOT or trouble.of_target):
                self._where = self.task.source if trouble.of_source else self.task.repository
                self.note(trouble)
                return
            if trouble and len(group) > 1:
                left = self._lacking()
                groups.extendleft([good] for good in reversed(group) if good in left)
            elif trouble:
                tries -= 1
                self._note_unreadable(group[0], trouble)

    def _copy(self, group: Sequence[Good]) -> ResticError | None:
        """Copy one group and note what arrived; the trouble that restic had with it."""
        task = self.task
        progress = self.tools.progress
        progress.begin(f"{task.process}: copying {count(len(group), 'snapshot')} to {task.repository}")
        trouble: ResticError | None = None
        try:
            self.tools.copier.copy([good.stored.id for good in group])
        except ResticError as error:
            trouble = error
        finally:
            progress.end()
        try:
            self._there = self._list(self.tools.target, task.repository)
        except ResticError as error:
            return trouble or error
        self._note_arrivals()
        return trouble

    def _note_arrivals(self) -> None:
        """Record the copies that have no record, also those of a run that was killed."""
        base = SnapshotRecord(
            process=self.task.process,
            repository=self.task.repository,
            started=self._started,
            outcome="passed",
            seconds=0.0,
            repository_id=self._repository_id,
            same_device=self.task.placed.is_near,
            place=self.task.placed.place,
            place_reason=self.task.placed.reason,
        )
        for record in arrivals(self._goods, self._there, self._recorded, base):
            self.tools.ledger.append(record, self.tools.clock.now())
            self._recorded.add(record.snapshot)

    def _note_unreadable(self, good: Good, trouble: ResticError) -> None:
        message = f"Snapshot {good.stored.id[:8]} of {self.task.source} cannot be copied: {trouble.message}"
        hint = f"Check the repository {self.task.source}: restic check --read-data."
        self._where = self.task.source
        self._add(finding(trouble.code, self.task.process, message, hint))

    def _note_lacking(self, still: Sequence[Good]) -> None:
        if any(found.severity == "error" and found.code != "snapshots-vanished" for found in self.findings):
            return  # that is why
        self.findings.append(
            finding(
                "copy-incomplete",
                self.task.process,
                f"restic reported no trouble, but {count(len(still), 'snapshot')} did not arrive in "
                f"{self.task.repository}; the newest is {still[0].stored.id[:8]}.",
                "Run restic copy by hand to see more.",
            )
        )
