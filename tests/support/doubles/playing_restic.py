"""Makes a program that plays restic, for tests to give to our code as restic."""

import json
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from support.places import FAKE_RESTIC

Script = Mapping[str, Sequence[Mapping[str, Any]]]  # what it does for each command: see fake_restic.py


def playing(base: Path, say: Script, real: Path | str = "/bin/false") -> Path:
    """A program in `base`: does what `say` has for a command, and leaves other commands to `real`."""
    script = base / "script.json"
    script.write_text(json.dumps({"real": str(real), "say": say}))
    # by the interpreter itself without its site: the tests start it some hundred times
    words = [sys.executable, "-IS", FAKE_RESTIC]
    program = base / "playing-restic"
    program.write_text(
        f"#!/bin/sh\nexport FAKE_RESTIC={shlex.quote(str(script))}\n"
        f'exec {" ".join(shlex.quote(str(word)) for word in words)} "$@"\n'
    )
    program.chmod(0o755)
    return program


def calls_of(program: Path) -> list[list[str]]:
    """The words of every call so far."""
    noted = program.with_name("script.json.calls")
    return [json.loads(line) for line in noted.read_text().splitlines()] if noted.exists() else []
