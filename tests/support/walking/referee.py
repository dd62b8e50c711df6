"""What the walk knows of the truth, and what must hold of every answer of the agent against it."""

import json
import re
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from support.builders.readiness_cli import Result
from support.walking.place import Held, Place
from support.walking.promise import Taken
from support.walking.truth import SLACK, Drilled, Truth
from support.walking.witness import Digest, below, differences, digest

EXIT = {"READY": 0, "AT_RISK": 4, "NOT_READY": 1, "UNKNOWN": 3}
BADNESS = ("READY", "AT_RISK", "UNKNOWN", "NOT_READY")
ONE_DISK = {"repository-same-device"}  # everything of a walk lies on one disk
NAMES_A_TIME = re.compile(r"(would|will) be back by")


@dataclass
class Referee(Truth):
    """Runs the commands, and holds each answer against the truth."""

    # ---- commands, and what must hold of each

    def snapshot(self, *options: str, writing: tuple[Path, bool] | None = None) -> None:
        """`writing` names a file that is written to meanwhile, and whether it only grows."""
        self.may_improve = True
        files = digest(self.business.base / "srv", self.business.outside)
        place = self.business.places["planb" if "planb" in options else "primary"]
        with self.business.written(*writing) if writing else nullcontext():
            result = self.business.command("snapshot", *options, live=bool(writing))
        moving = frozenset({str(writing[0])} if writing else ())
        self._note(("snapshot", *options, *(f"while {path} is written" for path in moving)), result)
        for row in _own(result):
            here = self.business.places[row["repository"]]
            held = [one for one in here.snapshots() if one.id == row["snapshot"]]
            if row["outcome"] == "passed":
                assert held, f"a good snapshot that plain restic does not list: {row}"
            for one in held:
                paths = tuple(map(str, self.promise.paths))
                if {found["code"] for found in row["findings"]} == {"snapshots-vanished"}:
                    self.whole.add(one.id)
                self.taken[one.id] = Taken(one.at, files, paths, tuple(self.promise.exclude), moving)
            if row["outcome"] == "passed":
                self.good.add(row["snapshot"])
                self._is_not_empty(files, "--accept" in options)
            here.looked_at("password")
            if row["outcome"] == "passed":
                here.passed("snapshot")
                self.shrunk &= "--accept" not in options
            self.failing = row["outcome"] != "passed"
            if self.failing and not self._may_fail(here):
                raise AssertionError(f"nothing has changed, and a snapshot is refused: {row}")
        if place is self.business.places["primary"] and not self.failing:
            self.edited = False
        self.accepted |= "--accept" in options and not self.failing

    def _is_not_empty(self, files: Digest, accepted: bool) -> None:
        """A path without any file, where there once were some, is no good snapshot unless that is meant."""
        self.accepted |= accepted
        for path in () if self.accepted else map(str, self.promise.paths):
            had = any(_has_files(taken.kept, path) for taken in self.taken.values())
            assert not had or _has_files(files, path), f"a good snapshot without anything of {path}"

    def _may_fail(self, place: Place) -> bool:
        return self.shrunk or place.harmed

    def drill(self, *options: str) -> None:
        sample = "--sample" in options and "100%" not in options  # that is all of it
        result = self.business.command("drill", *options)
        self._note(("drill", *options), result)
        newest = {place.name: [one.id for one in place.snapshots()][:1] for place in self.business.configured}
        self.may_improve = False
        for row in _own(result):
            place = self.business.places[row["repository"]]
            place.looked_at("cold", "password")
            is_newest = [row["snapshot"]] == newest[place.name]
            doubted = bool(self.disproved) or (place.name, row["snapshot"]) in self.refused
            settled = is_newest and not (sample and doubted and self.sampled + row["share"] < 1)
            self.may_improve |= settled or not self.proven
            if row["outcome"] == "passed" and not sample and place.harmed:  # what came back from there since
                self.may_improve |= not any((place.name, one) in self.refused for one in newest[place.name])
            if not sample and (is_newest or "last-good" in options):
                place.looked_at("data")
            for refused in row["refused"]:
                self.refused.add((place.name, refused["snapshot"]))
                self._disprove(self._held(place, refused["snapshot"]))
            if row["outcome"] == "passed":
                self._passed(place, row, sample)
                if "last-good" in options:
                    self._passed_over(place, row["snapshot"])
            elif row["outcome"] == "failed":
                self._failed(place, row)

    def _passed_over(self, place: Place, snapshot: str) -> None:
        """What last-good did not stop at, it has refused, whatever it says."""
        for one in place.snapshots():
            if one.id == snapshot:
                return
            if one.origin in self.good:
                self.refused.add((place.name, one.id))

    def _passed(self, place: Place, row: dict[str, Any], sample: bool) -> None:
        if sample:
            self.samples.append((row["share"], self.business.clock.now()))
            return
        held = self._held(place, row["snapshot"])
        taken = self.taken[held.origin]
        wrong = differences(taken.kept, place.restored(held.id), taken.moving)
        assert not wrong, f"a drill passed, and plain restic does not bring back what was saved: {wrong}"
        asked = tuple(self.promise.questions())
        untrue = [one for one in asked if not self.promise.holds(one, taken)]
        said = {proof["name"]: proof["outcome"] for proof in row["proofs"]}
        assert len(said) == len(asked), f"a full drill passed that ran {said}"
        assert not untrue or "not_tested" in said.values(), (
            f"a drill passed, and this does not hold: {untrue}"
        )
        self.proven.append(Drilled(held.origin, asked, self.business.clock.now()))
        self.refused.discard((place.name, held.id))
        if held == place.snapshots()[0]:
            place.passed("drill")
        self.bad_content.discard(held.origin)
        if self.disproved and held.at >= self.disproved:
            self.disproved = None
        if self.unfit and held.at >= self.unfit:
            self.unfit = None

    def _disprove(self, held: Held) -> bool:
        """Whether a proof of today does not hold in it; that is noted."""
        taken = self.taken[held.origin]
        if all(self.promise.holds(one, taken) for one in self.promise.questions()):
            return False
        self.bad_content.add(held.origin)
        self.disproved = max(held.at, self.disproved or held.at)
        return True

    def _failed(self, place: Place, row: dict[str, Any]) -> None:
        codes = {found["code"] for found in row["findings"] if found["severity"] == "error"}
        if codes == {"snapshot-stale"}:
            stale = self.promise.rpo == "1s" or self._age(place) > self.promise.rpo_seconds - SLACK
            assert stale or place.harmed or place.name == "planb", row
            return
        if row["snapshot"]:
            self.refused.add((place.name, row["snapshot"]))
        held = self._held(place, row["snapshot"]) if row["snapshot"] else None
        if held and held.origin not in self.good:
            self.unfit = max(held.at, self.unfit or held.at)
            return
        if place.harmed:
            return
        if "proof-failed" in codes:
            assert held and self._disprove(held), f"a proof is said to have failed that holds: {row}"
        if "file-missing" in codes and not self._holds_vital(self.taken[held.origin] if held else None):
            return
        allowed = {"proof-failed", "snapshot-stale", "no-snapshot", "rto-missed"}
        if self.promise.too_slow or codes <= allowed - {"rto-missed"}:
            return
        raise AssertionError(f"a drill failed, and nothing was done to what it restored: {row}")

    def upkeep(self, *words: str) -> None:
        result = self.business.command(*words)
        self._note(words, result)
        harmed = any(place.harmed for place in self.business.configured)
        self.may_improve = words[0] in ("copy", "check") or harmed  # whoever finds it back says so
        for place in self.business.configured:
            place.looked_at(*(("cold", "data") if words[0] == "check" else ()))
            if result.status == 0 and words[0] in ("check", "copy"):
                place.passed({"check": "check", "copy": "snapshot"}[words[0]])

    def _note(self, words: tuple[str, ...], result: Result) -> None:
        said = [(row.get("outcome"), row.get("snapshot", "")[:8]) for row in _own(result)]
        self.log.append(f"readiness {' '.join(words)} -> {result.status} {said} {result.codes}")

    # ---- what else happens

    def happened(self, what: str, *, better: bool = False) -> None:
        self.log.append(what)
        self.may_improve = better

    # ---- what must hold of the verdict, after everything

    def look(self) -> None:
        asked = self.business.clock.now()
        status, answer = self._answer("status")
        result = answer.get("result", {})
        assert "verdict" in result, answer
        verdict, codes = _of(result)["verdict"], _codes(result)
        self.log.append(f"    {verdict} {sorted(codes)}")
        if (verdict, codes) != self.agreed:
            self._agrees(status, answer)
            self.agreed = (verdict, codes)
        assert EXIT[result["verdict"]] == status, (verdict, status)
        assert BADNESS.index(result["verdict"]) >= BADNESS.index(verdict), "better than its worst process"
        if self.business.bystander:
            later = bool(self.business.clock.ahead)
            self.business.bystander.look(result, self.business.configured, later=later)
        self._promises_no_more(result, asked)
        green = verdict == "READY" or (verdict == "AT_RISK" and codes <= ONE_DISK)
        if green:
            wrong = self.why_not_green(asked)
            assert not wrong, f"{verdict}, although {wrong}"
            self._is_no_nearer(result)
        if "snapshots-vanished" in codes:
            assert any(place.robbed for place in self.business.places.values()), "nobody took a snapshot"
        if verdict == "NOT_READY":
            assert self.why_not_ready(), f"NOT READY without any cause: {result}"
        if self.verdict and not self.may_improve:
            worse = BADNESS.index(verdict) >= BADNESS.index(self.verdict)
            assert worse, f"{self.verdict} became {verdict} by nothing that would make it better"
        self.verdict, self.may_improve = verdict, False

    def _answer(self, command: str) -> tuple[int, Any]:
        status, text = self.business.ask("--json", command)
        answer = json.loads(text)
        assert answer["exit"] == status
        return status, answer

    def _agrees(self, status: int, answer: Any, *, again: bool = True) -> None:
        """Two commands, text and JSON, say the same; an rpo of one second may run out between two of them."""
        result = answer["result"]
        told, forecast = self._answer("forecast")
        text_status, text = self.business.ask("status")
        if again and not told == text_status == status:
            self._agrees(*self._answer("status"), again=False)
            return
        assert told == text_status == status, f"status {status}, its text {text_status}, forecast {told}"
        assert text.startswith(result["verdict"].replace("_", " ")), text
        plan = forecast["result"]
        assert plan["all_back_at"] == result["all_back_at"] or _near(plan, result), (plan, result)
        if result["all_back_at"] is None:
            assert plan["fits"] is not True, plan
            assert not NAMES_A_TIME.search(" ".join(text.split())), text
            assert not NAMES_A_TIME.search(" ".join(self.business.ask("forecast")[1].split()))
        for mine, other in zip(result["processes"], plan["processes"], strict=True):
            assert (mine["back_at"] is None) == (other["back_at"] is None), (mine, other)

    def _promises_no_more(self, result: Any, asked: float) -> None:
        """Neither a time nor a loss that the walk's own sums do not allow, whatever the verdict."""
        mine, steps = _of(result), self.promise.minutes * 60
        if mine["rto"]["actual_s"] is not None:
            assert mine["rto"]["actual_s"] >= steps, f"sooner than by its steps alone: {mine}"
        if mine["back_at"]:
            closes, back = (
                datetime.fromisoformat(at) for at in (result["window"]["closes"], mine["back_at"])
            )
            assert (back - closes).total_seconds() >= steps, f"sooner than by its steps alone: {mine}"
        lost = mine["rpo"]["actual_s"]
        if lost is None or any(place.unseen for place in self.business.configured):
            return
        places = self.business.configured
        held = [self.newest_that_counts(place, besides=self.whole) for place in places]
        ages = [asked - one.at.timestamp() for one in held if one]
        assert ages, f"nothing is left that counts, and only {lost} s would be lost"
        assert lost >= min(ages) - SLACK, f"the newest that counts is {min(ages)} s old, and said is {lost} s"

    def _is_no_nearer(self, result: Any) -> None:
        """Plan B is no less behind than it is said to be."""
        held = {place.name: self.newest_that_counts(place) for place in self.business.configured}
        first = held["primary"]
        for said in _of(result)["plan_b"]:
            there = held[said["repository"]]
            hidden = self.business.places[said["repository"]].unseen or self.business.places["primary"].unseen
            if first and there and not hidden and said["lag_s"] is not None:
                lag = (first.at - there.at).total_seconds()
                assert said["lag_s"] >= lag - 1, f"plan B is {lag} s behind, and said is {said}"


def _has_files(found: Digest, path: str) -> bool:
    return any(below(each, path) and entry.kind == "file" for each, entry in found.items())


def _own(result: Result) -> list[dict[str, Any]]:
    return [row for row in result.rows if row.get("process", "orders") == "orders"]


def _of(result: Any) -> Any:
    [mine] = [one for one in result["processes"] if one["process"] == "orders"]
    return mine


def _codes(result: Any) -> set[str]:
    rows = [*result["reasons"], *_of(result)["reasons"]]
    return {row["code"] for row in rows if row["verdict"] != "READY"}


def _near(plan: Any, result: Any) -> bool:
    """The same time, where the clock went on between two answers."""
    times = [plan["all_back_at"], result["all_back_at"]]
    if None in times:
        return False
    one, other = map(datetime.fromisoformat, times)
    return abs((one - other).total_seconds()) <= SLACK and one.tzinfo is not None and UTC is not None
