"""Somebody with the repository's password writes a snapshot in our name, and this machine's ledger is new."""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.builders.databases import make_orders
from support.builders.readiness_cli import HOST, Shop

Forge = Callable[[Path, dict[str, Any], Path], object]


def climbs_to_another_file(carried: Path, about: dict[str, Any], secret: Path) -> None:
    about["tables"][0] |= {"copy": "../" * 30 + str(secret), "sha256": ""}


def links_to_another_file(carried: Path, about: dict[str, Any], secret: Path) -> None:
    [table] = about["tables"]
    copy = carried / "databases" / table["copy"]
    copy.unlink()
    copy.symlink_to(secret)
    table["sha256"] = hashlib.sha256(secret.read_bytes()).hexdigest()


def says_what_nobody_can_reckon_with(carried: Path, about: dict[str, Any], secret: Path) -> None:
    [table] = about["tables"]
    about["begun_ns"] = 10**400
    table["rows"] = {"\x1b]0;owned\x07": 10**300, "\ud800": -5}


def is_not_understood(carried: Path, about: dict[str, Any], secret: Path) -> None:
    nonsense(carried / "witness")
    about["witness_sha256"] = hashlib.sha256((carried / "witness").read_bytes()).hexdigest()


def is_waited_for(carried: Path, about: dict[str, Any], secret: Path) -> None:
    (carried / "about.json").unlink()
    os.mkfifo(carried / "about.json")


def nonsense(file: Path) -> None:
    file.write_bytes(b"f\tx\n\n\0\xff\n" * 100)


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize(
    "forge",
    [
        climbs_to_another_file,
        links_to_another_file,
        says_what_nobody_can_reckon_with,
        is_not_understood,
        is_waited_for,
    ],
)
def test_what_it_says_leads_to_no_file_of_this_machine_and_holds_nothing_up(
    newest_restic: Path, tmp_path: Path, forge: Forge
) -> None:
    shop = Shop(tmp_path / "shop", newest_restic)
    database = shop.source / "app.db"
    proof = f'[[process.orders.proof]]\ncommand = ["cat", "{str(database)[1:]}"]\nexpect = "secret"\n'
    shop.extra = f'[[process.orders.proof]]\nsqlite = "{database}"\n{proof}'
    shop.set_up()
    make_orders(database, rows=3)
    assert shop.snapshot().row["outcome"] == "passed"
    secret = tmp_path / "secret"
    secret.write_text("secret of this machine")
    forged = shop.state / "carried" / "orders"
    about = json.loads((forged / "about.json").read_bytes())
    forge(forged, about, secret)
    if (forged / "about.json").is_file():
        (forged / "about.json").write_text(json.dumps(about))
    tags = ("--tag", "readiness", "--tag", "process=orders")
    shop.plain_restic("backup", "--host", HOST, *tags, shop.source, forged)
    shutil.rmtree(shop.state)
    shop.state.mkdir(mode=0o700)

    begun = time.monotonic()
    done = shop.drill()

    assert time.monotonic() - begun < 30
    assert "defect" not in done.stderr
    assert done.row["outcome"] != "passed"
    told = json.dumps(done.row)
    assert "secret of this" not in told
    assert "\\u001b" not in told
