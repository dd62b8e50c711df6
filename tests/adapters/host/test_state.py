"""The state directory."""

import os
import stat
from pathlib import Path

import pytest

from agent.adapters.host.locks import exclusive
from agent.adapters.host.state import prepare
from agent.errors import StateError
from support.builders.ledger_records import mounted


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def test_a_missing_directory_is_made_for_us_alone(state: Path) -> None:
    deeper = state / "deeper"
    assert prepare(deeper) == deeper
    assert stat.S_IMODE(deeper.stat().st_mode) == 0o700


def test_an_existing_directory_stays_as_it_is(state: Path) -> None:
    state.mkdir(mode=0o750)
    prepare(state)
    assert stat.S_IMODE(state.stat().st_mode) == 0o750


def test_a_file_in_its_place_is_one_clear_sentence(state: Path) -> None:
    state.touch()
    with pytest.raises(StateError, match="cannot be used: it is not a directory"):
        prepare(state)
    with pytest.raises(StateError, match="cannot be used: it is not a directory"):
        prepare(state / "below")


def test_a_dangling_link_in_its_place_is_one_clear_sentence(state: Path) -> None:
    state.symlink_to(state.parent / "nowhere")
    with pytest.raises(StateError, match="cannot be used"):
        prepare(state)


def test_a_directory_of_somebody_else_is_refused(state: Path, as_root: None) -> None:
    state.mkdir(mode=0o700)
    os.chown(state, 65534, -1)
    with pytest.raises(StateError, match="belongs to user nobody, but this is user root"):
        prepare(state)


def test_so_is_one_that_somebody_else_may_put_another_in_the_place_of(state: Path, as_root: None) -> None:
    state.mkdir(mode=0o700)
    os.chown(state.parent, 65534, -1)
    for place in (state, state / "below"):
        with pytest.raises(
            StateError, match=r"is not safe from others: .* belongs to user nobody"
        ) as refused:
            prepare(place)
        assert refused.value.hint == "Name one in a directory of root's in [agent]."
    assert os.listdir(state) == []


def test_so_is_one_to_which_the_link_of_somebody_else_leads(state: Path, as_root: None) -> None:
    (state.parent / "real").mkdir(mode=0o700)
    state.symlink_to("real")
    assert prepare(state) == state
    os.chown(state, 65534, -1, follow_symlinks=False)
    with pytest.raises(StateError, match="is a link that is not followed"):
        prepare(state)


@pytest.mark.parametrize("mode", [0o770, 0o703, 0o1777])
def test_a_directory_that_others_can_change_is_refused(state: Path, mode: int) -> None:
    state.mkdir()
    state.chmod(mode)
    with pytest.raises(StateError, match="can be changed by other users"):
        prepare(state)


def test_a_read_only_file_system_is_one_clear_sentence(state: Path, as_root: None) -> None:
    with mounted(state, "ro,size=64k,mode=700"):
        with (
            pytest.raises(StateError, match="its file system is read-only"),
            exclusive(state, ["process.orders"]),
        ):
            pass
        with pytest.raises(StateError, match="its file system is read-only"):
            prepare(state / "below")


def test_a_full_disk_is_one_clear_sentence(state: Path, as_root: None) -> None:
    with mounted(state, "size=64k,mode=700"):
        with pytest.raises(OSError, match="No space left"), (state / "other").open("wb", buffering=0) as file:
            while True:
                file.write(b"x" * 4096)
        with pytest.raises(StateError, match="is full") as caught, exclusive(state, ["process.orders"]):
            pass
        assert caught.value.code == "state-full"
