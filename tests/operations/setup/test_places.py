"""What must not lie inside of what: sources, state, scratch and repositories."""

from pathlib import Path

import pytest

from agent.core.configuration.location import FileFacts
from agent.core.model.places import Placed
from agent.operations.setup.places import where_they_lie
from support.doubles.fake_machine import DIRECTORY, FakeMachine, config_of, noted_of, the_note


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "readiness.toml"


@pytest.fixture
def machine(file: Path) -> FakeMachine:
    return FakeMachine(str(file))


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


@pytest.mark.parametrize(
    ("placed", "says"),
    [
        (Placed("memory"), "next power cut"),
        (Placed("same-machine", "localhost is this machine", names_us=True), "localhost is this machine"),
    ],
    ids=["memory", "address"],
)
def test_a_repository_that_goes_with_the_machine_is_a_warning_unless_another_stays(
    machine: FakeMachine, file: Path, placed: Placed, says: str
) -> None:
    machine.remote = placed
    noted = the_note(machine, file, ('"/backup"', '"sftp:root@localhost:/r"'))
    assert noted.warning
    assert says in noted.message
    second = '[repository.b]\nurl = "/backup"\npassword_file = "/etc/p"\n[process.orders]'
    changes = ('"/backup"', '"sftp:root@localhost:/r"'), ("[process.orders]", second)
    assert noted_of(machine, file, *changes) == []


def test_where_every_repository_lies_is_told_for_the_paths_that_are_there(
    machine: FakeMachine, file: Path
) -> None:
    second = '[repository.b]\nurl = "sftp:nas:/b"\npassword_file = "/etc/p"\n[process.orders]'
    del machine.files["/srv/shop"]
    found = where_they_lie(config_of(file, ("[process.orders]", second)), machine)
    assert [(one.repository, one.process, one.placed.place) for one in found] == [
        ("primary", "orders", "same-machine"),
        ("b", "orders", "elsewhere"),
    ]


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
