"""Single values of the config: what is taken, and what is refused with which words."""

from datetime import date
from typing import Any

import pytest

from agent.config.values import CHECKS
from agent.config.wrong import Wrong
from agent.core.configuration.config import WeeklyMoment

ACCEPTED: list[tuple[str, Any, Any]] = [
    ("path", "/srv/orders/", "/srv/orders"),
    ("path", "//srv//orders/.", "/srv/orders"),
    ("path", "/", "/"),
    ("path", "/srv/with space, comma\nand newline", "/srv/with space, comma\nand newline"),
    ("secret", "/etc/p", "/etc/p"),
    ("secret", "credential:primary", "/run/credentials/readiness.service/readiness_primary"),
    ("url", "/srv/backup/restic/", "/srv/backup/restic"),
    ("url", "sftp:backup@nas:/srv/restic", "sftp:backup@nas:/srv/restic"),
    ("url", "rest:https://nas:8000/", "rest:https://nas:8000/"),
    ("url", "s3:https://host/bucket", "s3:https://host/bucket"),
    ("url", "local:/srv/backup", "local:/srv/backup"),
    ("moment", "Fri 17:00", WeeklyMoment(4, 17, 0)),
    ("moment", "Mon 8:00", WeeklyMoment(0, 8, 0)),
    ("date", "2026-12-25", date(2026, 12, 25)),
    ("date", date(2026, 12, 25), date(2026, 12, 25)),
    ("money", 480, 480.0),
    ("money", 0.5, 0.5),
    ("tier", 1, 1),
    ("name", "web-shop_2", "web-shop_2"),
    ("program", "restic", "restic"),
    ("program", "/usr/bin/restic", "/usr/bin/restic"),
    ("zone", "Europe/Berlin", "Europe/Berlin"),
    ("argument", "", ""),
    ("pattern", "*.tmp", "*.tmp"),
]


@pytest.mark.parametrize(("kind", "written", "becomes"), ACCEPTED)
def test_a_good_value_is_taken(kind: str, written: Any, becomes: Any) -> None:
    assert CHECKS[kind](written) == becomes


REFUSED: list[tuple[str, Any, str]] = [
    ("text", 5, "text in quotes"),
    ("text", "two\nlines", "one line"),
    ("text", "\x1b[31mred", "control characters"),
    ("title", "  ", "empty"),
    ("query", "", "empty"),
    ("duration", 24, "duration in quotes"),
    ("duration", "24", "is not a duration"),
    ("duration", True, "duration in quotes"),
    ("path", "srv/orders", "absolute path"),
    ("secret", "credential:../shadow", "cannot be a name"),
    ("secret", "primary", "absolute path"),
    ("path", "~/orders", "absolute path"),
    ("path", "/srv/../etc", '".."'),
    ("path", "/srv/\0", "NUL"),
    ("path", "/" + "a" * 4100, "4095 bytes"),
    ("path", ["/srv"], "text in quotes"),
    ("url", "backup/restic", "absolute path or an address"),
    ("url", "local:backup", "absolute path behind local:"),
    ("url", "https://nas/restic", "kind of server"),
    ("url", "ftp:host", "no address that restic takes"),
    ("url", "sftp:", "no address that restic takes"),
    ("moment", "Friday 17:00", "moment of the week"),
    ("moment", "Fri 24:00", "time of day"),
    ("moment", "Fri 17:60", "time of day"),
    ("moment", "Fri 17", "moment of the week"),
    ("moment", "Fri ٣:00", "moment of the week"),
    ("moment", "", "moment of the week"),
    ("date", "2026-02-30", "is not a date"),
    ("date", "20261225", "is not a date"),
    ("date", "2026-W01-1", "is not a date"),
    ("date", 2026, "is not a date"),
    ("money", True, "number without quotes"),
    ("money", "480 EUR", "number without quotes"),
    ("money", float("nan"), "nan"),
    ("money", float("inf"), "inf"),
    ("money", 10**400, "a huge number"),
    ("money", -1, "between 0"),
    ("tier", True, "whole number"),
    ("tier", 1.0, "whole number"),
    ("tier", 0, "between 1 and 9"),
    ("tier", 16**6000, "a huge number"),
    ("name", "Orders", "cannot be a name"),
    ("name", "", "cannot be a name"),
    ("name", "-orders", "cannot be a name"),
    ("name", "orders\n", "one line"),
    ("name", "a" * 61, "longer than"),
    ("program", "bin/restic", "absolute path"),
    ("host", "two words", "host name"),
    ("zone", "Europe/Berln", "not a time zone"),
    ("zone", "../../etc/passwd", "not a time zone"),
    ("zone", "Europe", "not a time zone"),
    ("zone", "", "empty"),
    ("pattern", "!keep", "not supported"),
    ("pattern", "", "empty"),
    ("pattern", "[z-a]", "not a pattern"),
]


@pytest.mark.parametrize(
    ("kind", "written", "because"), REFUSED, ids=[f"{row[0]}: {row[2]}" for row in REFUSED]
)
def test_a_bad_value_is_refused_in_words(kind: str, written: Any, because: str) -> None:
    with pytest.raises(Wrong) as refused:
        CHECKS[kind](written)
    assert because in refused.value.message


def test_a_wrong_url_is_never_repeated_because_it_may_hold_a_password() -> None:
    with pytest.raises(Wrong) as refused:
        CHECKS["url"]("https://user:hunter2@nas/")
    assert "hunter2" not in refused.value.message + refused.value.hint
