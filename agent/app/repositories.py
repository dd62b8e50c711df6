"""restic for the repositories of a config."""

from typing import TYPE_CHECKING

from agent.core.configuration.config import Config
from agent.core.configuration.config import Repository as RepositoryConfig

if TYPE_CHECKING:
    from agent.adapters.restic.repository import Restic


def restic_for(config: Config, repository: RepositoryConfig) -> "Restic":
    """restic for one repository, with the agent's own cache."""
    from agent.adapters.restic.repository import Restic

    settings = config.settings
    return Restic(settings.restic, repository, f"{settings.state}/cache", settings.stall_timeout)
