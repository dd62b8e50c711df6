"""Mail handed to the machine's own sendmail: a real exim4, and programs that end in every other way."""

import os
import signal
from pathlib import Path

import pytest

from agent.adapters.mail import sendmail
from agent.adapters.mail.sendmail import SendmailCourier
from agent.core.configuration.config import Mail
from agent.core.model.notices import Receipt
from agent.errors import MailError
from support.builders.mails import LETTERHEAD, message, part
from support.servers.mail_server import DOMAIN, MailServer
from support.waiting import until

OWNER = f"owner@{DOMAIN}"


def courier(program: Path | str) -> SendmailCourier:
    mail = Mail(sender=f"readiness@{DOMAIN}", owner=(OWNER,), admin=(), sendmail=str(program))
    return SendmailCourier(mail, LETTERHEAD)


@pytest.fixture
def begun() -> list[str]:
    return []


def deliver(program: Path | str, begun: list[str], *recipients: str) -> tuple[Receipt, ...]:
    return courier(program).deliver(message(), recipients or (OWNER,), lambda: begun.append("begun"))


def script(tmp_path: Path, text: str) -> Path:
    program = tmp_path / "sendmail"
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o755)
    return program


def test_a_real_sendmail_delivers_what_was_written(mail_server: MailServer, tmp_path: Path) -> None:
    program = script(tmp_path, f'exec /usr/sbin/exim4 -C {mail_server.base}/exim.conf "$@"')
    text = "Grüße\n.\n..two\n" + "long " * 300

    receipts = courier(program).deliver(
        message(text=text), (OWNER, f"admin@{DOMAIN}"), lambda: None, duplicate=True
    )

    assert [receipt.fate for receipt in receipts] == ["accepted", "accepted"]
    for person in ("owner", "admin"):
        [arrived] = mail_server.inbox(person)
        assert part(arrived, "plain").endswith(f"\n\n{text}")
        assert arrived["Message-ID"] == "<7.abc@shop>"
        assert arrived["Return-path"] == f"<readiness@{DOMAIN}>"
        assert not arrived.defects


def test_it_is_called_so_that_no_address_is_an_option(tmp_path: Path, begun: list[str]) -> None:
    program = script(tmp_path, f'printf "%s\\n" "$@" > {tmp_path}/arguments; cat > {tmp_path}/text')

    deliver(program, begun, "-oQ/tmp@x.example", OWNER)

    arguments = (tmp_path / "arguments").read_text().splitlines()
    assert arguments == ["-i", "-f", f"readiness@{DOMAIN}", "--", "-oQ/tmp@x.example", OWNER]
    assert (tmp_path / "text").read_bytes().startswith(b"From: ")
    assert b"\r" not in (tmp_path / "text").read_bytes()
    assert begun == ["begun"]


@pytest.mark.parametrize(
    ("status", "fate", "reply"),
    [
        (0, "accepted", ""),
        (65, "refused", "the message is not accepted"),
        (67, "refused", "no such person"),
        (68, "refused", "no such host"),
        (75, "deferred", "try again later"),
    ],
)
def test_its_exit_status_says_what_became_of_it(
    tmp_path: Path, begun: list[str], status: int, fate: str, reply: str
) -> None:
    [receipt] = deliver(script(tmp_path, f"exit {status}"), begun)

    assert (receipt.fate, receipt.code, receipt.reply) == (fate, 0, reply)


def test_nothing_of_it_stays_open(tmp_path: Path, begun: list[str]) -> None:
    before = os.listdir("/proc/self/fd")
    deliver(script(tmp_path, "exit 0"), begun)

    assert os.listdir("/proc/self/fd") == before


def test_what_it_says_is_short_and_harmless(tmp_path: Path, begun: list[str]) -> None:
    [receipt] = deliver(
        script(tmp_path, r"printf '\033[2Jno such\n person %s' $(seq 999) >&2; exit 67"), begun
    )

    assert receipt.reply.startswith(r"\x1b[2Jno such person 1")
    assert receipt.reply.isprintable()
    assert len(receipt.reply) == 200


@pytest.mark.parametrize("status", [1, 64, 69, 70, 71, 73, 74, 76, 77, 78, 126, 127])
def test_trouble_on_this_machine_is_nobodys_refusal(tmp_path: Path, begun: list[str], status: int) -> None:
    with pytest.raises(MailError) as failed:
        deliver(script(tmp_path, f"echo queue is not writable >&2; exit {status}"), begun)

    assert failed.value.code == "sendmail-failed"
    assert failed.value.message.endswith(f"failed with status {status}: queue is not writable")
    assert "server" in failed.value.hint


def test_where_there_is_none_nothing_begins(tmp_path: Path, begun: list[str]) -> None:
    (tmp_path / "plain").touch(mode=0o644)
    for name in ("missing", "plain"):
        with pytest.raises(MailError) as failed:
            deliver(tmp_path / name, begun)
        assert failed.value.code == "sendmail-missing"
    assert begun == []


def test_a_program_that_cannot_be_started_sent_nothing(tmp_path: Path, begun: list[str]) -> None:
    program = script(tmp_path, "")
    program.write_text("#!/nowhere\n")

    with pytest.raises(MailError) as failed:
        deliver(program, begun)
    assert failed.value.code == "sendmail-failed"


def test_who_hangs_is_ended_and_nobody_knows(
    tmp_path: Path, begun: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sendmail, "DEADLINE", 0.3)
    [receipt] = deliver(script(tmp_path, f"echo $$ > {tmp_path}/pid; exec sleep 1000"), begun)

    assert receipt.fate == "perhaps"
    assert receipt.reply.endswith("did not end in time")
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_who_is_ended_and_calls_that_a_success_may_have_sent_it(
    tmp_path: Path, begun: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sendmail, "DEADLINE", 0.3)
    program = script(tmp_path, "trap 'exit 0' TERM; while :; do sleep 0.05; done")

    assert deliver(program, begun)[0].fate == "perhaps"


def test_who_goes_on_delivering_behind_our_back_may_do_so(tmp_path: Path, begun: list[str]) -> None:
    late = f"(sleep 0.3; touch {tmp_path}/delivered) </dev/null >/dev/null 2>&1 &"

    assert deliver(script(tmp_path, late), begun)[0].fate == "accepted"
    until((tmp_path / "delivered").exists)


def test_who_is_killed_may_have_sent_it(tmp_path: Path, begun: list[str]) -> None:
    [receipt] = deliver(script(tmp_path, "kill -KILL $$"), begun)

    assert receipt.fate == "perhaps"
    assert receipt.reply.endswith(f"was ended by signal {signal.SIGKILL.value}")


def test_a_set_uid_sendmail_has_no_rights_in_the_service(mail_server: MailServer, tmp_path: Path) -> None:
    """What `readiness validate` warns of: exim4 as an ordinary user without its set-uid bit."""
    exim = f"/usr/sbin/exim4 -C {mail_server.base}/exim.conf"
    program = script(
        tmp_path, f'exec setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs {exim} "$@"'
    )

    with pytest.raises(MailError) as failed:
        courier(program).deliver(message(), (OWNER,), lambda: None)

    assert failed.value.code == "sendmail-failed"
    assert "Permission denied" in failed.value.message


def test_what_is_no_address_is_refused_here(tmp_path: Path, begun: list[str]) -> None:
    program = script(tmp_path, f'echo "$#" >> {tmp_path}/called')

    assert [receipt.fate for receipt in deliver(program, begun, "a\0@x", OWNER)] == ["refused", "accepted"]
    assert [receipt.fate for receipt in deliver(program, begun, "ä b", "")] == ["refused", "refused"]
    assert (tmp_path / "called").read_text() == "5\n"
    assert begun == ["begun"]
