"""How new snapshots of a process get into each repository: the commands that hints name."""

from agent.core.configuration.config import Config, CriticalProcess, Repository


def renewal(process: str, repository: Repository, first: Repository) -> str:
    """The command that brings the repository up to date."""
    if repository.name == first.name:
        return f"readiness snapshot {process}"
    verb = "snapshot" if repository.fed_by == "snapshot" else "copy"
    return f"readiness {verb} {process} --to {repository.name}"


def renewals(process: CriticalProcess, config: Config) -> dict[str, str]:
    """That command for every repository, by its name."""
    first = config.repositories[0] if config.repositories else None
    return {one.name: renewal(process.name, one, first) for one in config.repositories if first}


def drilling(process: str, repository: str, first: str) -> str:
    """The command that drills the process from the repository."""
    return f"readiness drill {process}" + (f" --from {repository}" if repository != first else "")
