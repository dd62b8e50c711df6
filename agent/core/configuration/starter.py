"""The commented config that `readiness init` writes."""

import json
import posixpath
import re
from collections.abc import Sequence

from msgspec import Struct

LONGEST_NAME = 40

HEAD = """\
# What this machine's business needs to come back, and by when.
# Check it with `readiness validate`; lines that begin with # are only remarks.

[business]
name = ""                    # as reports are to call it
time_zone = {time_zone}
closes = "Fri 17:00"         # from closing ...
opens = "Mon 08:00"          # ... to the promised reopening, everything must be back
holidays = []                # such as ["2026-12-25", "2026-12-26"]

[agent]
state = {state}
# scratch = "..."            # where drills restore to; needs room for the largest process

# Without it nobody is told of anything. Try it with `readiness mail test`:
# [mail]
# from = "readiness@shop.example"
# owner = ["owner@shop.example"]           # the weekly answer
# admin = ["admin@shop.example"]           # what is wrong, at once
# server = "mail.shop.example"             # STARTTLS, port 587; or "localhost" with security = "none"
# user = "readiness@shop.example"
# password_file = "/etc/readiness/mail.password"

[repository.primary]
url = {url}
password_file = {password_file}
# A second repository on another medium or site is your plan B:
# [repository.offsite]
# url = "sftp:backup@nas.example:/srv/restic"
# password_file = "/etc/readiness/offsite.password"
"""

PROCESS = """
[process.{name}]
promise = ""                 # what customers were told, such as "ordered by 14:00 is shipped tomorrow"
owner = ""                   # who answers for it
tier = 2                     # 1 comes back first
value_per_hour = 0           # what an hour without it costs
rto = "24h"                  # back within ...
rpo = "24h"                  # at most this much work lost
mtd = "72h"                  # beyond this the business is in danger
paths = [{path}]
exclude = []                 # such as ["*.tmp", "/srv/shop/cache"]
vital = []                   # files that every snapshot must hold
depends_on = []              # processes that must be back first
"""

FOOT = """
# Proofs show that restored data is good, not only the bytes. One process may have many:
#
# [[process.{name}.proof]]
# name = "the order database is sound"
# sqlite = "/srv/orders/orders.db"
#
# [[process.{name}.proof]]
# file_count = {{ path = {path}, at_least = 100 }}
#
# What a person has to do during a recovery counts, too:
#
# [[process.{name}.step]]
# name = "connect the label printer"
# minutes = 30
"""


class Starter(Struct, frozen=True, kw_only=True):
    """What a first config is made of; `processes` are pairs of name and directory."""

    processes: tuple[tuple[str, str], ...]
    url: str
    password_file: str
    state: str
    time_zone: str


def starter_config(starter: Starter) -> str:
    """A config that loads without any problem."""
    head = HEAD.format(
        time_zone=_quoted(starter.time_zone),
        state=_quoted(starter.state),
        url=_quoted(starter.url),
        password_file=_quoted(starter.password_file),
    )
    tables = [PROCESS.format(name=name, path=_quoted(path)) for name, path in starter.processes]
    name, path = starter.processes[0]
    # a line break in a path must not end the remark it is quoted in: it is escaped like all else
    return head + "".join(tables) + FOOT.format(name=name, path=_quoted(path))


def _quoted(text: str) -> str:
    """`text` as a TOML basic string, whose escapes are JSON's."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def process_names(directories: Sequence[str]) -> list[str]:
    """A valid name of its own for each directory, made from its last component."""
    names: list[str] = []
    for directory in directories:
        plain = re.sub(r"[^a-z0-9_-]+", "-", posixpath.basename(directory).lower())
        name = plain.strip("-_")[:LONGEST_NAME] or "files"
        number = 1
        unique = name
        while unique in names:
            number += 1
            unique = f"{name}-{number}"
        names.append(unique)
    return names
