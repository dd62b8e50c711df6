#!/usr/bin/env python3
"""Plays restic: does what a script says for each command, and leaves the rest to a real restic.

playing_restic.py makes programs of it.
$FAKE_RESTIC names a JSON file {"real": program, "say": {command: [step, ...]}}. Steps:
{"out": text}, {"err": text}   print
{"hex": text}                  print bytes
{"flood": [1 or 2, text, n]}   print a text n times on standard output or error
{"sleep": seconds}, {"exit": status}, {"kill": signal number}, {"stop": 0} (SIGSTOP itself)
{"daemon": seconds}            leave a child behind that holds the pipes open
{"real": [[old, new], ...]}    run the real one, with these replacements in what it prints; its status counts
Every call is noted in the file's name + ".calls", one line of JSON each.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

COMMANDS = (
    "version",
    "init",
    "snapshots",
    "backup",
    "restore",
    "stats",
    "cat",
    "unlock",
    "list",
    "forget",
    "prune",
    "copy",
    "ls",
)


def main() -> int:
    name = os.environ["FAKE_RESTIC"]
    script = json.loads(Path(name).read_text())
    command = next((word for word in sys.argv[1:] if word in COMMANDS), "")
    with Path(f"{name}.calls").open("a") as calls:
        calls.write(json.dumps(sys.argv[1:]) + "\n")
    if command not in script["say"]:
        os.execv(script["real"], [script["real"], *sys.argv[1:]])
    status = 0
    for step in script["say"][command]:
        ((what, value),) = step.items()
        status = STEPS[what](value, script) or status
    return status


def say(number: int, text: bytes) -> None:
    while text:
        text = text[os.write(number, text) :]


def flood(value: list, script: dict) -> None:
    number, text, times = value
    for _ in range(times):
        say(number, text.encode())


def daemon(seconds: float, script: dict) -> None:
    if os.fork() == 0:
        time.sleep(seconds)
        os._exit(0)


def real(replacements: list, script: dict) -> int:
    import subprocess  # noqa: PLC0415 - only who needs it waits for it

    done = subprocess.run([script["real"], *sys.argv[1:]], stdout=subprocess.PIPE, check=False)
    text = done.stdout
    for old, new in replacements:
        text = text.replace(old.encode(), new.encode())
    say(1, text)
    return done.returncode


STEPS = {
    "out": lambda text, _: say(1, text.encode()),
    "err": lambda text, _: say(2, text.encode()),
    "hex": lambda text, _: say(1, bytes.fromhex(text)),
    "flood": flood,
    "sleep": lambda seconds, _: time.sleep(seconds),
    "exit": lambda status, _: sys.exit(status),
    "kill": lambda number, _: os.kill(os.getpid(), number),
    "stop": lambda _, __: os.kill(os.getpid(), signal.SIGSTOP),
    "daemon": daemon,
    "real": real,
}

if __name__ == "__main__":
    sys.exit(main())
