"""Removing snapshots, freeing their space and checking, through a restic that plays its part."""

from pathlib import Path
from typing import Any

import pytest

from agent.adapters.restic import upkeep as module
from agent.adapters.restic.repository import Restic
from agent.adapters.restic.upkeep import LARGEST_REPACK, REFUSED, Upkeep
from agent.core.configuration.config import Repository
from agent.errors import ResticError
from support.doubles.playing_restic import calls_of, playing

IDS = [f"{number:064x}" for number in range(5)]
REFUSAL = "remove(<snapshot/1>) returned error: server response unexpected: 403 Forbidden\n"


def upkeep(base: Path, say: dict[str, list[dict[str, Any]]], url: str = "rest:http://nas/") -> Upkeep:
    program = playing(base, say)
    repository = Repository(name="primary", url=url, password_file="/etc/p")
    return Upkeep(Restic(str(program), repository, str(base / "cache"), 20))


def commands(base: Path) -> list[list[str]]:
    return [words[1:] for words in calls_of(base / "playing-restic")]


def test_many_snapshots_are_removed_by_several_restics(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 2)
    assert upkeep(tmp_path, {"forget": []}).forget(IDS).code == ""
    assert commands(tmp_path) == [["forget", *IDS[:2]], ["forget", *IDS[2:4]], ["forget", IDS[4]]]


def test_the_first_that_fails_is_the_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 2)
    failing = upkeep(tmp_path, {"forget": [{"err": "Fatal: wrong password or no key found\n"}, {"exit": 12}]})
    assert failing.forget(IDS).code == "wrong-password"
    assert len(commands(tmp_path)) == 1


def test_a_server_that_refuses_is_told_whatever_the_exit_status(tmp_path: Path) -> None:
    attempt = upkeep(tmp_path, {"forget": [{"err": REFUSAL}]}).forget(IDS)
    assert attempt.code == "retention-refused"
    assert "403" in attempt.complaint
    assert "on the server itself" in attempt.hint


@pytest.mark.parametrize(
    ("words", "refused"),
    [
        ("removing failed: 403 Forbidden", True),
        ("deletion is not allowed: append-only mode", True),
        ("Delete: Access Denied", True),
        ("remove(<lock/ab12>) returned error: 403 Forbidden", False),
        ("removed nothing\n403 on another line", False),
        ("save(<snapshot/1>): 403 Forbidden", False),
    ],
)
def test_a_refusal_is_known_by_its_words_and_a_lock_that_stays_is_none(words: str, refused: bool) -> None:
    assert bool(REFUSED.search(words)) is refused


def test_of_a_repository_elsewhere_the_usual_amount_is_written_anew(tmp_path: Path) -> None:
    upkeep(tmp_path, {"prune": []}).prune()
    assert commands(tmp_path) == [["prune", "--max-repack-size", str(LARGEST_REPACK)]]


def test_on_a_small_disk_half_of_what_is_free_is_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Disk:
        f_bavail, f_frsize = 1000, 4096

    monkeypatch.setattr(module.os, "statvfs", lambda _: Disk)
    upkeep(tmp_path, {"prune": []}, url=str(tmp_path)).prune()
    assert commands(tmp_path) == [["prune", "--max-repack-size", "2048000"]]


def test_a_check_has_an_empty_cache_of_its_own_and_leaves_none(tmp_path: Path) -> None:
    cache = tmp_path / "check"
    (cache / "old").mkdir(parents=True)
    program = tmp_path / "restic"
    program.write_text(
        f'#!/bin/sh\necho "$@" >{tmp_path}/call\nls -A "$RESTIC_CACHE_DIR" >>{tmp_path}/call\n'
    )
    program.chmod(0o755)
    repository = Repository(name="primary", url="/srv/backup", password_file="/etc/p")
    report = Upkeep(Restic(str(program), repository, "/cache", 20)).check(3, 28, str(cache))
    assert (report.damage, cache.exists()) == ((), False)
    assert (tmp_path / "call").read_text() == "--json check --read-data-subset=3/28\n"


def test_a_check_that_could_not_be_made_is_no_damage(tmp_path: Path) -> None:
    away = upkeep(tmp_path, {}, url=str(tmp_path / "none"))
    with pytest.raises(ResticError):
        away.check(1, 28, str(tmp_path / "check"))
