"""What the config of a walk promises at the moment, and whether some files hold it, worked out by itself."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from support.walking.witness import Digest, below, chosen

HOUR = 3600


class Taken(NamedTuple):
    """The files as they were when a snapshot was taken, all of them, and what of them was asked for."""

    at: datetime
    files: Digest
    paths: tuple[str, ...]
    exclude: tuple[str, ...]
    moving: frozenset[str] = frozenset()  # what was written to meanwhile: nobody knows what it was

    @property
    def kept(self) -> Digest:
        return chosen(self.files, self.paths, self.exclude)


class Question(NamedTuple):
    """A proof: what of the config it is, so that the same name may ask something else later."""

    kind: str
    value: str


@dataclass
class Promise:
    source: Path
    paths: list[Path]
    exclude: list[str] = field(default_factory=list)
    vital: list[Path] = field(default_factory=list)
    proofs: dict[str, str] = field(default_factory=dict)  # by kind
    rpo: str = "2h"
    rto: str = "24h"
    minutes: int = 1  # of the only step
    two: bool = False  # plan B is in the config
    fed_by: str = "copy"

    @property
    def counted(self) -> Path:
        """Where proofs count files: below every choice of paths, else the config would be refused."""
        return self.source / "a"

    @property
    def rpo_seconds(self) -> int:
        return {"2h": 7200, "1s": 1}[self.rpo]

    @property
    def too_slow(self) -> bool:
        """Its step alone takes longer than promised."""
        return self.rto == "1h" and self.minutes > 60

    def questions(self) -> list[Question]:
        return [Question(kind, value) for kind, value in sorted(self.proofs.items())]

    def holds(self, question: Question, taken: Taken) -> bool:
        """Whether the answer would be good in what this snapshot holds."""
        files = {path: entry for path, entry in taken.kept.items() if entry.kind == "file"}
        if question.kind == "word":
            asked = files.get(str(self.source / "ok"))
            return asked is not None and question.value.encode() in asked.text
        mine = {path: entry for path, entry in files.items() if below(path, self.counted)}
        if question.kind == "count":
            return len(mine) >= int(question.value)
        newest = max((entry.mtime_ns for entry in mine.values()), default=0) / 1e9
        return taken.at.timestamp() - newest <= HOUR

    def toml(self) -> str:
        """The lines of the process."""
        lines = [
            f'rpo = "{self.rpo}"\nrto = "{self.rto}"\nmtd = "72h"',
            f"paths = {json.dumps([str(path) for path in self.paths])}",
            f"exclude = {json.dumps(self.exclude)}",
            f"vital = {json.dumps([str(path) for path in self.vital])}",
            "keep = {last = 2, at_most = 100}",
            f'[[process.orders.step]]\nname = "sign the form"\nminutes = {self.minutes}',
            *self._proofs(),
        ]
        return "\n".join(lines)

    def _proofs(self) -> Iterator[str]:
        here = str(self.counted)
        for kind, value in self.questions():
            if kind == "word":
                command = ["grep", "-q", value, f"{str(self.source)[1:]}/ok"]
                yield f'[[process.orders.proof]]\nname = "it says so"\ncommand = {json.dumps(command)}'
            elif kind == "count":
                asked = f"{{path = {json.dumps(here)}, at_least = {value}}}"
                yield f'[[process.orders.proof]]\nname = "enough files"\nfile_count = {asked}'
            else:
                asked = f'{{path = {json.dumps(here)}, max_age = "1h"}}'
                yield f'[[process.orders.proof]]\nname = "fresh files"\nnewest_file = {asked}'
