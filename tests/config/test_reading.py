"""Tables of the file: unknown keys, missing keys and secrets, each one problem with a hint."""

from pathlib import Path

import pytest

from support.builders.config_texts import ORDERS, REPOSITORY, problem_at, the_problem


@pytest.fixture
def config_file(tmp_path: Path) -> Path:
    return tmp_path / "readiness.toml"


def test_a_secret_in_the_config_is_not_repeated(config_file: Path) -> None:
    problem = the_problem(config_file, REPOSITORY + 'password = "hunter2"\n' + ORDERS)
    assert "hunter2" not in problem.message + problem.hint
    assert "password_file" in problem.hint


KEYS: list[tuple[str, str, str, str]] = [
    # extra text below [process.orders], key, message, hint
    ('rtoo = "1h"', "process.orders.rtoo", "not a key", 'Did you mean "rto"?'),
    ("paths2 = 1", "process.orders.paths2", "not a key", 'Did you mean "paths"?'),
    ('url = "/x"', "process.orders.url", "not a key", "belongs to [repository.NAME]"),
    ('"odd key" = 1', 'process.orders."odd key"', "not a key", "Known here"),
    (
        '[[process.orders.proof]]\nfile_count = { path = "/srv/orders", at_least = 1, most = 2 }',
        "process.orders.proof[0].file_count.most",
        "not a key",
        "Known here",
    ),
    ("proof = 5", "process.orders.proof", "must be a list", "[[process.NAME.proof]]"),
    ("step = [1]", "process.orders.step[0]", "must be a table", "[process.NAME.step]"),
]


@pytest.mark.parametrize(("extra", "key", "message", "hint"), KEYS, ids=[row[0] for row in KEYS])
def test_a_key_that_does_not_belong_there_is_one_problem(
    config_file: Path, extra: str, key: str, message: str, hint: str
) -> None:
    problem = problem_at(key, config_file, REPOSITORY + ORDERS + extra)
    assert message in problem.message
    assert hint in problem.hint


LACKING: list[tuple[str, str, str]] = [
    (REPOSITORY + "[process.orders]", "process.orders.paths", "is missing"),
    (REPOSITORY + "[process.orders]\npaths = []", "process.orders.paths", "must not be empty"),
    (REPOSITORY + 'password = "x"\n' + ORDERS, "repository.primary.password", "not a key"),
]


@pytest.mark.parametrize(("text", "key", "message"), LACKING, ids=[row[2] + row[1] for row in LACKING])
def test_a_key_that_is_missing_or_not_known_is_one_problem(
    config_file: Path, text: str, key: str, message: str
) -> None:
    problem = the_problem(config_file, text)
    assert problem.key == key
    assert message in problem.message
    assert problem.hint
