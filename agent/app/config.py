"""Loading the config, who we are then, and what of it was asked for."""

import os

from msgspec.structs import replace

from agent.core.configuration.config import Config, CriticalProcess
from agent.core.configuration.config import Repository as RepositoryConfig
from agent.errors import ResticError, UsageError


def load_config(file: str) -> Config:
    """The config, or ConfigError with everything that is wrong with it.

    As root on the service's own work we go on as its user: nothing there is to become root's.
    """
    from agent.config import load

    config = load(file)
    become_service(config.file, config.settings.state)
    config = with_scratch(config)
    return replace(config, repositories=tuple(map(_with_leads, config.repositories)))


def with_scratch(config: Config) -> Config:
    """With the scratch of drills: those of the service restore into no place where its own user may write."""
    from agent.adapters.host import identity

    settings = config.settings
    if settings.scratch != f"{settings.state.rstrip('/')}/scratch" or not identity.of_the_service():
        return config
    return replace(config, settings=replace(settings, scratch=f"{identity.DRILL_PLACE}/scratch"))


def _with_leads(repository: RepositoryConfig) -> RepositoryConfig:
    """With what its environment file says of the place, where that may be read."""
    if not repository.environment_file:
        return repository
    from agent.adapters.restic.environment_file import read_environment
    from agent.core.configuration.whereabouts import leads_to

    try:
        return replace(repository, leads=leads_to(read_environment(repository.environment_file)))
    except ResticError:
        return repository


def become_service(config_file: str, state: str) -> None:
    """As root on the work of the installed service, go on as its user."""
    if os.geteuid() == 0:  # only then is it worth an import
        from agent.adapters.host import identity

        identity.become_service(config_file, state)


def take_file_rights() -> None:
    """For what writes elsewhere than in the state, or gives files to others."""
    from agent.adapters.host import identity

    identity.take_file_rights()


def chosen_processes(config: Config, names: tuple[str, ...]) -> list[CriticalProcess]:
    """The named processes, all for none; UsageError for a name that the config does not have."""
    known = {process.name: process for process in config.processes}
    for name in names:
        if name not in known:
            raise UsageError(f"There is no process {name} in {config.file}.", f"It has {', '.join(known)}.")
    return [known[name] for name in dict.fromkeys(names)] or list(config.processes)


def chosen_repository(config: Config, name: str | None) -> RepositoryConfig:
    """The named repository, the first for None; UsageError for a name that the config does not have."""
    known = {repository.name: repository for repository in config.repositories}
    if name is not None and name not in known:
        raise UsageError(f"There is no repository {name} in {config.file}.", f"It has {', '.join(known)}.")
    return known[name] if name else config.repositories[0]
