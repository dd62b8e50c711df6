"""restic runs beside ours: at work for long, or killed so that its lock stays."""

import os
import signal
import subprocess
import time
from pathlib import Path

from support.builders.plan_b import PlanB
from support.builders.readiness_cli import Shop
from support.namespaces import unshared


def at_work(plan_b: PlanB) -> list[int]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
            environ = (process / "environ").read_bytes()
        except OSError:
            continue
        if b"copy" in words and os.fsencode(f"RESTIC_REPOSITORY={plan_b.url}") in environ.split(b"\0"):
            found.append(int(process.name))
    return found


def slowed(shop: Shop, tmp_path: Path) -> None:
    """A restic whose copies are so slow that there is time to do something meanwhile."""
    slow = tmp_path / "slow-restic"
    slow.write_text(
        f'#!/bin/sh\ncase " $* " in *" copy "*) exec {shop.restic} --limit-upload 1000 "$@";; esac\n'
        f'exec {shop.restic} "$@"\n'
    )
    slow.chmod(0o700)
    shop.restic = slow
    shop.write_config()


def exclusive_lock(shop: Shop, host: str = "") -> Path:
    """What a `restic check` leaves behind that is killed: its own lock. `host`: on another machine."""
    check: list[str | Path] = [shop.restic, "--no-cache", "check", "--read-data", "--limit-download", "1"]
    if host:
        there = unshared("--uts", "--kill-child", "--fork", as_root=True)
        check = [*there, "sh", "-c", f'hostname {host}; "$@"', "sh", *check]
    running = subprocess.Popen(
        check,
        env={
            **os.environ,
            "RESTIC_REPOSITORY": str(shop.repository),
            "RESTIC_PASSWORD_FILE": str(shop.password),
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    for _ in range(300):
        if shop.locks():
            break
        time.sleep(0.05)
    for process in shop.processes():
        os.kill(process, signal.SIGKILL)
    running.wait()
    return shop.locks()[0]
