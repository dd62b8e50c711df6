"""`[alarm]`: read as it is written, refused with a hint, and nothing secret repeated."""

import json
from pathlib import Path

import jsonschema
import pytest
import tomli

from agent.config import Reading, read
from agent.core.configuration.config import Alarm, QuietHours, Rhythm
from support.places import ROOT

TOKEN = "5c1e7b0a-token"
TEXT = """
[alarm]
{alarm}
[repository.primary]
url = "/srv/backup"
password_file = "/etc/p"
[process.orders]
paths = ["/srv/orders"]
"""


def reading(tmp_path: Path, alarm: str) -> Reading:
    file = tmp_path / "c.toml"
    file.write_text(TEXT.format(alarm=alarm))
    return read(str(file))


def alarm(tmp_path: Path, text: str) -> Alarm:
    found = reading(tmp_path, text)
    assert found.problems == ()
    assert found.config
    return found.config.alarm


def test_without_a_word_the_night_is_quiet_and_nobody_outside_is_told(tmp_path: Path) -> None:
    assert alarm(tmp_path, "") == Alarm(quiet=QuietHours(22 * 60, 7 * 60))


def test_everything_is_read(tmp_path: Path) -> None:
    found = alarm(
        tmp_path,
        f"""
        quiet = "21:30-6:15"
        contact = "admin on duty, 0xx-xxx"
        ping = "https://hc-ping.com/{TOKEN}"
        webhook = "https://chat.example/hooks/{TOKEN}?thread=1"
        test = {{ cron = "0 10 1 * *" }}
        """,
    )

    assert found.quiet == QuietHours(21 * 60 + 30, 6 * 60 + 15)
    assert (found.contact, found.test) == ("admin on duty, 0xx-xxx", Rhythm(cron="0 10 1 * *"))
    assert found.ping.endswith(TOKEN)
    assert found.webhook.endswith("?thread=1")


def test_no_quiet_hours_are_an_empty_word(tmp_path: Path) -> None:
    assert alarm(tmp_path, 'quiet = ""').quiet is None


@pytest.mark.parametrize(
    "written",
    ['"22-07"', '"24:00-07:00"', '"22:00-07:60"', '"at night"', '"22:00-22:00"', "22", '"२२:00-07:00"'],
)
def test_quiet_hours_that_are_none_are_refused(tmp_path: Path, written: str) -> None:
    [problem] = reading(tmp_path, f"quiet = {written}").errors

    assert problem.key == "alarm.quiet"
    assert problem.line


@pytest.mark.parametrize(
    "written",
    [
        f'"hc-ping.com/{TOKEN}"',
        f'"ftp://host/{TOKEN}"',
        f'"file:///{TOKEN}"',
        f'"https:///{TOKEN}"',
        f'"https://user:{TOKEN}@host/"',
        f'"https://host/{TOKEN}#part"',
        f'"https://host:99999/{TOKEN}"',
        f'"https://host:0/{TOKEN}"',
        f'"https://[::1/{TOKEN}"',
        f'"https://host/a b{TOKEN}"',
        f'"https://host/\\r\\nX: {TOKEN}"',
        f'"https://höst/{TOKEN}"',
        f'["https://host/{TOKEN}"]',
        f'"https://host/{TOKEN}{"x" * 2000}"',
    ],
)
@pytest.mark.parametrize("key", ["ping", "webhook"])
def test_an_address_that_cannot_be_used_is_refused_and_never_repeated(
    tmp_path: Path, key: str, written: str
) -> None:
    [problem] = reading(tmp_path, f"{key} = {written}").errors

    assert problem.key == f"alarm.{key}"
    assert TOKEN not in f"{problem.message} {problem.hint}"


@pytest.mark.parametrize("host", ["watcher.example", "127.evil.example", "127.0.0.1.evil.example", "[::2]"])
def test_an_address_in_the_clear_is_warned_of_and_works(tmp_path: Path, host: str) -> None:
    found = reading(tmp_path, f'ping = "http://{host}/{TOKEN}"')

    assert [problem.severity for problem in found.problems] == ["warning"]
    assert TOKEN not in found.problems[0].message
    assert found.config
    assert found.config.alarm.ping.endswith(TOKEN)


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "127.8.9.10", "[::1]:80", "LOCALHOST"])
def test_an_address_on_this_machine_needs_no_encryption(tmp_path: Path, host: str) -> None:
    assert alarm(tmp_path, f'ping = "http://{host}/x"').ping


def test_everything_wrong_is_said_at_once(tmp_path: Path) -> None:
    found = reading(tmp_path, 'quiet = "x"\nping = "y"\nwebhook = 3\ncontact = 4\npng = ""\ntest = 5')

    keys = [problem.key for problem in found.errors]
    assert keys == [f"alarm.{key}" for key in ("quiet", "ping", "webhook", "contact", "png", "test")]


def test_an_alarm_that_is_no_table_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text(TEXT.replace("[alarm]\n{alarm}", "alarm = 3"))

    assert [problem.key for problem in read(str(file)).errors] == ["alarm"]


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ('quiet = ""\nping = "https://hc-ping.com/x"\ntest = { every = "30d" }', True),
        ('quiet = "22:00-07:00"', True),
        ('quiet = "at night"', False),
        ('webhook = "ftp://host/"', False),
        ('test = "monthly"', False),
    ],
)
def test_editors_see_the_same(tmp_path: Path, text: str, valid: bool) -> None:
    schema = json.loads((ROOT / "config" / "readiness.schema.json").read_text())
    document = tomli.loads(TEXT.format(alarm=text))

    assert jsonschema.Draft202012Validator(schema).is_valid(document) == valid
    assert (reading(tmp_path, text).errors == ()) == valid
