"""The ledger to work with: under locks, with what a killed run left cleared away first."""

from pathlib import Path

import pytest

from agent.adapters.drilling import scratch
from agent.adapters.drilling.scratch import MARKER
from agent.adapters.host.locks import exclusive
from agent.app.ledger import ledger_path, working_ledger
from agent.app.repositories import restic_for
from agent.config import load
from agent.core.configuration.config import Config
from agent.core.schedule.holding import held
from agent.errors import Busy, StateError
from support.builders.ledger_records import NOW
from support.builders.recorded_shop import recorded_shop
from support.builders.shop import drill

NAMES = held("copy", "orders", "primary")


@pytest.fixture
def shop(tmp_path: Path) -> Config:
    return load(str(recorded_shop(tmp_path)))


def unlocks(monkeypatch: pytest.MonkeyPatch, shop: Config, work: frozenset[str] = NAMES) -> int:
    """How often restic was asked to remove stale locks by a run that is about to hold `work`."""
    restic, asked = restic_for(shop, shop.repositories[0]), list[bool]()
    monkeypatch.setattr(restic, "unlock", lambda: asked.append(True))
    with working_ledger(shop, restic, work):
        pass
    return len(asked)


def leave_mark(shop: Config, name: str) -> None:
    """As a run that was killed."""
    locks = Path(shop.settings.state) / "locks"
    locks.mkdir(exist_ok=True)
    (locks / name).write_text("4711\n")


def test_the_ledger_lies_in_the_state(shop: Config) -> None:
    assert ledger_path(shop) == Path(shop.settings.state) / "ledger.db"


def test_what_is_appended_is_there_afterwards(shop: Config) -> None:
    with working_ledger(shop, None, NAMES) as ledger:
        ledger.append(drill(), NOW)
    with working_ledger(shop, None, NAMES) as ledger:
        assert len(list(ledger.entries())) == 1


def test_it_is_busy_while_somebody_else_holds_one_of_the_locks(shop: Config) -> None:
    with (
        exclusive(Path(shop.settings.state), ["repository.primary"]),
        pytest.raises(Busy, match="is at work on repository primary"),
        working_ledger(shop, None, NAMES),
    ):
        pass


def test_the_locks_are_held_as_long_as_the_ledger(shop: Config) -> None:
    state = Path(shop.settings.state)
    with working_ledger(shop, None, NAMES), pytest.raises(Busy), exclusive(state, NAMES):
        pass
    with exclusive(state, NAMES):
        pass


def test_what_a_killed_run_left_in_the_scratch_is_cleared_away(shop: Config) -> None:
    left = Path(shop.settings.scratch) / "drill-4711"
    (left / "srv").mkdir(parents=True)
    (left / MARKER).touch()
    with working_ledger(shop, None, NAMES):
        assert not left.exists()


def test_a_scratch_that_cannot_be_swept_keeps_nobody_from_saving(
    shop: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Path) -> None:
        raise StateError("drill-4711 cannot be removed.")

    monkeypatch.setattr(scratch, "sweep", refuse)
    with working_ledger(shop, None, NAMES) as ledger:
        ledger.append(drill(), NOW)


def test_after_a_run_that_ended_well_no_lock_is_taken_out_of_the_repository(
    shop: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [unlocks(monkeypatch, shop), unlocks(monkeypatch, shop)] == [0, 0]


def test_after_a_run_that_was_killed_its_lock_is_taken_out_once(
    shop: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_mark(shop, "repository.primary")
    assert [unlocks(monkeypatch, shop), unlocks(monkeypatch, shop)] == [1, 0]


def test_a_killed_run_beside_this_one_leaves_its_lock_as_well(
    shop: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_mark(shop, "drill.primary")
    assert unlocks(monkeypatch, shop, held("snapshot", "orders", "primary")) == 1


def test_the_lock_of_a_drill_that_is_at_work_is_left_alone(
    shop: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    with exclusive(Path(shop.settings.state), ["drill.primary"]):
        assert unlocks(monkeypatch, shop, held("snapshot", "orders", "primary")) == 0
