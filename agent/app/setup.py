"""Composition root of `readiness init` and `readiness validate`."""

from typing import TYPE_CHECKING

from agent.app.config import become_service, with_scratch
from agent.app.ledger import ledger_path
from agent.core.configuration.config import Repository as RepositoryConfig

if TYPE_CHECKING:
    from agent.config import Reading
    from agent.core.configuration.config import Config
    from agent.operations.setup.initialise import Initialised, Wish
    from agent.operations.setup.places import Where

INIT_SECONDS = 120  # for a repository to be made, or to answer


def initialise(wish: "Wish") -> "Initialised":
    """Write a config to start from, a password file and the repository."""
    from agent.adapters.host import identity
    from agent.adapters.restic.repository import Restic
    from agent.adapters.setup.setup_files import LocalSetupFiles
    from agent.operations.setup.initialise import initialise as set_up

    owner = identity.service_user(wish.config_file, wish.state)  # what decides stays root's, and only that

    def open_repository(url: str, password_file: str, state: str) -> Restic:
        repository = RepositoryConfig(name="primary", url=url, password_file=password_file)
        restic = Restic("restic", repository, f"{state}/cache", stall_timeout=INIT_SECONDS)
        restic.by = identity.as_restorer(owner) if owner else ()
        return restic

    return set_up(wish, LocalSetupFiles(owner), open_repository)


def validate(file: str) -> "Reading":
    """Every problem of a config file, also those that only this machine can tell."""
    from agent.adapters.ledger.ledger import open_reader
    from agent.adapters.setup.machine import LocalMachine
    from agent.config import read, with_noted
    from agent.operations.setup.validate import validate as check

    reading = read(file)
    config = reading.config
    if config is None or not reading.trusted:
        return reading
    become_service(config.file, config.settings.state)
    config = with_scratch(config)
    noted = check(config, LocalMachine(), lambda: open_reader(ledger_path(config), config.repositories))
    return with_noted(reading, file, noted)


def places(config: "Config") -> list["Where"]:
    """Where every repository lies as seen from the files of every process."""
    from agent.adapters.setup.machine import LocalMachine
    from agent.operations.setup.places import where_they_lie

    return where_they_lie(config, LocalMachine())
