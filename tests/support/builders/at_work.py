"""A shop whose runs are stopped while they are at work, and what is to be seen of its restics meanwhile."""

import os
import random
from contextlib import suppress
from pathlib import Path

from agent.adapters.ledger.ledger import open_reader
from agent.core.model.drills import DrillRecord
from agent.core.model.snapshots import SnapshotRecord
from support.builders.readiness_cli import PASSED, Shop, fill

SLOW = 1000  # KiB in a second


def business(base: Path, restic: Path) -> Shop:
    """With a proof and one good snapshot of eight megabytes."""
    shop = Shop(base, restic).set_up()
    fill(shop.source, files=50, big=8 << 20)
    shop.extra = f'[[process.orders.proof]]\nname = "sound"\nsqlite = "{shop.source}/orders.db"'
    shop.write_config()
    assert shop.snapshot().says == PASSED
    return shop


def stir(shop: Shop, chance: random.Random) -> None:
    """Give the next snapshot something to do."""
    for number in range(3):
        (shop.source / f"new-{number}.bin").write_bytes(chance.randbytes(1 << 18))


def slow(shop: Shop, kilobytes: int = SLOW) -> None:
    """From now on its restics read and write so slowly that there is time to stop them at work."""
    program = shop.base / "slow-restic"
    limits = f"--limit-download {kilobytes} --limit-upload {kilobytes}"
    program.write_text(f'#!/bin/sh\nexec {shop.restic} {limits} "$@"\n')
    program.chmod(0o755)
    shop.restic = program
    shop.write_config()


def some_seconds_to_save(shop: Shop) -> None:
    """Four megabytes that are new, and a slow restic."""
    (shop.source / "more.bin").write_bytes(os.urandom(4 << 20))
    slow(shop)


def newest_codes(shop: Shop) -> list[str]:
    """What the newest snapshot or drill found; a listing may be noted behind it."""
    with open_reader(shop.state / "ledger.db") as ledger:
        bodies = [entry.body for entry in ledger.entries()]
    *_, last = (body for body in bodies if isinstance(body, SnapshotRecord | DrillRecord))
    return [found.code for found in last.findings]


def words_of_restics(shop: Shop) -> list[bytes]:
    """All words of the command lines of its restics."""
    words: list[bytes] = []
    for number in shop.processes():
        with suppress(OSError):
            words += Path(f"/proc/{number}/cmdline").read_bytes().split(b"\0")
    return words
