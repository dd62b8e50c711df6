"""What the config promised at a moment, for records that outlive it: no secrets and no addresses."""

from collections.abc import Sequence

from msgspec import Struct

from agent.core.configuration.config import Config, CriticalProcess, Rhythm
from agent.core.text.plain import duration


class PromisedProcess(Struct, frozen=True, kw_only=True):
    """The objectives of one process and what stands behind them; durations in seconds."""

    name: str
    tier: int
    owner: str
    rto: int
    rpo: int
    mtd: int
    max_proof_age: int
    steps: int  # declared for people
    drill: str  # the rhythm in words
    drill_every: int | None  # seconds; None for a cron expression
    drill_cron: str
    paths: int
    excludes: int
    vital: int
    proofs: int


class ConfigRecord(Struct, frozen=True, kw_only=True):
    """The config as it was when something began to use it; written when it differs from the one before."""

    sha256: str  # of the config file
    time_zone: str
    repositories: tuple[str, ...]  # names, the first is the primary
    processes: tuple[PromisedProcess, ...]


def config_to_note(config: Config, noted: Sequence[ConfigRecord]) -> ConfigRecord | None:
    """What to record of `config`; None when the newest of `noted`, the first, says the same."""
    record = ConfigRecord(
        sha256=config.sha256,
        time_zone=config.business.time_zone,
        repositories=tuple(repository.name for repository in config.repositories),
        processes=tuple(_promised(process) for process in config.processes),
    )
    return None if record in noted[:1] else record


def _promised(process: CriticalProcess) -> PromisedProcess:
    return PromisedProcess(
        name=process.name,
        tier=process.tier,
        owner=process.owner,
        rto=process.rto,
        rpo=process.rpo,
        mtd=process.mtd,
        max_proof_age=process.max_proof_age,
        steps=60 * sum(step.minutes for step in process.steps),
        drill=rhythm_words(process.drill),
        drill_every=process.drill.every,
        drill_cron=process.drill.cron,
        paths=len(process.paths),
        excludes=len(process.exclude),
        vital=len(process.vital),
        proofs=len(process.proofs),
    )


def rhythm_words(rhythm: Rhythm) -> str:
    """ "every 7 d", "by cron 30 2 * * *"."""
    return f"every {duration(rhythm.every)}" if rhythm.every is not None else f"by cron {rhythm.cron}"
