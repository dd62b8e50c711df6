"""A backup gets ready while other work goes on, and reads nothing before it is told to."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.adapters.restic.repository import Restic
from agent.adapters.restic.work import Backup
from agent.core.configuration.config import Repository
from support.builders.readiness_cli import Shop


class Business:
    """One source with one file, and a repository of a real restic."""

    def __init__(self, restic: Path, base: Path) -> None:
        self.shop = Shop(base, restic).set_up()
        self.file = self.shop.source / "order"
        self.file.write_text("before")
        repository = Repository(
            name="primary", url=str(self.shop.repository), password_file=str(self.shop.password)
        )
        self.restic = Restic(str(restic), repository, str(base / "cache"), stall_timeout=60)

    def begin(self) -> Backup:
        return self.restic.start_backup([str(self.shop.source)], [], "orders", "shop")

    def waits(self) -> bool:
        """Whether restic holds its lock, so that it has come as far as it may."""
        until = time.monotonic() + 20
        while not self.shop.locks() and time.monotonic() < until:
            time.sleep(0.02)
        return bool(self.shop.locks())

    def snapshots(self) -> list[str]:
        return [row["id"] for row in json.loads(self.shop.plain_restic("snapshots", "--json") or b"[]") or []]


@pytest.fixture
def business(restic: Path, tmp_path: Path) -> Iterator[Business]:
    yield Business(restic, tmp_path)


def test_what_changes_before_it_may_begin_is_in_the_snapshot(business: Business) -> None:
    begun = business.begin()
    assert business.waits()
    time.sleep(0.5)
    business.file.write_text("after")

    summary = begun.finish(lambda *_: None)

    assert business.shop.plain_restic("dump", summary.snapshot, str(business.file)) == b"after"
    assert business.shop.locks() == []


def test_one_that_ends_before_anybody_looks_is_a_snapshot(business: Business) -> None:
    """On a busy machine restic may be done before we are back at the wheel."""
    begun = business.begin()
    assert business.waits()
    begun._open()
    while begun._messages.summary is None:
        time.sleep(0.02)

    assert business.snapshots()[0].startswith(begun.finish(lambda *_: None).snapshot)


@pytest.mark.parametrize("wait", [0.0, 0.1, 0.6, None])
def test_a_backup_that_is_not_wanted_leaves_nothing(business: Business, wait: float | None) -> None:
    begun = business.begin()
    if wait is None:
        assert business.waits()
    time.sleep(wait or 0.3)

    started = time.monotonic()
    begun.stop()

    assert time.monotonic() - started < 8, "it had to be killed"
    assert business.snapshots() == []
    assert business.shop.locks() == []
    assert not list(business.shop.processes())


def test_stopping_after_the_end_does_nothing(business: Business) -> None:
    begun = business.begin()
    begun.finish(lambda *_: None)
    begun.stop()
    begun.stop()

    assert len(business.snapshots()) == 1


def test_a_repository_elsewhere_is_not_opened_ahead(newest_restic: Path, tmp_path: Path) -> None:
    repository = Repository(name="b", url="rest:http://127.0.0.1:9/", password_file="/dev/null")
    restic = Restic(str(newest_restic), repository, str(tmp_path), stall_timeout=5)

    begun = restic.start_backup(["/srv"], [], "orders", "shop")

    assert begun._ahead is None
    begun.stop()
