"""The desk of the ledger's owner: who is served, what a drill may write, and what becomes of nonsense."""

import json
import os
import pwd
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent.adapters.apart import distant
from agent.adapters.apart.desk import Desk, connect, open_desk
from agent.adapters.apart.distant import DistantLedger, DistantProgress, Owner, waiting_owner
from agent.adapters.apart.wire import WireBroken, Wish
from agent.adapters.ledger.ledger import SqliteLedger, open_ledger
from agent.core.model.drills import DrillRecord
from agent.core.model.records import CheckRecord, RepositoryRecord
from agent.core.model.snapshots import SnapshotRecord
from agent.errors import ReadinessError, StateError
from support.builders.shop import drill, snapshot

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
ORDERS = ("orders", "primary")
ME = pwd.getpwuid(os.geteuid()).pw_name


class Heard:
    """A progress that keeps what it was told."""

    def __init__(self) -> None:
        self.steps: list[object] = []

    def begin(self, title: str, total_bytes: int | None = None) -> None:
        self.steps.append((title, total_bytes))

    def advance(self, done_bytes: int, files: int | None = None, total_bytes: int | None = None) -> None:
        self.steps.append(done_bytes)

    def end(self) -> None:
        self.steps.append("end")


class Office:
    """A ledger, its desk, and a drill in a thread of its own."""

    def __init__(self, state: Path, ledger: SqliteLedger, desk: Desk, progress: Heard) -> None:
        self.state, self.ledger, self.desk, self.progress = state, ledger, desk, progress

    def drilled(self, work: Callable[[Owner], Any]) -> Any:
        """What `work` comes to, or raises, while the desk is attended."""
        came: list[Any] = []

        def drilling() -> None:
            try:
                with waiting_owner(self.state, ORDERS) as owner:
                    came.append(work(owner))
            except (ReadinessError, OSError) as error:
                came.append(error)

        thread = threading.Thread(target=drilling)
        thread.start()
        while thread.is_alive():
            self.desk.attend(0.02)
        for _ in range(3):
            self.desk.attend(0)
        thread.join()
        if isinstance(came[0], Exception):
            raise came[0]
        return came[0]


@pytest.fixture(autouse=True)
def _only_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """The drill of these tests is no process to end."""
    monkeypatch.setattr(distant, "interrupt", lambda: None)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with opened(tmp_path / "state", Wish(select="last-good", keep=True)) as office:
        yield office


@contextmanager
def opened(state: Path, wish: Wish = Wish(), user: str = ME) -> Iterator[Office]:  # noqa: B008 - frozen
    state.mkdir(mode=0o700, exist_ok=True)
    progress = Heard()
    with (
        open_ledger(state / "ledger.db") as ledger,
        open_desk(state, ORDERS, wish, ledger, progress, user) as desk,
    ):
        yield Office(state, ledger, desk, progress)


def test_a_drill_learns_how_to_drill_and_leaves_its_record(office: Office) -> None:
    record = drill()

    def work(owner: Owner) -> str:
        DistantLedger(owner).append(record, NOW)
        owner.ended("/var/lib/kept/tree")
        return owner.wish.select

    assert office.drilled(work) == "last-good"
    assert office.ledger.newest(DrillRecord) == [record] == office.desk.written
    assert office.desk.kept == "/var/lib/kept/tree"


def test_the_far_ledger_answers_as_the_near_one(office: Office) -> None:
    odd = snapshot(moving_paths=("/srv/orders/\udcff\udcfe\n",))
    for body in (snapshot(), odd, snapshot(process="mail"), drill()):
        office.ledger.append(body, NOW)

    def work(owner: Owner) -> list[Any]:
        return answers(DistantLedger(owner))

    def answers(ledger: Any) -> list[Any]:
        return [
            ledger.newest(SnapshotRecord, process="orders", limit=9),
            ledger.newest_entries(DrillRecord),
            ledger.first(SnapshotRecord, process="mail"),
            ledger.first(CheckRecord),
            ledger.search(SnapshotRecord, ['"/srv/orders'], process="orders", repository="primary"),
            ledger.search(SnapshotRecord, after=2),
        ]

    assert office.drilled(work) == answers(office.ledger)


@pytest.mark.parametrize(
    "body",
    [
        drill(process="mail"),
        drill(repository="planb"),
        CheckRecord(repository="primary", started=NOW, outcome="passed", seconds=1.0, part=1, parts=1),
        RepositoryRecord(repository="planb", repository_id="ab"),
    ],
)
def test_a_drill_writes_what_is_its_own_and_nothing_else(office: Office, body: Any) -> None:
    with pytest.raises(WireBroken):
        office.drilled(lambda owner: DistantLedger(owner).append(body, NOW))
    assert office.ledger.head()[0] == 0
    assert "not its own" in str(office.desk.broken)


PLAIN = msgspec.to_builtins(drill())


@pytest.mark.parametrize(
    ("more", "at", "said"),
    [
        ({"share": float("nan")}, "2026-11-30T12:00:00Z", "beyond measure"),
        ({"seconds": {"total": 1e308}}, "2026-11-30T12:00:00Z", "beyond measure"),
        ({"bytes": 10**400}, "2026-11-30T12:00:00Z", "beyond measure"),
        ({"started": "2026-11-30T12:00:00"}, "2026-11-30T12:00:00Z", "beyond measure"),
        ({"snapshot_at": "0001-01-01T00:00:00Z"}, "2026-11-30T12:00:00Z", "beyond measure"),
        ({"started": "2999-11-30T12:00:00Z"}, "2026-11-30T12:00:00Z", "another time than now"),
        ({}, "2999-11-30T12:00:00Z", "another time than now"),
        ({}, "0001-01-01T00:00:00+14:00", "another time than now"),
        ({}, "2026-11-30T12:00:00", "not understood"),
    ],
)
def test_a_record_over_which_every_report_would_stumble_is_not_written(
    office: Office, more: dict[str, Any], at: str, said: str
) -> None:
    """By a drill that was taken over: what is in the ledger stays there."""
    note = {"type": "note", "kind": "drill", "body": json.dumps(PLAIN | more), "at": at}
    with closing(connect(office.state, ORDERS)) as end:
        office.desk.attend(1)
        end.sendall(json.dumps(note).encode() + b"\n")
        office.desk.attend(1)
    assert said in str(office.desk.broken)
    assert office.ledger.head()[0] == 0


def test_what_the_ledger_refuses_is_told_in_its_words(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StateError("The disk is full.", "Make room there.", code="state-full")

    monkeypatch.setattr(office.ledger, "append", full)
    with pytest.raises(StateError, match="The disk is full") as refused:
        office.drilled(lambda owner: DistantLedger(owner).append(drill(), NOW))
    assert (refused.value.hint, refused.value.code) == ("Make room there.", "state-full")
    assert office.desk.refused
    assert office.desk.refused.message == "The disk is full."


def test_the_lock_is_given_back_when_it_is_known_what_is_drilled(office: Office) -> None:
    given: list[str] = []
    office.desk.chosen = lambda: given.append("back")
    office.drilled(lambda owner: owner.chosen())
    assert given == ["back"]


def test_how_far_it_is_arrives_without_a_flood(office: Office) -> None:
    def work(owner: Owner) -> None:
        progress = DistantProgress(owner)
        progress.begin("orders: restoring\x1b[2J", 9)
        for done in range(1000):
            progress.advance(done)
        progress.end()

    office.drilled(work)
    office.desk.attend(0)
    assert office.progress.steps[0] == (r"orders: restoring\x1b[2J", 9)
    assert office.progress.steps[-1] == "end"
    assert len(office.progress.steps) < 20


def test_only_the_user_that_drills_is_served(tmp_path: Path, as_root: None) -> None:
    with opened(tmp_path / "state", user="nobody") as office, pytest.raises(WireBroken):
        office.drilled(lambda owner: owner.wish)


def test_no_second_drill_is_served(office: Office) -> None:
    office.drilled(lambda owner: None)
    with pytest.raises(WireBroken):
        office.drilled(lambda owner: DistantLedger(owner).append(drill(), NOW))
    assert office.ledger.head()[0] == 0


def test_without_a_desk_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(WireBroken, match="Nobody waits for a drill of orders from primary"):
        connect(tmp_path, ORDERS)


def test_the_desk_of_one_that_was_killed_is_in_nobodys_way(tmp_path: Path) -> None:
    state = tmp_path / ("a" * 200)  # and a long path is none of the socket's business
    for _ in range(2):
        with opened(state) as office:
            assert office.drilled(lambda owner: owner.wish) == Wish()


@pytest.mark.parametrize(
    "line",
    [b"nonsense\n", b'{"type":"note"}\n', b"[" * 100_000 + b"\n", b'{"type":"ask","how":"all","kind":"x"}\n'],
)
def test_nonsense_ends_the_line_and_harms_nobody(office: Office, line: bytes) -> None:
    with closing(connect(office.state, ORDERS)) as end:
        end.settimeout(5)
        for _ in range(2):
            office.desk.attend(1)
            end.sendall(line) if not office.desk.broken else None
        office.desk.attend(1)
        assert office.desk.broken
        while end.recv(1 << 16):
            pass
    assert office.ledger.head()[0] == 0


def test_who_stops_in_the_middle_is_waited_for_only_so_long(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.adapters.apart.wire.PATIENCE", 0.1)
    with closing(connect(office.state, ORDERS)) as end:
        office.desk.attend(1)
        end.sendall(b'{"type":')
        office.desk.attend(1)
    assert "says nothing more" in str(office.desk.broken)


def test_who_says_a_line_piece_by_piece_does_not_hold_the_desk_for_ever(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.adapters.apart.wire.PATIENCE", 0.5)
    with closing(connect(office.state, ORDERS)) as end:
        office.desk.attend(1)
        over = threading.Event()

        def drips() -> None:
            with suppress(OSError):
                while not over.wait(0.05):
                    end.sendall(b"a")

        dripping = threading.Thread(target=drips)
        dripping.start()
        begun = time.monotonic()
        office.desk.attend(1)
        over.set()
        dripping.join()
    assert "not in time" in str(office.desk.broken)
    assert time.monotonic() - begun < 30


def test_a_line_without_end_is_not_kept_in_memory(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.adapters.apart.wire.LONGEST", 1000)
    with closing(connect(office.state, ORDERS)) as end:
        office.desk.attend(1)
        threading.Thread(target=end.sendall, args=(b"a" * 100_000,), daemon=True).start()
        office.desk.attend(1)
    assert "without end" in str(office.desk.broken)
