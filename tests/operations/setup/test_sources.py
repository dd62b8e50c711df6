"""The sources are what the config takes them for, and a drill of them would fit."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.adapters.ledger.empty import EmptyReader
from agent.core.configuration.location import Extent, FileFacts
from agent.core.model.snapshots import SnapshotRecord
from agent.errors import LedgerDamaged
from agent.operations.ports.ledger import LedgerReader
from agent.operations.setup.validate import validate
from support.doubles.fake_machine import DIRECTORY, GIB, FakeMachine, config_of, noted_of, the_note


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "readiness.toml"


@pytest.fixture
def machine(file: Path) -> FakeMachine:
    return FakeMachine(str(file))


def test_a_missing_source_is_a_problem_and_its_vital_files_are_not_named_too(
    machine: FakeMachine, file: Path
) -> None:
    del machine.files["/srv/orders"], machine.files["/srv/orders/orders.db"]
    noted = the_note(machine, file)
    assert (noted.at, noted.message) == (("process", "orders", "paths", 0), "/srv/orders is not there")


def test_a_missing_vital_file_is_a_problem(machine: FakeMachine, file: Path) -> None:
    del machine.files["/srv/orders/orders.db"]
    assert the_note(machine, file).at == ("process", "orders", "vital", 0)


@pytest.mark.parametrize("pattern", ["/srv/orders/*", "orders/*", "/srv/*/*", "/srv/*rs/?*"])
def test_a_vital_directory_of_which_excludes_leave_nothing_is_a_problem(
    machine: FakeMachine, file: Path, pattern: str
) -> None:
    vital = ('vital = ["/srv/orders/orders.db"]', f'vital = ["/srv/orders"]\nexclude = ["{pattern}"]')
    noted = the_note(machine, file, vital)
    assert noted.at == ("process", "orders", "vital", 0)
    assert noted.message == "exclude keeps everything in /srv/orders out of the snapshots"


@pytest.mark.parametrize("pattern", ["/srv/orders/*.tmp", ".*", "/srv/shop/*", "orders/[a-z]*"])
def test_excludes_that_leave_something_are_no_problem(machine: FakeMachine, file: Path, pattern: str) -> None:
    vital = ('vital = ["/srv/orders/orders.db"]', f'vital = ["/srv/orders"]\nexclude = ["{pattern}"]')
    assert noted_of(machine, file, vital) == []


def test_a_source_that_is_a_link_names_the_real_path(machine: FakeMachine, file: Path) -> None:
    machine.links["/srv/shop"] = "/data/shop"
    machine.files["/data/shop"] = DIRECTORY
    noted = the_note(machine, file)
    assert noted.message == "/srv/shop is a symbolic link to /data/shop"
    assert "write /data/shop instead" in noted.hint


def test_a_source_behind_a_link_names_the_real_path(machine: FakeMachine, file: Path) -> None:
    machine.links["/var/data"] = "/data"
    machine.files["/var/data/shop"] = DIRECTORY
    machine.extents["/var/data/shop"] = Extent(0, 0)
    noted = the_note(machine, file, ("/srv/shop", "/var/data/shop"))
    assert noted.message == "/var/data/shop lies behind a symbolic link to /data/shop"


@pytest.mark.parametrize(
    ("facts", "because"),
    [(FileFacts("hidden"), "may not be looked at"), (FileFacts("other"), "no file and no directory")],
)
def test_a_source_that_holds_no_data_is_a_problem(
    machine: FakeMachine, file: Path, facts: FileFacts, because: str
) -> None:
    machine.files["/srv/shop"] = facts
    assert because in the_note(machine, file).message


def test_a_source_that_we_may_not_read_is_a_problem(machine: FakeMachine, file: Path) -> None:
    machine.unreadable.add("/srv/shop")
    assert "may not be read" in the_note(machine, file).message


class OneSnapshot(EmptyReader):
    """A ledger that knows the last snapshot of every process."""

    def newest(self, body: type[Any], **_: Any) -> list[Any]:
        return [
            SnapshotRecord(
                process="shop",
                repository="primary",
                started=datetime(2026, 11, 20, tzinfo=UTC),
                outcome="passed",
                seconds=1.0,
                files=10,
                bytes=9 * GIB,
                allocated=3 * GIB,
            )
        ]


def test_a_scratch_must_hold_the_largest_process(machine: FakeMachine, file: Path) -> None:
    machine.free = (2 * GIB, 10**9)
    noted = the_note(machine, file)
    assert noted.at == ("agent", "scratch")
    assert noted.message == "/state/scratch has 2.0 GiB free, but a drill of shop needs 2.2 GiB"


def test_a_scratch_with_a_tenth_to_spare_is_enough(machine: FakeMachine, file: Path) -> None:
    machine.free = (int(2.3 * GIB), 10**9)
    assert noted_of(machine, file) == []


def test_a_scratch_must_hold_as_many_files(machine: FakeMachine, file: Path) -> None:
    machine.free = (100 * GIB, 999)
    assert "room for 999 more files" in the_note(machine, file).message


def test_a_count_that_ran_out_of_time_is_called_a_lower_bound(machine: FakeMachine, file: Path) -> None:
    machine.extents["/srv/shop"] = Extent(200 * GIB, 10, whole=False)
    assert "needs at least 220.0 GiB" in the_note(machine, file).message


def test_the_last_good_snapshot_is_believed_before_a_walk(machine: FakeMachine, file: Path) -> None:
    machine.free = (3 * GIB, 10**9)
    (noted,) = validate(config_of(file), machine, lambda: nullcontext(OneSnapshot()))
    assert "needs 3.3 GiB" in noted.message


def test_a_damaged_ledger_is_one_problem_and_hides_no_other(machine: FakeMachine, file: Path) -> None:
    @contextmanager
    def damaged() -> Iterator[LedgerReader]:
        raise LedgerDamaged("The ledger is damaged.", "Put it back.")
        yield EmptyReader()

    machine.unreadable.add("/srv/shop")
    noted = validate(config_of(file), machine, damaged)
    assert [note.at for note in noted] == [("process", "shop", "paths", 0), ("agent", "state")]
