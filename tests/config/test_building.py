"""Loading a config: defaults, and every problem at once with its line and key."""

import os
from pathlib import Path

import pytest

from agent.config import load, read
from agent.core.configuration.config import (
    CommandProof,
    Config,
    FileCountProof,
    NewestRowProof,
    SqliteProof,
    Step,
)
from agent.core.configuration.problem import Problem
from agent.errors import ConfigError, Exit

REPOSITORY = '[repository.primary]\nurl = "/srv/backup"\npassword_file = "/etc/p"\n'
ORDERS = '[process.orders]\npaths = ["/srv/orders"]\n'


@pytest.fixture
def config_file(tmp_path: Path) -> Path:
    return tmp_path / "readiness.toml"


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


# ---- what is filled in --------------------------------------------------------------------------


def test_the_defaults_suit_a_process_that_only_names_its_paths(config_file: Path) -> None:
    (process,) = config_of(config_file, REPOSITORY + ORDERS).processes
    assert (process.tier, process.rto, process.rpo, process.mtd) == (2, 86400, 86400, 259200)
    assert (process.max_proof_age, process.promise, process.proofs) == (14 * 86400, "", ())


def test_the_tolerable_downtime_is_never_shorter_than_the_recovery_objective_by_default(
    config_file: Path,
) -> None:
    assert config_of(config_file, REPOSITORY + ORDERS + 'rto = "1w"').processes[0].mtd == 7 * 86400


def test_the_machine_fills_in_host_and_time_zone(config_file: Path) -> None:
    config = config_of(config_file, REPOSITORY + ORDERS)
    assert config.settings.host == os.uname().nodename
    assert config.business.time_zone


def test_scratch_lies_in_state_unless_told(config_file: Path) -> None:
    settings = config_of(config_file, '[agent]\nstate = "/x/state/"\n' + REPOSITORY + ORDERS).settings
    assert (settings.state, settings.scratch) == ("/x/state", "/x/state/scratch")


def test_holidays_may_be_dates_or_text_and_come_sorted(config_file: Path) -> None:
    business = config_of(
        config_file, '[business]\nholidays = ["2027-01-01", 2026-12-25]\n' + REPOSITORY + ORDERS
    ).business
    assert [day.isoformat() for day in business.holidays] == ["2026-12-25", "2027-01-01"]


def test_the_first_repository_of_the_file_is_the_primary(config_file: Path) -> None:
    text = '[repository.zulu]\nurl = "/z"\npassword_file = "/p"\n' + REPOSITORY + ORDERS
    assert [repository.name for repository in config_of(config_file, text).repositories] == [
        "zulu",
        "primary",
    ]


def test_a_byte_order_mark_and_windows_line_ends_are_no_problem(config_file: Path) -> None:
    config_file.write_bytes(b"\xef\xbb\xbf" + (REPOSITORY + ORDERS).replace("\n", "\r\n").encode())
    assert load(str(config_file)).processes[0].name == "orders"


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


# ---- files that are no config -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "because"),
    [
        (b"", "is empty"),
        (b"# only a comment\n", "is empty"),
        (b"\x7fELF\0\0\0", "is a binary file"),
        (b"a = 1\nb = '\xff'\n", "is not UTF-8"),
        (b"[process\n", "is not valid TOML"),
        (b"a = 1\na = 2\n", "is not valid TOML"),
        (b"x = " + b"[" * 100_000, "far too deep"),
        (b"x = " + b"9" * 5000, "thousands of digits"),
        (b"#" * (5 << 20), "larger than"),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_a_file_that_is_no_config_is_refused_in_one_sentence(
    config_file: Path, content: bytes, because: str
) -> None:
    problem = the_problem(config_file, content)
    assert because in problem.message
    assert problem.hint


def test_a_syntax_error_has_its_line(config_file: Path) -> None:
    assert the_problem(config_file, "[business]\nname = 'x'\ncloses = Fri\n").line == 3


def test_a_byte_that_is_not_utf8_has_its_line(config_file: Path) -> None:
    assert the_problem(config_file, b"[business]\n\nname = '\xff'\n").line == 3


def test_a_missing_file_says_how_to_begin(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist") as refused:
        load(str(tmp_path / "none.toml"))
    assert "readiness init" in refused.value.hint


@pytest.mark.parametrize("path", ["/", "/dev/null", "\0", "/dev/null/x", "/" + "x" * 5000])
def test_what_is_no_file_is_refused(path: str) -> None:
    with pytest.raises(ConfigError):
        load(path)


def test_an_unreadable_file_is_refused(config_file: Path) -> None:
    config_file.write_text(REPOSITORY)
    config_file.chmod(0)
    user = os.geteuid()
    os.seteuid(65534 if user == 0 else user)  # root may read every file
    try:
        with pytest.raises(ConfigError, match="may not be read"):
            load(str(config_file))
    finally:
        os.seteuid(user)


# ---- every problem at once ----------------------------------------------------------------------


def test_every_problem_is_named_with_its_line_and_key(config_file: Path) -> None:
    text = """
[agent]
stat = "/x"
[repository.primary]
url = "backup"
[process.orders]
paths = [
  "/srv/orders",
  "srv/labels",
  "/srv/orders/labels",
]
rto = "24 hours"
depends_on = ["shp"]
[[process.orders.step]]
name = "x"
[[process.orders.step]]
minutes = "5"
[process.shop]
paths = ["/srv/shop"]
"""
    assert [(problem.line, problem.key) for problem in problems_of(config_file, text)] == [
        (3, "agent.stat"),
        (4, "repository.primary.password_file"),
        (5, "repository.primary.url"),
        (9, "process.orders.paths[1]"),
        (10, "process.orders.paths[2]"),
        (12, "process.orders.rto"),
        (13, "process.orders.depends_on[0]"),
        (14, "process.orders.step[0].minutes"),
        (16, "process.orders.step[1].name"),
        (17, "process.orders.step[1].minutes"),
    ]


def test_the_error_itself_names_the_first_problem_and_counts_the_others(config_file: Path) -> None:
    config_file.write_text(REPOSITORY + ORDERS + "tier = 0\nrto = 1\n")
    with pytest.raises(ConfigError) as refused:
        load(str(config_file))
    expected = f"2 problems in {config_file}, the first in line 6: process.orders.tier: must be between"
    assert refused.value.message.startswith(expected)
    assert "\n" not in refused.value.message


ONE_PROBLEM: list[tuple[str, str, str, str]] = [
    # extra text below [process.orders], key, message, hint
    ('rtoo = "1h"', "process.orders.rtoo", "not a key", 'Did you mean "rto"?'),
    ("paths2 = 1", "process.orders.paths2", "not a key", 'Did you mean "paths"?'),
    ('url = "/x"', "process.orders.url", "not a key", "belongs to [repository.NAME]"),
    ('"odd key" = 1', 'process.orders."odd key"', "not a key", "Known here"),
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
    (
        '[[process.orders.proof]]\nfile_count = { path = "/srv/orders", at_least = 1, most = 2 }',
        "process.orders.proof[0].file_count.most",
        "not a key",
        "Known here",
    ),
    ("proof = 5", "process.orders.proof", "must be a list", "[[process.NAME.proof]]"),
    ("step = [1]", "process.orders.step[0]", "must be a table", "[process.NAME.step]"),
]


@pytest.mark.parametrize(
    ("extra", "key", "message", "hint"), ONE_PROBLEM, ids=[row[0] for row in ONE_PROBLEM]
)
def test_a_mistake_in_a_process_is_one_problem(
    config_file: Path, extra: str, key: str, message: str, hint: str
) -> None:
    problems = [
        problem for problem in problems_of(config_file, REPOSITORY + ORDERS + extra) if problem.key == key
    ]
    assert len(problems) == 1
    assert message in problems[0].message
    assert hint in problems[0].hint


ELSEWHERE: list[tuple[str, str, str]] = [
    (REPOSITORY, "", "there is no process in it"),
    (ORDERS, "", "there is no repository in it"),
    (REPOSITORY + "[process.orders]", "process.orders.paths", "is missing"),
    (REPOSITORY + "[process.orders]\npaths = []", "process.orders.paths", "must not be empty"),
    (REPOSITORY + ORDERS.replace("orders]", "Orders]"), "process.Orders", "cannot be a name"),
    (REPOSITORY + ORDERS.replace("orders]", '""]'), 'process.""', "cannot be a name"),
    (REPOSITORY + ORDERS.replace("orders]", '"a/b"]'), 'process."a/b"', "cannot be a name"),
    (REPOSITORY + ORDERS + "[proces.x]", "proces", "not a table that is known"),
    (REPOSITORY + '[process]\npaths = ["/srv"]', "process.paths", "must be a table"),
    (REPOSITORY + "[[process]]", "process", "must be a table"),
    ("process = 1\n" + REPOSITORY, "process", "must be a table"),
    (REPOSITORY + 'password = "x"\n' + ORDERS, "repository.primary.password", "not a key"),
    (REPOSITORY + ORDERS + '[business]\nopens = "Fri 17:00"', "business.opens", "same moment"),
    (REPOSITORY + REPOSITORY.replace("primary", "b") + ORDERS, "repository.b.url", "no second copy"),
]


@pytest.mark.parametrize(("text", "key", "message"), ELSEWHERE, ids=[row[2] + row[1] for row in ELSEWHERE])
def test_a_mistake_elsewhere_is_one_problem(config_file: Path, text: str, key: str, message: str) -> None:
    problem = the_problem(config_file, text)
    assert problem.key == key
    assert message in problem.message
    assert problem.hint


def test_a_secret_in_the_config_is_not_repeated(config_file: Path) -> None:
    problem = the_problem(config_file, REPOSITORY + 'password = "hunter2"\n' + ORDERS)
    assert "hunter2" not in problem.message + problem.hint
    assert "password_file" in problem.hint


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


def test_what_could_be_read_is_kept_beside_the_problems(config_file: Path) -> None:
    config_file.write_text(REPOSITORY + ORDERS + "tier = 0\n[process.shop]\n")
    config = read(str(config_file)).config
    assert config is not None
    assert [process.name for process in config.processes] == ["orders"]
