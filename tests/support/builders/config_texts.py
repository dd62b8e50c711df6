"""Config files as a few lines of text, and what is wrong with them."""

from pathlib import Path

import pytest

from agent.config import load
from agent.core.configuration.config import Config
from agent.core.configuration.problem import Problem
from agent.errors import ConfigError, Exit

REPOSITORY = '[repository.primary]\nurl = "/srv/backup"\npassword_file = "/etc/p"\n'
ORDERS = '[process.orders]\npaths = ["/srv/orders"]\n'
# a copy of each snapshot in plan B, and snapshots of their own in a third repository
TWO_COPIES = """
[repository.primary]
url = "/srv/backup"
password_file = "/etc/p"
[repository.planb]
url = "sftp:backup:/restic"
password_file = "/etc/p"
[repository.cloud]
url = "s3:https://s3.example/b"
password_file = "/etc/p"
fed_by = "snapshot"
[process.orders]
paths = ["/srv/orders"]
rpo = "4h"
keep = { daily = 14 }
[process.shop]
paths = ["/srv/shop"]
"""


def config_of(file: Path, text: str) -> Config:
    file.write_text(text)
    return load(str(file))


def problems_of(file: Path, text: str | bytes) -> list[Problem]:
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError) as refused:
        load(str(file))
    assert refused.value.exit == Exit.CONFIG
    problems: list[Problem] = refused.value.problems  # type: ignore[assignment]
    return problems


def the_problem(file: Path, text: str | bytes) -> Problem:
    (problem,) = problems_of(file, text)
    return problem


def problem_at(key: str, file: Path, text: str) -> Problem:
    """The only one at that key, whatever else is wrong."""
    (problem,) = [problem for problem in problems_of(file, text) if problem.key == key]
    return problem
