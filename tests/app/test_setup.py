"""The wiring of `validate`: the file first, then what only the machine can tell."""

from pathlib import Path

from agent.app.setup import places, validate
from support.builders.recorded_shop import recorded_shop


def messages(file: Path) -> list[str]:
    return [problem.message for problem in validate(str(file)).problems]


def test_the_machine_says_where_the_copies_lie(tmp_path: Path) -> None:
    file = recorded_shop(tmp_path)
    file.write_text(file.read_text().replace("/srv/orders", str(tmp_path)))
    config = validate(str(file)).config
    assert config is not None
    (found,) = places(config)
    assert (found.repository, found.process, found.placed.place) == ("primary", "orders", "same-disk")


def test_of_a_file_that_is_no_config_the_machine_is_not_asked(tmp_path: Path) -> None:
    file = recorded_shop(tmp_path)
    (tmp_path / "password").unlink()
    file.write_text(file.read_text() + "[[[")
    assert len(messages(file)) == 1


def test_the_machine_is_asked_as_well_and_its_words_have_lines(tmp_path: Path) -> None:
    file = recorded_shop(tmp_path)
    (tmp_path / "password").unlink()
    reading = validate(str(file))
    [missing] = [one for one in reading.problems if one.key == "repository.primary.password_file"]
    assert missing.message == f"{tmp_path}/password is not there"
    assert missing.line == file.read_text().splitlines().index(f'password_file = "{tmp_path}/password"') + 1


def test_a_damaged_ledger_is_a_problem_and_no_end(tmp_path: Path) -> None:
    file = recorded_shop(tmp_path)
    (tmp_path / "state" / "ledger.db").write_bytes(b"no ledger" * 999)
    [found] = [one for one in validate(str(file)).problems if one.key == "agent.state"]
    assert found.message == f"The ledger {tmp_path}/state/ledger.db is damaged: file is not a database."
