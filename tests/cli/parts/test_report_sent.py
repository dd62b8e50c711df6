"""What is said of a report that was to be mailed at once."""

import json

import pytest

from agent.cli.parts.output import Invocation
from agent.cli.parts.report_sent import print_sent
from agent.core.telling.outbox import Outbox, Waiting
from agent.errors import Exit
from agent.operations.telling.notify import Sent
from support.builders.mails import message

GONE = Sent(message=message(), outbox=Outbox(waiting=()))
WAITS = Sent(
    message=message(),
    outbox=Outbox(
        waiting=(Waiting(message=message(), recipients=message().recipients),),
        trouble="Nobody answers at mail.shop.example.\x1b[2J",
    ),
)
PEOPLE = "admin@shop.example and deputy@shop.example"


def invocation(as_json: bool = False) -> Invocation:
    found = Invocation("readiness.toml")
    found.as_json = as_json
    return found


def test_it_says_to_whom_it_went(capsys: pytest.CaptureFixture[str]) -> None:
    assert print_sent(invocation(), GONE) == Exit.GOOD
    assert capsys.readouterr().out == f"Sent to {PEOPLE}.\n"


def test_mail_that_waits_could_not_be_tested_and_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    assert print_sent(invocation(), WAITS) == Exit.NOT_TESTED
    assert capsys.readouterr().out.splitlines() == [
        f"The mail to {PEOPLE} waits: it is tried again.",
        "  Nobody answers at mail.shop.example.\\x1b[2J",
    ]


def test_for_scripts_it_is_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    assert print_sent(invocation(as_json=True), WAITS) == Exit.NOT_TESTED
    answer = json.loads(capsys.readouterr().out)
    assert (answer["schema"], answer["exit"]) == ("readiness.report-sent/1", 3)
    assert (answer["result"]["message"], answer["result"]["waits"]) == ("m1", True)


@pytest.mark.parametrize("sent", [GONE, WAITS])
def test_where_one_object_was_printed_no_second_one_follows(
    capsys: pytest.CaptureFixture[str], sent: Sent
) -> None:
    print_sent(invocation(as_json=True), sent, quiet=True)
    assert capsys.readouterr().out == ""
