"""What only shows when values are held against each other: circles, overlaps, contradictions."""

from pathlib import Path

import pytest

from support.builders.config_texts import ORDERS, REPOSITORY, problem_at, problems_of, the_problem


@pytest.fixture
def config_file(tmp_path: Path) -> Path:
    return tmp_path / "readiness.toml"


def test_a_path_named_twice_or_nested_is_refused(config_file: Path) -> None:
    text = REPOSITORY + '[process.orders]\npaths = ["/srv/o/labels", "/srv/o", "/srv/o/", "/srv/o2"]\n'
    assert [(problem.key, problem.message) for problem in problems_of(config_file, text)] == [
        ("process.orders.paths[0]", "/srv/o/labels lies inside /srv/o, which is listed too"),
        ("process.orders.paths[2]", "/srv/o is named twice"),
    ]


def test_every_circle_of_dependencies_is_named_once(config_file: Path) -> None:
    def process(name: str, *needs: str) -> str:
        return f'[process.{name}]\npaths = ["/srv/{name}"]\ndepends_on = {list(needs)}\n'

    text = REPOSITORY + process("a", "b") + process("b", "c") + process("c", "a")
    text += process("d", "a") + process("e", "f") + process("f", "e") + process("g")
    assert [problem.message for problem in problems_of(config_file, text)] == [
        "goes round in a circle: a -> b -> c -> a",
        "goes round in a circle: e -> f -> e",
    ]


CONTRADICTIONS: list[tuple[str, str, str, str]] = [
    # extra text below [process.orders], key, message, hint
    ('depends_on = ["orders"]', "process.orders.depends_on", "orders -> orders", "Take one"),
    ('depends_on = ["order"]', "process.orders.depends_on[0]", "no process", 'Did you mean "orders"?'),
    ('rto = "3d"\nmtd = "2d"', "process.orders.rto", "maximum tolerable downtime", "Shorten"),
    ('vital = ["/srv/mail/x"]', "process.orders.vital[0]", "outside of the paths", "Add it"),
    (
        'vital = ["/srv/orders/a.db"]\nexclude = ["*.db"]',
        "process.orders.vital[0]",
        "would not be in",
        "Narrow",
    ),
    (
        'vital = ["/srv/orders/db/a"]\nexclude = ["/srv/orders/db"]',
        "process.orders.vital[0]",
        "would not be in any snapshot",
        "Narrow",
    ),
    ('exclude = ["/srv"]', "process.orders.paths[0]", "would not be in any snapshot", "Narrow"),
    (
        'exclude = ["**/*.zip"]\n[[process.orders.proof]]\narchive = "/srv/orders/a.zip"',
        "process.orders.proof[0]",
        "would not be in any snapshot",
        "Narrow",
    ),
    (
        '[[process.orders.proof]]\nsqlite = "/srv/x.db"',
        "process.orders.proof[0]",
        "outside",
        "Proofs only see",
    ),
    (
        '[[process.orders.proof]]\narchive = "/srv/*.zip"',
        "process.orders.proof[0]",
        "outside",
        "Proofs only see",
    ),
]


@pytest.mark.parametrize(
    ("extra", "key", "message", "hint"), CONTRADICTIONS, ids=[row[0] for row in CONTRADICTIONS]
)
def test_a_process_that_contradicts_itself_is_one_problem(
    config_file: Path, extra: str, key: str, message: str, hint: str
) -> None:
    problem = problem_at(key, config_file, REPOSITORY + ORDERS + extra)
    assert message in problem.message
    assert hint in problem.hint


ELSEWHERE: list[tuple[str, str, str]] = [
    (REPOSITORY + ORDERS + '[business]\nopens = "Fri 17:00"', "business.opens", "same moment"),
    (REPOSITORY + REPOSITORY.replace("primary", "b") + ORDERS, "repository.b.url", "no second copy"),
]


@pytest.mark.parametrize(("text", "key", "message"), ELSEWHERE, ids=[row[2] + row[1] for row in ELSEWHERE])
def test_a_contradiction_elsewhere_is_one_problem(
    config_file: Path, text: str, key: str, message: str
) -> None:
    problem = the_problem(config_file, text)
    assert problem.key == key
    assert message in problem.message
    assert problem.hint
