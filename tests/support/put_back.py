"""A business as something dear left it, made once for each restic and put back for every test.

Always at the same place: a state knows where its repository and its sources lie, and a copy elsewhere would
be told of as one that moved.
"""

import copy
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from support.builders.readiness_cli import Shop


class PutBack:
    """`make` sets up what each test begins with; it holds for itself that it worked."""

    def __init__(self, place: Path, make: Callable[[Path, Path], Shop]) -> None:
        self._place, self._make = place, make
        self._made: dict[Path, Shop] = {}

    def shop(self, restic: Path) -> Shop:
        """As if no other test had been here."""
        here = self._place / restic.parent.name / "now"
        kept = here.with_name("kept")
        if restic not in self._made:
            shutil.rmtree(here, ignore_errors=True)
            here.mkdir(parents=True)
            made = self._make(here, restic)
            subprocess.run(["cp", "-a", here, kept], check=True)
            self._made[restic] = made
        shutil.rmtree(here)
        subprocess.run(["cp", "-a", kept, here], check=True)
        return copy.deepcopy(self._made[restic])
