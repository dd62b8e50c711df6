"""What the walk knows of the truth: what was saved and tried, and what may rightly be said of that."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from support.walking.business import Business
from support.walking.place import Held, Place
from support.walking.promise import Promise, Question, Taken
from support.walking.witness import below, chosen, differences

SLACK = 2.0  # seconds between two looks at a clock
ZEROS = 0.02
PROOF_AGE = 14 * 24 * 3600  # for so long a drill counts


class Drilled(NamedTuple):
    """A full drill that passed."""

    snapshot: str  # its ID where it was taken
    asked: tuple[Question, ...]
    at: float


@dataclass
class Truth:
    business: Business
    taken: dict[str, Taken] = field(default_factory=dict)  # by the ID where it was taken
    good: set[str] = field(default_factory=set)  # of those: the agent called it good
    refused: set[tuple[str, str]] = field(default_factory=set)  # repository and ID: a drill found it bad
    proven: list[Drilled] = field(default_factory=list)  # full drills that passed
    samples: list[tuple[float, float]] = field(default_factory=list)  # that passed: their shares, and when
    accepted: bool = False  # whatever is gone
    bad_content: set[str] = field(default_factory=set)  # by the ID where it was taken: a proof refuted it
    # when what a proof rightly refuted was taken, as long as nothing as new has passed a full drill
    disproved: datetime | None = None
    # likewise of what a drill rightly failed that no snapshot had called good
    unfit: datetime | None = None
    whole: set[str] = field(default_factory=set)  # not good only because others had vanished
    failing: bool = False  # the newest snapshot run did not pass
    shrunk: bool = False  # something was taken away, from the files or the config
    edited: bool = True  # since the last good snapshot
    verdict: str = ""
    agreed: object = None  # the answer of which all forms were compared
    may_improve: bool = True
    log: list[str] = field(default_factory=list)

    @property
    def sampled(self) -> float:
        """The share of all samples that passed and count."""
        return sum(share for share, at in self.samples if self._counts(at))

    def _counts(self, at: float) -> bool:
        return self.business.clock.now() - at <= PROOF_AGE + SLACK

    @property
    def promise(self) -> Promise:
        return self.business.promise

    def _age(self, place: Place) -> float:
        """Of the newest good snapshot that is there."""
        held = [one.at.timestamp() for one in place.snapshots() if one.origin in self.good]
        return self.business.clock.now() - max(held, default=0.0)

    def _holds_vital(self, taken: Taken | None) -> bool:
        return taken is not None and all(str(path) in taken.kept for path in self.promise.vital)

    def why_not_green(self, asked: float) -> list[str]:
        """What the agent could know, and what makes a green answer a lie."""
        wrong = []
        if self.promise.too_slow:
            wrong.append("its steps alone take longer than promised")
        proven = [one for one in self.proven if self._counts(one.at)]
        if not proven and (self.promise.proofs or self.sampled < 1 - 1e-9):
            wrong.append("nothing was drilled in full")
        for question in self.promise.questions():
            drilled = [self.taken[one.snapshot] for one in proven if question in one.asked]
            if not any(self.promise.holds(question, taken) for taken in drilled):
                wrong.append(f"no drill has answered {question}")
        ages: list[float] = []
        hidden = any(place.unseen for place in self.business.configured)
        for place in self.business.configured:
            if not place.path.exists():
                wrong.append(f"{place.name} is not there")
            elif not place.unseen:
                one = self.newest_that_counts(place)
                tried = [held.id for held in place.snapshots() if held.origin in self.good][:1]
                wrong += [f"a drill refused {each}" for each in tried if (place.name, each) in self.refused]
                wrong += [f"{place.name}: {why}" for why in self.why_not_whole(place, one)]
                ages += [asked - one.at.timestamp()] if one else []
        if ages and not hidden and min(ages) > self.promise.rpo_seconds + SLACK:
            wrong.append(f"the newest snapshot is {min(ages)} s old")
        return wrong

    def newest_that_counts(self, place: Place, besides: Collection[str] = ()) -> Held | None:
        """`besides` those that were called good."""
        counted = (
            one
            for one in place.snapshots()
            if one.origin in self.good.union(besides) - self.bad_content
            and (place.name, one.id) not in self.refused
        )
        return next(counted, None)

    def why_not_whole(self, place: Place, one: Held | None) -> list[str]:
        """What of today's promise plain restic does not bring back."""
        if one is None:
            return ["it holds no snapshot that counts"]
        files = self.taken[one.origin].files
        expected = chosen(files, self.promise.paths, self.promise.exclude)
        moving = self.taken[one.origin].moving
        wrong = differences(expected, place.restored(one.id), moving)[:3]
        outside = f"{self.business.outside}/"
        links = (path for path, entry in expected.items() if entry.content.startswith(outside))
        wrong += [f"{path} leads to what nobody saves" for path in links]
        wrong += [f"{path} was not there" for path in self.promise.paths if str(path) not in files]
        for vital in self.promise.vital:
            inside = [
                entry for path, entry in expected.items() if below(path, vital) and entry.kind == "file"
            ]
            if not inside:
                if not (self.accepted and str(vital) in files):  # who was told that it is empty may mean it
                    wrong.append(f"the vital {vital} is not in it")
            elif str(vital) in moving:
                if not self._compared(vital):
                    wrong.append(f"the vital {vital} was never compared")
            elif all(entry.zeros for entry in inside) and not self.accepted:
                wrong.append(f"the vital {vital} is zeros")
        size = sum(entry.size for entry in expected.values())
        zeros = sum(entry.size for path, entry in expected.items() if entry.zeros and path not in moving)
        if zeros > ZEROS * size and not self.accepted:
            wrong.append("much of it is zeros")
        return wrong

    def _compared(self, vital: Path) -> bool:
        """Whether a drill that counts had it at rest."""
        taken = [self.taken[one.snapshot] for one in self.proven if self._counts(one.at)]
        return any(str(vital) in each.kept and str(vital) not in each.moving for each in taken)

    def why_not_ready(self) -> list[str]:
        """What may be called bad."""
        found = [f"{place.name} was harmed" for place in self.business.configured if place.harmed]
        ages = [self._age(place) for place in self.business.configured]
        found += ["stale"] * (self.promise.rpo == "1s" or max(ages) > self.promise.rpo_seconds - SLACK)
        found += ["too slow"] * self.promise.too_slow
        held = [self.newest_that_counts(place) for place in self.business.configured]
        found += ["a vital path was never there"] * any(
            not self._holds_vital(self.taken[one.origin] if one else None) for one in held
        )
        found += ["a proof failed"] * bool(self.disproved)
        found += ["a drill failed"] * bool(self.unfit)
        found += ["a proof does not hold of the newest snapshot"] * any(
            not self.promise.holds(question, self.taken[one.origin])
            for place in self.business.configured
            for one in [held for held in place.snapshots() if held.origin in self.good][:1]
            for question in self.promise.questions()
        )
        found += ["the sources are not what they were"] * (self.failing and self.shrunk)
        return found

    def _held(self, place: Place, snapshot: str) -> Held:
        return next(one for one in place.snapshots() if one.id == snapshot)
