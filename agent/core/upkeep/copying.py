"""Which snapshots plan B still lacks, and what is recorded of those that arrived there."""

import shlex
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct, structs

from agent.core.configuration.config import Repository
from agent.core.configuration.location import REMOTE, without_password
from agent.core.drill.plan_b import LOST, SPELT_OUT, after_a_loss, renewed
from agent.core.evidence.evidence import Copy, is_whole, refuted
from agent.core.evidence.mild import errors_of
from agent.core.model.drills import DrillRecord
from agent.core.model.findings import Finding, finding
from agent.core.model.repository import StoredSnapshot
from agent.core.model.snapshots import SnapshotRecord


class Good(Struct, frozen=True):
    """A snapshot that is in the source, and the record that says that it is good."""

    stored: StoredSnapshot
    record: SnapshotRecord

    @property
    def names(self) -> set[str]:
        """The IDs that it has and had: `restic tag` gives it another one."""
        return {self.stored.id, self.stored.original, self.record.origin} - {""}


def good_ones(listed: Iterable[StoredSnapshot], records: Iterable[SnapshotRecord]) -> list[Good]:
    """The listed snapshots that were whole when they were taken, newest first."""
    whole = {record.snapshot: record for record in records if is_whole(record)}
    found = [Good(stored, whole[stored.id]) for stored in listed if stored.id in whole]
    return sorted(found, key=lambda good: (good.stored.time, good.stored.id), reverse=True)


def copy_among(good: Good, there: Iterable[StoredSnapshot]) -> StoredSnapshot | None:
    """Its copy: restic names the original, and the same tree is the same content."""
    names = good.names
    return next(
        (stored for stored in there if stored.original in names and stored.tree == good.stored.tree), None
    )


def missing(goods: Sequence[Good], there: Sequence[StoredSnapshot], done_with: Collection[str]) -> list[Good]:
    """Those without a copy, newest first; not those whose copy the retention removed (`done_with`)."""
    return [good for good in goods if good.names.isdisjoint(done_with) and copy_among(good, there) is None]


def done_with(copies: Iterable[SnapshotRecord], removed: Collection[str]) -> set[str]:
    """The IDs in the source of snapshots whose copies were removed on purpose."""
    return {record.copy_of for record in copies if record.copy_of and record.snapshot in removed}


def arrivals(
    goods: Sequence[Good], there: Sequence[StoredSnapshot], recorded: Collection[str], base: SnapshotRecord
) -> list[SnapshotRecord]:
    """The records of copies that have none yet, as the ledger wants them: the newest snapshot last.

    `base` has the repository's name and ID and where it lies. When older snapshots come after newer
    ones, the newest is recorded once more, so that the last record stays that of the newest snapshot.
    """
    pairs = [(good, stored) for good in goods if (stored := copy_among(good, there)) is not None]
    new = [pair for pair in pairs if pair[1].id not in recorded]
    if new and new[0] is not pairs[0]:
        new = [pairs[0], *new]
    return [_as_copy(good, stored, base) for good, stored in reversed(new)]


def _as_copy(good: Good, stored: StoredSnapshot, base: SnapshotRecord) -> SnapshotRecord:
    """What is known of the original holds for the copy; nobody accepted anything here."""
    return structs.replace(
        good.record,
        outcome=base.outcome,
        repository=base.repository,
        repository_id=base.repository_id,
        same_device=base.same_device,
        place=base.place,
        place_reason=base.place_reason,
        snapshot=stored.id,
        snapshot_at=stored.time,
        tree=stored.tree,
        copy_of=good.record.origin,
        accepted=False,
        findings=(),
    )


def refused_there(
    process: str, source: str, repository: str, copied: StoredSnapshot, drills: Sequence[DrillRecord]
) -> list[Finding]:
    """That a drill from plan B refused the copy of the newest good snapshot, and there is no newer one.

    `drills` from plan B, newest first.
    """
    failure = next((drill for drill in drills if drill.snapshot == copied.id), None)
    held = Copy(process=process, repository=repository, drills=tuple(drills))
    if failure is None or copied.id not in refuted(held):
        return []
    drill = f"readiness drill {process} --from {repository}"
    hint = f"{after_a_loss(repository, drill)}. {SPELT_OUT}"
    if not errors_of(failure) & LOST:
        hint = renewed(f"readiness snapshot {process}", f"readiness copy {process} --to {repository}", drill)
    message = (
        f"A drill from {repository} refused {copied.id[:8]}, the newest snapshot of {process} there, and "
        f"{source} holds none that is newer."
    )
    return [finding("copy-refuted", process, message, hint)]


def lag(goods: Sequence[Good], there: Sequence[StoredSnapshot]) -> int | None:
    """Seconds between the newest good snapshot of the source and the newest snapshot there."""
    if not goods or not there:
        return None
    newest: datetime = max(stored.time for stored in there)
    return max(0, int((goods[0].stored.time - newest).total_seconds()))


def contradiction(
    source: Repository, target: Repository, of_source: Mapping[str, str], of_target: Mapping[str, str]
) -> str:
    """Why one restic cannot serve both: it has one environment and one set of options. Empty if it can."""
    both = [name for name in of_source if of_target.get(name, of_source[name]) != of_source[name]]
    if both:
        return f"{' and '.join(sorted(both))} differ in their environment files"
    ours, theirs = (dict(option.partition("=")[::2] for option in r.options) for r in (source, target))
    keys = [key for key in ours if theirs.get(key, ours[key]) != ours[key]]
    if keys:
        return f"{' and '.join(sorted(keys))} differ in their options"
    scheme = source.url.partition(":")[0]
    alike = scheme in REMOTE and scheme == target.url.partition(":")[0]
    if alike and (ours, dict(of_source)) != (theirs, dict(of_target)):
        return f"both are reached by {scheme}, with other options or environment files"
    return ""


def init_command(source: Repository, target: Repository) -> str:
    """How to make the missing repository so that its data are cut alike and take no room twice."""
    words = ["restic"]
    for option in dict.fromkeys((*source.options, *target.options)):
        words += ["-o", option]
    words += ["init", "--repo", without_password(target.url), "--password-file", target.password_file]
    words += ["--from-repo", without_password(source.url), "--from-password-file", source.password_file]
    command = shlex.join([*words, "--copy-chunker-params"])
    files = [shlex.quote(each.environment_file) for each in (source, target) if each.environment_file]
    setting = "".join(f". {file}; " for file in files)
    return f"set -a; {setting}{command}" if files else command
