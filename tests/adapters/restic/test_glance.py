"""What can be seen of a repository without restic, at once."""

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from agent.adapters.restic import glance
from agent.core.configuration.config import CriticalProcess, Repository
from agent.core.model.sights import Kept


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "repository" / "keys").mkdir(parents=True)
    (tmp_path / "repository" / "keys" / "one").write_text("key")
    (tmp_path / "repository" / "config").write_text("config")
    (tmp_path / "password").write_text("secret")
    (tmp_path / "password").chmod(0o600)
    return tmp_path


def process(name: str, path: str) -> CriticalProcess:
    return CriticalProcess(name=name, paths=(path,), rto=1, rpo=1, mtd=1, max_proof_age=1)


def codes(place: Path, url: str = "", *kept: Kept) -> list[str]:
    repository = Repository(
        name="primary", url=url or str(place / "repository"), password_file=str(place / "password")
    )
    return [look.finding.code for look in glance.glances([repository], [], kept)]


def test_nothing_is_wrong_with_one_that_is_there(place: Path) -> None:
    assert codes(place) == []


def test_one_that_is_gone_or_is_no_repository_is_missing(place: Path) -> None:
    (place / "repository" / "config").unlink()
    assert codes(place) == ["repository-missing"]
    (place / "repository").rename(place / "away")
    assert codes(place) == ["repository-missing"]
    assert codes(place, f"local:{place}/repository") == ["repository-missing"]


def test_one_without_keys_or_with_an_empty_config_is_damaged(place: Path) -> None:
    (place / "repository" / "keys" / "one").unlink()
    assert codes(place) == ["repository-damaged"]
    (place / "repository" / "keys" / "one").write_text("key")
    (place / "repository" / "config").write_text("")
    assert codes(place) == ["repository-damaged"]


def test_a_server_is_not_asked(place: Path) -> None:
    assert codes(place, "rest:http://backup.example/") == []


def test_a_password_that_is_gone_or_empty_opens_nothing(place: Path) -> None:
    (place / "password").chmod(0o644)
    assert codes(place) == ["password-missing"]
    (place / "password").chmod(0o600)
    (place / "password").write_text("")
    assert codes(place) == ["password-missing"]
    (place / "password").unlink()
    assert codes(place) == ["password-missing"]


def test_a_password_that_only_the_service_has_is_none_of_our_business() -> None:
    repository = Repository(
        name="primary", url="rest:http://backup.example/", password_file="/run/credentials/readiness/one"
    )
    assert glance.glances([repository], []) == ()


def test_a_place_that_does_not_answer_is_not_waited_for(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glance, "PATIENCE", 0.05)
    monkeypatch.setattr(os, "stat", lambda path: time.sleep(1))
    assert codes(place) == []


def test_one_on_the_file_system_of_the_files_is_seen_there(place: Path) -> None:
    repository = Repository(
        name="primary", url=str(place / "repository"), password_file=str(place / "password")
    )
    shop, other = process("shop", str(place)), process("other", "/proc")
    [look] = glance.glances([repository], [shop, other])
    assert (look.finding.code, look.finding.process) == ("repository-same-device", "shop")
    assert glance.glances([repository], [other]) == ()


def test_a_snapshot_that_the_answer_rests_on_has_to_be_there_unless_another_came_since(place: Path) -> None:
    kept = Kept(
        process="shop",
        repository="primary",
        snapshot="mine",
        since=datetime.now(UTC) - timedelta(hours=1),
        known=frozenset({"another"}),
    )
    for name in ("snapshots", "data", "index"):
        (place / "repository" / name).mkdir()
        (place / "repository" / name / "old").write_text("x")
    old = place / "repository" / "snapshots" / "old"
    os.utime(old, (0, 0))
    assert codes(place, "", kept) == ["snapshots-vanished"]
    assert codes(place, "", replace(kept, repository="planb")) == []
    (place / "repository" / "snapshots" / "another").write_text("of a process that took it since")
    assert codes(place, "", kept) == ["snapshots-vanished"]
    renamed = place / "repository" / "snapshots" / "as by restic tag"
    renamed.write_text("x")
    assert codes(place, "", kept) == []
    renamed.rename(old.with_name("mine"))
    assert codes(place, "", kept) == []
