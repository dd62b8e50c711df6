"""`readiness validate`: what only the machine can tell, against a machine made of a dictionary."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.adapters.ledger.empty import EmptyReader
from agent.config import load, read, with_noted
from agent.core.configuration.config import Config
from agent.core.configuration.location import Extent, FileFacts
from agent.core.configuration.problem import Noted
from agent.core.model.records import SnapshotRecord
from agent.errors import LedgerDamaged, ResticError
from agent.operations.ports.ledger import LedgerReader
from agent.operations.setup.validate import validate
from support.doubles.fake_machine import DIRECTORY, GIB, FakeMachine

CONFIG = """
[agent]
state = "/state"
[repository.primary]
url = "/backup"
password_file = "/etc/p"
[process.orders]
paths = ["/srv/orders"]
vital = ["/srv/orders/orders.db"]
[process.shop]
paths = ["/srv/shop"]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "readiness.toml"


@pytest.fixture
def machine(file: Path) -> FakeMachine:
    return FakeMachine(str(file))


def config_of(file: Path, *changes: tuple[str, str]) -> Config:
    text = CONFIG
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file.write_text(text)
    return load(str(file))


def no_ledger() -> AbstractContextManager[LedgerReader]:
    return nullcontext(EmptyReader())


def noted_of(machine: FakeMachine, file: Path, *changes: tuple[str, str]) -> list[Noted]:
    return validate(config_of(file, *changes), machine, no_ledger)


def the_note(machine: FakeMachine, file: Path, *changes: tuple[str, str]) -> Noted:
    (noted,) = noted_of(machine, file, *changes)
    assert noted.hint
    return noted


def test_a_machine_on_which_all_is_well_has_no_problem(machine: FakeMachine, file: Path) -> None:
    assert noted_of(machine, file) == []


# ---- restic and the config itself ---------------------------------------------------------------


def test_a_missing_restic_is_said_in_its_own_words(machine: FakeMachine, file: Path) -> None:
    machine.restic = ResticError("restic is not installed.", "Install it.", "restic-missing")
    noted = the_note(machine, file)
    assert (noted.at, noted.message) == (("agent", "restic"), "restic is not installed.")


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_config_that_others_can_change_is_a_problem(machine: FakeMachine, file: Path, mode: int) -> None:
    machine.files[str(file)] = FileFacts("file", mode)
    assert f"chmod go-w {file}" in the_note(machine, file).hint


def test_a_config_of_another_user_is_a_problem(machine: FakeMachine, file: Path) -> None:
    machine.files[str(file)] = FileFacts("file", 0o600, 1000)
    assert "another user" in the_note(machine, file).message


def test_a_directory_above_the_config_that_everybody_may_change_is_a_problem(
    machine: FakeMachine, file: Path
) -> None:
    machine.files[str(file.parent)] = FileFacts("directory", 0o777)
    assert f"chmod o-w {file.parent}" in the_note(machine, file).hint


def test_a_sticky_directory_above_the_config_is_no_problem(machine: FakeMachine, file: Path) -> None:
    machine.files[str(file.parent)] = FileFacts("directory", 0o1777)
    assert noted_of(machine, file) == []


def test_a_url_with_a_password_wants_a_config_that_nobody_else_reads(
    machine: FakeMachine, file: Path
) -> None:
    machine.files[str(file)] = FileFacts("file", 0o644)
    assert noted_of(machine, file) == []
    noted = the_note(machine, file, ('url = "/backup"', 'url = "rest:https://user:hunter2@nas/"'))
    assert "holds a password" in noted.message
    assert "hunter2" not in noted.message + noted.hint


# ---- repositories -------------------------------------------------------------------------------

PASSWORD = [
    (None, "is not there"),
    (FileFacts("file", 0o644, 0, 44), "open to every user"),
    (FileFacts("file", 0o640, 0, 44), "open to its whole group"),
    (FileFacts("file", 0o600, 0, 0), "is empty"),
    (FileFacts("directory", 0o700), "no file"),
]


@pytest.mark.parametrize(("facts", "because"), PASSWORD, ids=[row[1] for row in PASSWORD])
def test_a_password_file_must_be_there_private_and_filled(
    machine: FakeMachine, file: Path, facts: FileFacts | None, because: str
) -> None:
    machine.files.pop("/etc/p")
    if facts:
        machine.files["/etc/p"] = facts
    noted = the_note(machine, file)
    assert noted.at == ("repository", "primary", "password_file")
    assert because in noted.message


def test_the_hint_is_the_very_command_that_closes_the_password_file(machine: FakeMachine, file: Path) -> None:
    machine.files["/etc/p"] = FileFacts("file", 0o644, 0, 44)
    assert the_note(machine, file).hint == "Run: chmod 600 /etc/p"


def test_a_password_file_of_somebody_else_is_a_problem(machine: FakeMachine, file: Path) -> None:
    machine.unreadable.add("/etc/p")
    assert "may not be read" in the_note(machine, file).message


WITH_ENVIRONMENT = ('password_file = "/etc/p"', 'password_file = "/etc/p"\nenvironment_file = "/etc/e"')


def test_an_environment_file_that_restic_could_not_use_is_a_problem(machine: FakeMachine, file: Path) -> None:
    noted = the_note(machine, file, WITH_ENVIRONMENT)
    assert (noted.at, noted.message) == (
        ("repository", "primary", "environment_file"),
        "/etc/e cannot be read.",
    )


def test_an_environment_file_holds_secrets_too(machine: FakeMachine, file: Path) -> None:
    machine.files["/etc/e"] = FileFacts("file", 0o640, 0, 44)
    noted = the_note(machine, file, WITH_ENVIRONMENT)
    assert noted.message == "/etc/e is open to its whole group (mode 0640)"
    assert noted.hint == "Run: chmod 600 /etc/e"
    machine.files["/etc/e"] = FileFacts("file", 0o600, 0, 44)
    assert noted_of(machine, file, WITH_ENVIRONMENT) == []


def test_a_linked_password_file_is_judged_by_its_target(machine: FakeMachine, file: Path) -> None:
    machine.links["/etc/p"] = "/secret/p"
    machine.files["/secret/p"] = FileFacts("file", 0o604, 0, 44)
    assert the_note(machine, file).hint == "Run: chmod 600 /secret/p"


def test_a_local_repository_must_be_there(machine: FakeMachine, file: Path) -> None:
    del machine.files["/backup"]
    noted = the_note(machine, file)
    assert noted.at == ("repository", "primary", "url")
    assert "restic init -r /backup -p /etc/p" in noted.hint


def test_a_directory_without_a_repository_is_told_from_a_missing_one(
    machine: FakeMachine, file: Path
) -> None:
    del machine.files["/backup/config"]
    assert "holds no restic repository" in the_note(machine, file).message


def test_a_repository_that_we_may_not_write_is_a_problem(machine: FakeMachine, file: Path) -> None:
    machine.unwritable.add("/backup")
    assert "may not be read and written" in the_note(machine, file).message


def test_a_remote_repository_is_not_looked_for_here(machine: FakeMachine, file: Path) -> None:
    del machine.files["/backup"]
    assert noted_of(machine, file, ('"/backup"', '"sftp:nas:/backup"')) == []


def test_a_repository_beside_its_sources_is_a_warning(machine: FakeMachine, file: Path) -> None:
    machine.devices["/backup"] = 1
    noted = the_note(machine, file)
    assert noted.warning
    assert "same device as orders, shop" in noted.message


def test_one_path_of_a_process_beside_the_repository_is_enough(machine: FakeMachine, file: Path) -> None:
    machine.devices["/srv/shop"] = 2
    noted = the_note(
        machine, file, ('["/srv/orders"]', '["/srv/orders", "/srv/shop"]'), ('["/srv/shop"]', '["/srv"]')
    )
    assert "same device as orders" in noted.message


def test_a_repository_beside_its_sources_is_fine_when_another_is_elsewhere(
    machine: FakeMachine, file: Path
) -> None:
    machine.devices["/backup"] = 1
    second = '[repository.b]\nurl = "sftp:nas:/b"\npassword_file = "/etc/p"\n[process.orders]'
    assert noted_of(machine, file, ("[process.orders]", second)) == []


# ---- sources ------------------------------------------------------------------------------------


def test_a_missing_source_is_a_problem_and_its_vital_files_are_not_named_too(
    machine: FakeMachine, file: Path
) -> None:
    del machine.files["/srv/orders"], machine.files["/srv/orders/orders.db"]
    noted = the_note(machine, file)
    assert (noted.at, noted.message) == (("process", "orders", "paths", 0), "/srv/orders is not there")


def test_a_missing_vital_file_is_a_problem(machine: FakeMachine, file: Path) -> None:
    del machine.files["/srv/orders/orders.db"]
    assert the_note(machine, file).at == ("process", "orders", "vital", 0)


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


# ---- places inside each other -------------------------------------------------------------------


def test_a_state_inside_a_source_would_back_itself_up(machine: FakeMachine, file: Path) -> None:
    noted = the_note(machine, file, ("/state", "/srv/shop/state"))
    assert noted.at == ("agent", "state")
    assert "back itself up" in noted.message


def test_a_state_inside_a_source_may_be_excluded(machine: FakeMachine, file: Path) -> None:
    changes = ("/state", "/srv/shop/state"), ('["/srv/shop"]', '["/srv/shop"]\nexclude = ["/srv/shop/state"]')
    assert noted_of(machine, file, *changes) == []


def test_links_do_not_hide_that_the_scratch_lies_inside_a_source(machine: FakeMachine, file: Path) -> None:
    machine.links["/scratch"] = "/srv/shop/scratch"
    noted = the_note(machine, file, ('"/state"', '"/state"\nscratch = "/scratch"'))
    assert noted.at == ("agent", "scratch")


def test_a_repository_inside_a_source_would_back_itself_up(machine: FakeMachine, file: Path) -> None:
    machine.files["/srv/shop/r"] = DIRECTORY
    machine.files["/srv/shop/r/config"] = FileFacts("file")
    machine.devices["/srv/shop/r"] = 2
    noted = the_note(machine, file, ('"/backup"', '"/srv/shop/r"'))
    assert noted.at == ("repository", "primary", "url")


def test_a_source_inside_the_scratch_would_be_cleared(machine: FakeMachine, file: Path) -> None:
    noted = noted_of(machine, file, ('"/state"', '"/state"\nscratch = "/srv"'))
    assert [note.at for note in noted] == [("process", "orders", "paths", 0), ("process", "shop", "paths", 0)]


def test_a_repository_inside_the_scratch_would_be_cleared(machine: FakeMachine, file: Path) -> None:
    noted = the_note(machine, file, ('"/state"', '"/state"\nscratch = "/backup"'))
    assert "is cleared" in noted.message


def test_a_state_that_cannot_be_written_is_a_problem(machine: FakeMachine, file: Path) -> None:
    machine.unwritable.add("/state")
    assert the_note(machine, file).at == ("agent", "state")


@pytest.mark.parametrize("mode", [0o777, 0o770])
def test_a_state_that_others_can_change_is_a_problem(machine: FakeMachine, file: Path, mode: int) -> None:
    machine.files["/state"] = FileFacts("directory", mode)
    assert the_note(machine, file).hint == "Run: chmod 700 /state"


# ---- room for the largest process ---------------------------------------------------------------


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


# ---- together with the file ---------------------------------------------------------------------


def test_what_the_machine_says_has_the_line_of_its_key(file: Path) -> None:
    file.write_text(CONFIG)
    reading = with_noted(read(str(file)), str(file), [Noted(("process", "shop", "paths", 0), "is not there")])
    assert [(problem.line, problem.key) for problem in reading.problems] == [(11, "process.shop.paths[0]")]


def test_a_key_that_is_wrong_in_itself_is_not_judged_by_the_machine(file: Path) -> None:
    file.write_text(CONFIG.replace('"/state"', "5"))
    noted = [Noted(("agent", "state"), "cannot be written"), Noted(("agent", "scratch"), "cannot be written")]
    reading = with_noted(read(str(file)), str(file), noted)
    assert [problem.message for problem in reading.problems] == ["must be text in quotes, not 5"]
