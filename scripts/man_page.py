"""Prints the manual page readiness(8), made from the program's own help so that it cannot fall behind."""

import re
from collections.abc import Iterator

import click

from agent import __version__
from agent.cli import cli

HEAD = """\
.TH READINESS 8 "" "readiness {version}" "System administration"
.SH NAME
readiness \\- answers whether a business could recover its daily operations over the weekend
.SH SYNOPSIS
.B readiness
[\\fIOPTION\\fR]... \\fICOMMAND\\fR [\\fIARGUMENT\\fR]...
.SH DESCRIPTION
Backs up critical processes with
.BR restic (1),
restores them into scratch, compares every file with what was there, runs your own checks on the restored
data, measures how long that took, and says READY, AT RISK, NOT READY or UNKNOWN.
"""

FOOT = """\
.SH UNITS
.TP
.I readiness.service
does what is due
.TP
.I readiness-notify.timer
has people told hourly, also while the service is dead or was stopped; to end all of it:
\\fBsystemctl disable \\-\\-now readiness.service readiness\\-notify.timer\\fR
.SH FILES
.TP
.I /etc/readiness/readiness.toml
the config; \\fB$READINESS_CONFIG\\fR or \\fB\\-\\-config\\fR name another
.TP
.I /etc/readiness/credentials/NAME
a secret that the service gets as a credential: \\fBpassword_file = "credential:NAME"\\fR
.TP
.I /var/lib/readiness
ledger, locks, caches and the scratch of drills
.TP
.I /opt/readiness
the program, each release in a directory of its own
.SH SEE ALSO
.BR restic (1),
.BR systemctl (1),
.BR journalctl (1)
"""


def plain(text: str) -> str:
    """Text that roff leaves as it is."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", escaped, flags=re.M)


def commands(command: click.Command, context: click.Context) -> Iterator[tuple[click.Command, click.Context]]:
    """Every command that does something, with a context that knows its name."""
    if not isinstance(command, click.Group):
        yield command, context
        return
    for name in command.list_commands(context):
        below = command.get_command(context, name)
        if below and not below.hidden:
            yield from commands(below, click.Context(below, info_name=name, parent=context))


def options(command: click.Command, context: click.Context) -> Iterator[str]:
    """Each option with its meaning."""
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record:
            yield f".TP\n.B {plain(record[0])}\n{plain(record[1])}\n"


def section(command: click.Command, context: click.Context) -> Iterator[str]:
    """One command."""
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    yield f".SS {plain(usage)}\n"
    for paragraph in re.split(r"\n\s*\n", (command.help or "").strip()):
        yield f"{plain(' '.join(paragraph.split()))}\n.PP\n"
    shared = {"--config", "--json", "--verbose", "--help"}
    own = [entry for entry in command.params if not shared.intersection(entry.opts)]
    if any(isinstance(entry, click.Option) for entry in own):
        bare = click.Command(command.name, params=own, add_help_option=False)
        yield from options(bare, context)


def page() -> str:
    """The whole page."""
    top = click.Context(cli, info_name="readiness")
    parts = [HEAD.format(version=plain(__version__)), ".SH OPTIONS\n", *options(cli, top), ".SH COMMANDS\n"]
    for command, context in commands(cli, top):
        parts += section(command, context)
    _, _, statuses = (cli.help or "").partition("Exit statuses:")
    parts.append(f".SH EXIT STATUS\n{plain(' '.join(statuses.split()))}\n")
    return "".join([*parts, FOOT])


if __name__ == "__main__":
    print(page(), end="")
