"""The walk's own witness and its judgement: each is shown a violation, so that no walk passes for nothing."""

import json
import random
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.walking import walk
from support.walking.promise import Promise, Question, Taken
from support.walking.referee import Referee
from support.walking.situations import Step, drawn
from support.walking.walk import Walk, shorter
from support.walking.witness import chosen, differences, digest

NOW = datetime(2026, 11, 30, tzinfo=UTC)


def test_whatever_came_back_otherwise_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("one")
    before = digest(tmp_path)
    assert differences(before, digest(tmp_path)) == []
    file.write_text("two")
    assert differences(before, digest(tmp_path)) == [f"{file} came back otherwise"]
    file.unlink()
    assert differences(before, digest(tmp_path)) == [f"{file} is missing"]


def test_what_is_excluded_is_not_expected(tmp_path: Path) -> None:
    for name in ("a/log.txt", "b/order", "c/big.bin"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    kept = chosen(digest(tmp_path), [tmp_path], ["*.bin", "log.txt", str(tmp_path / "b")])
    assert set(kept) == {str(tmp_path), str(tmp_path / "a"), str(tmp_path / "c")}


def test_proofs_are_answered_by_what_was_saved(tmp_path: Path) -> None:
    (tmp_path / "ok").write_text("it is ok")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "one").touch()
    taken = Taken(NOW, digest(tmp_path), (str(tmp_path),), ())
    promise = Promise(tmp_path, [tmp_path])
    assert promise.holds(Question("word", "ok"), taken)
    assert not promise.holds(Question("word", "bad"), taken)
    assert promise.holds(Question("count", "1"), taken)
    assert not promise.holds(Question("count", "2"), taken)


class Liar:
    """Puts a verdict into the mouth of the agent."""

    def __init__(self, referee: Referee, verdict: str) -> None:
        self._ask = referee.business.ask
        self._verdict = verdict
        referee.business.ask = self.ask  # type: ignore[method-assign]

    def ask(self, *words: str) -> tuple[int, str]:
        _, text = self._ask(*words)
        status = {"READY": 0, "NOT_READY": 1}[self._verdict]
        if "--json" not in words:
            return status, self._verdict.replace("_", " ") + " - " + text.partition(" - ")[2]
        answer = json.loads(text)
        answer["exit"] = status
        if "status" in words:
            answer["result"] |= {"verdict": self._verdict, "reasons": []}
            answer["result"]["processes"][0] |= {"verdict": self._verdict, "reasons": []}
        return status, json.dumps(answer)


@pytest.fixture(scope="module")
def proven() -> Walk:
    return Walk("proven", "0.19.1")


def lie(verdict: str, *steps: Step) -> str:
    """What is said to a verdict that is given after some steps."""
    walk = Walk("proven", "0.19.1")
    assert walk.take(steps) == ""
    Liar(walk.referee, verdict)
    walk.referee.may_improve = True
    return walk.take([])


@pytest.mark.parametrize(
    ("action", "which", "lies"),
    [
        (("damage", "delete", "primary"), 0, "primary is not there"),
        (("config", "paths"), 1, "is missing"),
        (("config", "rto"), 2, "its steps alone take longer"),
        (("config", "proofs"), 4, "no drill has answered"),
    ],
)
def test_a_false_ready_is_not_believed(action: tuple[str, ...], which: int, lies: str) -> None:
    assert lies in lie("READY", Step(action, which))


def test_a_false_alarm_is_not_believed() -> None:
    assert "NOT READY without any cause" in lie("NOT_READY")


def test_nothing_becomes_better_by_itself() -> None:
    walk = Walk("proven", "0.19.1")
    walk.referee.look()
    walk.referee.verdict = "UNKNOWN"
    assert "by nothing that would make it better" in walk.take([])


def test_a_walk_that_failed_is_told_without_what_is_not_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Fails:
        def __init__(self, start: str, version: str) -> None: ...

        def take(self, steps: list[Step]) -> str:
            return "wrong" if {2, 5} <= {step.which for step in steps} else ""

    monkeypatch.setattr(walk, "Walk", Fails)
    steps = [Step(("edit", "write"), number) for number in range(8)]
    assert [step.which for step in shorter("new", "0.19.1", steps)] == [2, 5]


def test_the_same_seed_takes_the_same_walk() -> None:
    assert drawn(random.Random(1), 9) == drawn(random.Random(1), 9) != drawn(random.Random(2), 9)
