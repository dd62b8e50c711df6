"""What every command prints alike: runs, findings, the JSON envelope, and refusals."""

import json
from datetime import datetime
from typing import Any

import pytest
from msgspec.structs import replace

from agent.cli.parts.output import Invocation, print_error, print_findings, print_json, print_runs, untold
from agent.core.configuration.config import Alarm, Mail
from agent.errors import ConfigError, Exit, ResticError
from support.builders.shop import config, drill, wrong


def invocation(as_json: bool = False) -> Invocation:
    found = Invocation("/etc/readiness/readiness.toml")
    found.as_json = as_json
    return found


def printed_runs(*outcomes: Any, as_json: bool = False, of_none: Exit = Exit.NOT_TESTED) -> Exit:
    runs = ((drill(outcome=outcome), f"it {outcome}") for outcome in outcomes)
    return print_runs(
        invocation(as_json), "drill", "drills", runs, lambda one: {"outcome": one.outcome}, of_none
    )


@pytest.mark.parametrize(
    ("outcomes", "status"),
    [
        (["passed", "passed"], Exit.GOOD),
        (["passed", "not_tested"], Exit.NOT_TESTED),
        (["not_tested", "failed", "passed"], Exit.BAD),
        ([], Exit.NOT_TESTED),
    ],
)
def test_the_exit_status_is_that_of_the_worst_run(outcomes: list[str], status: Exit) -> None:
    assert printed_runs(*outcomes) == status


def test_where_nothing_had_to_run_the_command_says_what_that_means() -> None:
    assert printed_runs(of_none=Exit.GOOD) == Exit.GOOD


def test_a_run_is_printed_before_the_next_one_begins(capsys: pytest.CaptureFixture[str]) -> None:
    seen: list[str] = []

    def runs() -> Any:
        for name in ("first", "second"):
            seen.append(capsys.readouterr().out)
            yield drill(), name

    print_runs(invocation(), "drill", "drills", runs(), lambda _: {})
    assert seen == ["", "first\n"]


def test_for_scripts_all_runs_are_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    printed_runs("passed", "failed", as_json=True)
    answer = json.loads(capsys.readouterr().out)
    assert (answer["schema"], answer["exit"]) == ("readiness.drill/1", 1)
    assert answer["result"] == {"drills": [{"outcome": "passed"}, {"outcome": "failed"}]}


def test_an_object_says_when_with_an_offset_and_is_ascii_whatever_it_holds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_json("status", Exit.GOOD, {"path": "/srv/ü\udcff"})
    text = capsys.readouterr().out
    assert text.isascii()
    answer = json.loads(text)
    assert datetime.fromisoformat(answer["at"]).tzinfo is not None
    assert answer["result"] == {"path": "/srv/ü\udcff"}


def test_what_to_do_is_said_once_for_all_findings_that_share_it(capsys: pytest.CaptureFixture[str]) -> None:
    one, two = wrong("file-damaged"), replace(wrong("file-missing"), hint="Mend file-damaged.")
    print_findings([one, two, wrong("no-space", message="full\x1b[2J")])
    assert capsys.readouterr().out.splitlines() == [
        "  file-damaged: This is file-damaged.",
        "  file-missing: This is file-missing.",
        "    Mend file-damaged.",
        "  no-space: full\\x1b[2J",
        "    Mend no-space.",
    ]


def test_a_refusal_is_a_sentence_and_a_hint_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    print_error(invocation(), ResticError("It is away\x07.", "Bring it back."))
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "It is away\\x07.\nBring it back.\n")


def test_for_scripts_a_refusal_is_an_object_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    print_error(invocation(as_json=True), ConfigError("2 problems.", "", ["a", "b"]))
    printed = capsys.readouterr()
    answer = json.loads(printed.out)
    assert (answer["schema"], answer["exit"]) == ("readiness.error/1", 78)
    assert (answer["result"]["code"], answer["result"]["problems"]) == ("config-wrong", ["a", "b"])
    assert printed.err == "2 problems.\n"


@pytest.mark.parametrize(
    ("mail", "ping", "says"),
    [
        (None, "", "Nobody is told when something is wrong: there is no [mail] in "),
        (None, "https://hc.example/x", "Only the outside watcher is told when something is wrong: "),
        (Mail(sender="a@x", owner=("o@x",), admin=()), "", ""),
    ],
)
def test_that_nobody_hears_of_trouble_is_said(mail: Mail | None, ping: str, says: str) -> None:
    sentence = untold(replace(config(), mail=mail, alarm=Alarm(ping=ping)))
    assert sentence.startswith(says)
    assert bool(sentence) == bool(says)
