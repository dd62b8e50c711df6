"""What a process cannot do without, as its config says."""

from agent.core.configuration.config import (
    CriticalProcess,
    FileCountProof,
    NewestFileProof,
    NewestRowProof,
    SqliteProof,
)
from agent.core.text.patterns import is_pattern


def declared_databases(process: CriticalProcess) -> list[str]:
    """The SQLite databases that proofs name, each once, in the order of the config."""
    named = [proof.sqlite for proof in process.proofs if isinstance(proof, SqliteProof | NewestRowProof)]
    return list(dict.fromkeys(named))


def vital_paths(process: CriticalProcess) -> list[str]:
    """What must be in every snapshot: the declared vital paths and those that proofs look at."""
    looked_at = [
        proof.path
        for proof in process.proofs
        if isinstance(proof, FileCountProof)
        or (isinstance(proof, NewestFileProof) and not is_pattern(proof.path))
    ]
    return list(dict.fromkeys([*process.vital, *declared_databases(process), *looked_at]))
