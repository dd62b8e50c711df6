"""The rules on where the copies of a process lie: what takes the data must not take them all."""

from collections.abc import Iterable, Iterator, Sequence, Set

from msgspec.structs import replace

from agent.core.evidence.evidence import Standing
from agent.core.model.places import place_words
from agent.core.model.records import Verdict
from agent.core.model.sights import BESIDE, Look
from agent.core.model.snapshots import SnapshotRecord
from agent.core.text.phrases import joined
from agent.core.verdict.judgement import Case, Reason

IN_THIS_MACHINE = ("same-disk", "same-machine", "memory")
ON_THE_DISK = ("", "same-disk")  # old records say that it is near, and not how


def newest_good(standings: Sequence[Standing]) -> list[SnapshotRecord]:
    """Of every copy that holds one."""
    return [one.good[0] for one in standings if one.good]


def beside(process: str, looks: Iterable[Look]) -> Set[str]:
    """Repositories that were just seen on the file system of the process's own files."""
    return {
        look.repository for look in looks if look.finding.code == BESIDE and look.finding.process == process
    }


def seen_now(standings: Iterable[Standing], near: Set[str]) -> tuple[Standing, ...]:
    """With the place where a copy is seen now: what was mounted when its snapshot was taken may be gone."""
    return tuple(
        replace(one, good=tuple(replace(each, same_device=True, place="same-disk") for each in one.good))
        if one.repository in near and not one.same_device
        else one
        for one in standings
    )


def same_device(case: Case) -> Iterator[Reason]:
    """One broken disk takes the data and every copy of it, or a power cut takes every copy."""
    held = newest_good(case.standings)
    if held and all(one.same_device for one in held):
        names = joined([one.repository for one in held])
        only = "The only copy" if len(held) == 1 else "Every copy"
        yield case.reason(
            "repository-same-device",
            Verdict.AT_RISK,
            f"{only} ({names}) {_what_takes_it(held)}",
            "Add a [repository] on another machine or medium.",
        )


def _what_takes_it(held: Sequence[SnapshotRecord]) -> str:
    if all(one.place in ON_THE_DISK for one in held):
        return "lies on the same device as the data: one broken disk takes both."
    if all(one.place == "memory" for one in held):
        return "lies in this machine's memory: gone with the next power cut."
    if len(held) == 1:
        return f"lies in this machine ({held[0].place_reason}): what takes the machine takes both."
    each = joined([f"{one.repository}: {place_words(one.place, one.place_reason)}" for one in held])
    return f"lies where the data lie, or in this machine's memory ({each}): no copy would outlive it."


def copies_same_machine(case: Case) -> Iterator[Reason]:
    """A copy on another disk outlives a disk, and no more than that."""
    held = newest_good(case.standings)
    near = all(one.same_device for one in held)
    if held and not near and all(one.same_device or one.place in IN_THIS_MACHINE for one in held):
        names = joined([one.repository for one in held])
        only = "The only copy" if len(held) == 1 else "Every copy"
        yield case.reason(
            "copies-same-machine",
            Verdict.READY,
            f"{only} ({names}) lies in this machine: fire or theft takes both. One elsewhere would be left.",
            "",
        )


def place_unknown(case: Case) -> Iterator[Reason]:
    """Nobody could see where a copy lies, and no other is known to lie elsewhere."""
    held = newest_good(case.standings)
    if any(one.place == "elsewhere" for one in held):
        return
    for one in held:
        if one.place == "not-known":
            yield case.reason(
                "place-unknown",
                Verdict.READY,
                f"Where the copy in {one.repository} lies is not known ({one.place_reason}): "
                "see for yourself that it would outlive this machine.",
                "",
                one.repository,
            )


PLACE_RULES = (same_device, copies_same_machine, place_unknown)
