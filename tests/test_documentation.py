"""README says what the program does: every command, option, config key, exit status and finding code."""

import re

import click
import pytest

from agent.config.keys import KEYS, Key
from agent.core.model.findings import CODES
from agent.errors import Exit
from support.our_code import LEAVES, literals
from support.places import ROOT

README = (ROOT / "README.md").read_text()
GLOBAL = {"--config", "--json", "--verbose", "--version", "--help"}


def _section(title: str) -> str:
    """The text below one second-level heading, up to the next one."""
    _, found, rest = README.partition(f"\n## {title}\n")
    assert found, f"README has no section {title}"
    return rest.partition("\n## ")[0]


def _options(command: click.Command) -> set[str]:
    """The long names of a command's own options."""
    options = [p for p in command.params if isinstance(p, click.Option)]
    return {max(option.opts, key=len) for option in options} - GLOBAL


@pytest.mark.parametrize("path", LEAVES)
def test_every_command_is_documented_with_exactly_its_options(path: str) -> None:
    rows = [row for row in _section("Commands").splitlines() if row.startswith(f"| `readiness {path}")]

    assert len(rows) == 1
    assert set(re.findall(r"--[a-z][a-z-]*", rows[0])) - GLOBAL == _options(LEAVES[path])


def test_no_command_is_documented_that_does_not_exist() -> None:
    documented = re.findall(r"^\| `readiness ([a-z]+(?: [a-z]+)?)", _section("Commands"), re.M)

    assert sorted(documented) == sorted(LEAVES)


def test_every_option_of_all_commands_is_documented() -> None:
    assert {option for option in GLOBAL if f"`{option}" not in _section("Commands")} == set()


def _row(key: Key) -> str:
    default = f"`{key.shown_default}`" if key.shown_default and not key.shown else key.shown_default
    return f"| `{key.name}` | {'required' if key.required else default or '-'} | {key.meaning} |"


def test_every_config_key_is_documented_with_its_default() -> None:
    section = _section("The config")

    assert [key.path for key in KEYS if _row(key) not in section] == []


def test_no_config_key_is_documented_that_does_not_exist() -> None:
    documented = re.findall(r"^\| `([a-z_]+)` \|", _section("The config"), re.M)

    assert set(documented) <= {key.name for key in KEYS}


def test_every_exit_status_is_documented() -> None:
    documented = re.findall(r"^\| (\d+) \|", _section("Exit statuses"), re.M)

    assert sorted(map(int, documented)) == sorted(Exit)


def test_every_finding_is_documented_with_its_meaning() -> None:
    section = _section("Findings")

    rows = {code: f"| `{code}` | {severity} | {meaning} |" for code, (severity, meaning) in CODES.items()}
    assert [code for code, row in rows.items() if row not in section] == []


def test_no_finding_is_documented_that_does_not_exist() -> None:
    documented = re.findall(r"^\| `([a-z-]+)` \|", _section("Findings"), re.M)

    assert sorted(documented) == sorted(CODES)


def test_every_reason_is_documented_and_no_other() -> None:
    documented = re.findall(r"^\| `([a-z-]+)` \|", _section("Reasons"), re.M)

    assert sorted(documented) == sorted(literals("reason") | literals("_reason"))


def test_every_finding_that_is_made_has_a_code_of_its_own() -> None:
    assert literals("finding") - set(CODES) == set()


def test_every_file_that_readme_points_to_is_there() -> None:
    links = re.findall(r"\]\((?!https:)([^)#]+)\)", README)

    assert [link for link in links if not (ROOT / link).exists()] == []
