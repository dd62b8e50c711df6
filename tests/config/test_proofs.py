"""Proofs and the steps beside them: of which kind each is, and what it lacks."""

from pathlib import Path

import pytest

from agent.core.configuration.config import CommandProof, FileCountProof, NewestRowProof, SqliteProof, Step
from support.builders.config_texts import ORDERS, REPOSITORY, config_of, problem_at


@pytest.fixture
def config_file(tmp_path: Path) -> Path:
    return tmp_path / "readiness.toml"


def test_proofs_and_steps_are_read_by_their_kind(config_file: Path) -> None:
    proofs = """
    [[process.orders.proof]]
    command = ["sqlite3", "srv/orders/o.db", "PRAGMA integrity_check"]
    expect = "ok"
    [[process.orders.proof]]
    sqlite = "/srv/orders/o.db"
    [[process.orders.proof]]
    newest_row = { sqlite = "/srv/orders/o.db", query = "SELECT max(at) FROM o", max_age = "2h" }
    [[process.orders.proof]]
    name = "enough"
    file_count = { path = "/srv/orders", at_least = 3 }
    [[process.orders.step]]
    name = "connect the printer"
    minutes = 30
    """
    (process,) = config_of(config_file, REPOSITORY + ORDERS + proofs).processes
    command = ("sqlite3", "srv/orders/o.db", "PRAGMA integrity_check")
    assert process.proofs == (
        CommandProof(name="sqlite3 says that all is well", command=command, expect="ok", timeout=300),
        SqliteProof(name="o.db is sound", sqlite="/srv/orders/o.db"),
        NewestRowProof(
            name="the newest row of o.db is recent",
            sqlite="/srv/orders/o.db",
            query="SELECT max(at) FROM o",
            max_age=7200,
        ),
        FileCountProof(name="enough", path="/srv/orders", at_least=3),
    )
    assert process.steps == (Step("connect the printer", 30),)


INCOMPLETE: list[tuple[str, str, str, str]] = [
    # extra text below [process.orders], key, message, hint
    (
        '[[process.orders.proof]]\nname = "x"',
        "process.orders.proof[0]",
        "does not say what to check",
        "Give one",
    ),
    (
        '[[process.orders.proof]]\nsqlite = "/srv/orders/x"\nexpect = "ok"',
        "process.orders.proof[0].expect",
        "only goes with command",
        "Take it out",
    ),
    (
        '[[process.orders.proof]]\nsqlite = "/srv/orders/x"\narchive = "/srv/orders/y"',
        "process.orders.proof[0].archive",
        "more than one proof",
        "one proof for each",
    ),
    (
        "[[process.orders.proof]]\ncommand = []",
        "process.orders.proof[0].command",
        "names no program",
        "Such as",
    ),
]


@pytest.mark.parametrize(("extra", "key", "message", "hint"), INCOMPLETE, ids=[row[0] for row in INCOMPLETE])
def test_a_proof_of_no_kind_or_of_two_is_one_problem(
    config_file: Path, extra: str, key: str, message: str, hint: str
) -> None:
    problem = problem_at(key, config_file, REPOSITORY + ORDERS + extra)
    assert message in problem.message
    assert hint in problem.hint
