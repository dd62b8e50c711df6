"""What a snapshot carries names files of its own alone, and nothing in it is waited for."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.adapters.drilling import carried
from agent.adapters.drilling.carried import carried_file, copy_of, digest, read_witness
from agent.adapters.sources.sources import SCHEMA
from agent.core.model.snapshots import TableCounts

SOURCE = "/state/carried/orders"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """The carried directory of a restored tree, `tree`, beside which there is a secret."""
    place = tmp_path / "tree" / SOURCE[1:]
    (place / "databases").mkdir(parents=True)
    (place / "witness").write_text("")
    (place / "databases" / "0-orders.db").write_text("a copy")
    (tmp_path / "secret").write_text("a secret")
    return place


@pytest.fixture
def tree(tmp_path: Path, place: Path) -> Path:
    return tmp_path / "tree"


def link_to_zero(file: Path) -> None:
    file.symlink_to("/dev/zero")


def link_out(file: Path) -> None:
    file.symlink_to("../" * 20 + str(file.parents[4] / "secret"))


@pytest.mark.parametrize("make", [os.mkfifo, link_to_zero, link_out, Path.mkdir])
@pytest.mark.parametrize("name", ["about.json", "witness", "SHA256SUMS"])
def test_what_is_no_file_below_the_tree_is_not_there(
    place: Path, tree: Path, name: str, make: Callable[[Path], None]
) -> None:
    (place / name).unlink(missing_ok=True)
    make(place / name)
    assert carried_file(tree, SOURCE, name) is None
    assert read_witness(tree, SOURCE) is None


@pytest.mark.parametrize("name", ["../../../../../secret", "../witness", "/secret", ".", "..", ""])
def test_a_copy_is_one_of_those_that_it_carries(tree: Path, name: str) -> None:
    assert copy_of(tree, SOURCE, TableCounts("/srv/orders.db", name, {})) is None


def test_the_copy_that_it_carries_is_found(tree: Path, place: Path) -> None:
    copy = place / "databases" / "0-orders.db"
    assert copy_of(tree, SOURCE, TableCounts("/srv/orders.db", "0-orders.db", {})) == copy
    assert len(digest(copy)) == 64
    assert digest(None) == digest(place) == ""


@pytest.mark.parametrize(("begun", "is_known"), [(5, True), (10**400, False), (-5, False), ("5", False)])
def test_a_time_that_is_none_is_not_known(tree: Path, place: Path, begun: object, is_known: bool) -> None:
    (place / "about.json").write_text(json.dumps({"schema": SCHEMA, "begun_ns": begun}))
    found = read_witness(tree, SOURCE)
    assert found
    assert found.begun_ns == (begun if is_known else 0)


def test_a_description_without_end_is_not_read(
    tree: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "about.json").write_text(json.dumps({"schema": SCHEMA, "witness_sha256": "ab"}))
    monkeypatch.setattr(carried, "LONGEST_ABOUT", 10)
    assert read_witness(tree, SOURCE) is None
