"""One file becomes a config or every problem in it at once, each with its line, and nothing else happens."""

import os
import pwd
from pathlib import Path

import pytest

from agent.adapters.host import identity
from agent.config import load, read
from agent.errors import ConfigError
from support.builders.config_texts import ORDERS, REPOSITORY, problems_of, the_problem


@pytest.fixture
def config_file(tmp_path: Path) -> Path:
    return tmp_path / "readiness.toml"


def test_a_byte_order_mark_and_windows_line_ends_are_no_problem(config_file: Path) -> None:
    config_file.write_bytes(b"\xef\xbb\xbf" + (REPOSITORY + ORDERS).replace("\n", "\r\n").encode())
    assert load(str(config_file)).processes[0].name == "orders"


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


def test_a_relative_path_does_not_hide_who_may_change_what_lies_above(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = tmp_path / "above" / "inner"
    inner.mkdir(parents=True)
    (inner / "readiness.toml").write_text(REPOSITORY + ORDERS)
    monkeypatch.chdir(inner)
    assert read("readiness.toml").trusted
    inner.parent.chmod(0o777)

    reading = read("readiness.toml")

    assert (reading.trusted, reading.config is None) == (False, False), "what is wrong in it is said as well"
    with pytest.raises(ConfigError, match=r"may be replaced by others: .*above can be changed by every user"):
        load("readiness.toml")


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644])
def test_who_may_only_read_it_decides_nothing(config_file: Path, mode: int) -> None:
    config_file.write_text(REPOSITORY + ORDERS)
    config_file.chmod(mode)
    assert read(str(config_file)).trusted


def test_the_user_of_the_service_does_not_decide_what_is_done_with_its_rights(
    config_file: Path, monkeypatch: pytest.MonkeyPatch, as_root: None
) -> None:
    """Whoever is that user without the service's rights would have them."""
    config_file.write_text(REPOSITORY + ORDERS)
    user = pwd.getpwnam("nobody").pw_uid
    os.chown(config_file, user, -1)
    for place in (config_file.parent, *config_file.parent.parents):
        assert place.stat().st_uid == 0
    monkeypatch.setattr(os, "geteuid", lambda: user)
    for rights, trusted in (
        ((), True),
        (identity.READING, False),
        (identity.RESTORING, False),
        ((35,), True),
    ):
        mask = sum(1 << right for right in rights)
        monkeypatch.setattr(identity, "_effective", lambda mask=mask: mask)
        assert read(str(config_file)).trusted == trusted


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


def test_what_could_be_read_is_kept_beside_the_problems(config_file: Path) -> None:
    config_file.write_text(REPOSITORY + ORDERS + "tier = 0\n[process.shop]\n")
    config = read(str(config_file)).config
    assert config is not None
    assert [process.name for process in config.processes] == ["orders"]
