"""A config that somebody less trusted may write decides nothing: no command starts what it names."""

import os
import pwd
from collections.abc import Callable
from pathlib import Path

import pytest

from support.builders.readiness_cli import Shop

NOBODY = pwd.getpwnam("nobody").pw_uid


def of_somebody(path: Path) -> None:
    os.chown(path, NOBODY, -1)


def of_a_group(path: Path) -> None:
    os.chown(path, -1, pwd.getpwnam("games").pw_gid)
    path.chmod(0o660)


# what is done to the config or to the directory that it lies in -> what is said
FOREIGN: dict[str, tuple[Callable[[Path], None], str]] = {
    "every user may write it": (lambda file: file.chmod(0o666), "can be changed by every user (mode 0666)"),
    "its group may": (of_a_group, "can be changed by the group games (mode 0660)"),
    "it is somebody else's": (of_somebody, "belongs to user nobody"),
    "its directory is": (lambda file: of_somebody(file.parent), "may be replaced by others: "),
    "every user may rename it": (lambda file: file.parent.chmod(0o777), "may be replaced by others: "),
}


@pytest.fixture
def shop(newest_restic: Path, tmp_path: Path) -> Shop:
    shop = Shop(tmp_path, newest_restic).set_up()
    (shop.source / "orders.txt").write_text("1 box of apples\n")
    return shop


@pytest.fixture
def evil(shop: Shop, tmp_path: Path) -> Path:
    """The config names a restic that leaves a marker, which is returned, when it is started."""
    marker, program = tmp_path / "was-run", tmp_path / "evil"
    program.write_text(f'#!/bin/sh\ntouch {marker}\nexec {shop.restic} "$@"\n')
    program.chmod(0o755)
    place = tmp_path / "etc"
    place.mkdir()
    text = shop.config.read_text().replace(f'restic = "{shop.restic}"', f'restic = "{program}"')
    assert str(program) in text
    shop.config = place / "readiness.toml"
    shop.config.write_text(text)
    return marker


def test_what_such_a_config_would_start_is_started_by_a_trusted_one(shop: Shop, evil: Path) -> None:
    assert shop.run("validate").status in (0, 1)
    assert evil.exists()


@pytest.mark.parametrize("how", FOREIGN)
@pytest.mark.parametrize("command", ["validate", "snapshot", "drill", "agent --clean-up", "notify"])
def test_nothing_of_it_is_used(shop: Shop, evil: Path, how: str, command: str, as_root: None) -> None:
    make_foreign, words = FOREIGN[how]
    make_foreign(shop.config)

    done = shop.run(*command.split())

    assert (done.status, evil.exists()) == (78, False)
    said = f"{done.stderr}{done.answer}"
    assert words in said
    assert "Run: ch" in said or "Move it to a directory of root" in said, "and how to mend it"
