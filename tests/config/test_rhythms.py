"""When the service does what, as the config says it: `every`, `cron`, `keep`, `check`."""

from pathlib import Path

import pytest

from agent.config import read
from agent.core.configuration.config import Config, Keep, Rhythm

TEXT = """
[repository.primary]
url = "/srv/backup"
password_file = "/etc/p"
{repository}
[process.orders]
paths = ["/srv/orders"]
{process}
"""


def config(tmp_path: Path, process: str = "", repository: str = "") -> Config:
    file = tmp_path / "c.toml"
    file.write_text(TEXT.format(process=process, repository=repository))
    reading = read(str(file))
    assert reading.config
    assert reading.problems == ()
    return reading.config


def problem(tmp_path: Path, process: str = "", repository: str = "") -> str:
    file = tmp_path / "c.toml"
    file.write_text(TEXT.format(process=process, repository=repository))
    [one] = read(str(file)).problems
    return f"{one.key}: {one.message}"


def test_without_a_word_a_snapshot_is_taken_twice_within_the_objective(tmp_path: Path) -> None:
    [orders] = config(tmp_path, 'rpo = "2h"\nmax_proof_age = "10d"').processes

    assert (orders.snapshot, orders.drill) == (Rhythm(every=3600), Rhythm(every=5 * 86_400))


def test_without_a_word_nothing_is_ever_removed(tmp_path: Path) -> None:
    assert config(tmp_path).processes[0].keep is None


def test_without_a_word_the_owner_reads_on_thursday_afternoon(tmp_path: Path) -> None:
    assert config(tmp_path).settings.report == Rhythm(cron="0 15 * * 4")


def test_every_and_cron_are_read(tmp_path: Path) -> None:
    more = 'snapshot = { every = "1h30m" }\ndrill = { cron = "30 3 * * 6" }'
    [orders] = config(tmp_path, more).processes

    assert (orders.snapshot, orders.drill) == (Rhythm(every=5400), Rhythm(cron="30 3 * * 6"))


def test_what_is_kept_is_read(tmp_path: Path) -> None:
    more = 'keep = { daily = 14, within = "3d", at_most = 20, cron = "0 4 * * *" }'

    assert config(tmp_path, more).processes[0].keep == Keep(
        rhythm=Rhythm(cron="0 4 * * *"), at_most=20, daily=14, within=3 * 86_400
    )


def test_a_check_has_its_parts(tmp_path: Path) -> None:
    [primary] = config(tmp_path, repository='check = { every = "12h", parts = 7 }').repositories

    assert (primary.check, primary.check_parts) == (Rhythm(every=43_200), 7)


@pytest.mark.parametrize(
    ("process", "expected"),
    [
        (
            'snapshot = { every = "1h", cron = "0 * * * *" }',
            "process.orders.snapshot.cron: stands beside every, so that it is not clear which counts",
        ),
        ('snapshot = { every = "30s" }', "process.orders.snapshot.every: is shorter than a minute"),
        (
            'drill = { cron = "0 3 * *" }',
            'process.orders.drill.cron: "0 3 * *" is not a cron expression of five fields',
        ),
        (
            'drill = { cron = "0 3 30 2 *" }',
            'process.orders.drill.cron: "0 3 30 2 *" is not a cron expression that ever comes round',
        ),
        (
            'drill = { cron = "99 3 * * *" }',
            'process.orders.drill.cron: "99 3 * * *" is not a cron expression that ever comes round',
        ),
        ("keep = { at_most = 50 }", "process.orders.keep: names no snapshots to keep"),
        ("keep = { daily = -1 }", "process.orders.keep.daily: must be between 0 and 10000, not -1"),
        ('snapshot = "1h"', 'process.orders.snapshot: must be a table, not "1h"'),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(tmp_path: Path, process: str, expected: str) -> None:
    assert problem(tmp_path, process) == expected


@pytest.mark.parametrize(
    ("repository", "expected"),
    [
        ('fed_by = "magic"', 'repository.primary.fed_by: must be copy or snapshot, not "magic"'),
        (
            'options = ["sftp"]',
            'repository.primary.options[0]: "sftp" is not an option of restic\'s -o',
        ),
        ("check = { parts = 0 }", "repository.primary.check.parts: must be between 1 and 256, not 0"),
    ],
)
def test_what_is_wrong_with_a_repository_is_said_in_one_sentence(
    tmp_path: Path, repository: str, expected: str
) -> None:
    assert problem(tmp_path, repository=repository) == expected
