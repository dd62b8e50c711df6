"""`readiness init`: write a config to start from, a password file and the repository."""

import click
from msgspec import to_builtins

from agent.app.setup import initialise
from agent.cli.parts.output import Invocation, print_json
from agent.core.text.plain import count, printable
from agent.errors import Exit
from agent.operations.setup.initialise import Initialised, Wish

STATE = "/var/lib/readiness"


@click.command(name="init")
@click.argument("directories", nargs=-1, required=True, metavar="DIRECTORY...")
@click.option("--repository", default="", metavar="URL", help="The restic repository [STATE/repository].")
@click.option("--state", default=STATE, show_default=True, metavar="DIR", help="Where ledger and scratch go.")
@click.option("--force", is_flag=True, help="Replace an existing config; passwords are never replaced.")
@click.pass_obj
def command(
    invocation: Invocation, directories: tuple[str, ...], repository: str, state: str, force: bool
) -> Exit:
    """Write a config to start from, with one critical process per DIRECTORY, named after it.

    Makes a password file beside the config, the state directory and the repository. Asks nothing and
    destroys nothing.
    """
    from agent.config.building import system_zone  # noqa: PLC0415 - only init needs it

    wish = Wish(
        config_file=invocation.config_file,
        directories=directories,
        repository=repository,
        state=state,
        time_zone=system_zone(),
        force=force,
    )
    done = initialise(wish)
    if invocation.as_json:
        processes = [{"name": name, "path": path} for name, path in done.processes]
        print_json("init", Exit.GOOD, to_builtins(done) | {"processes": processes})
    else:
        click.echo("\n".join(_lines(done)))
    return Exit.GOOD


def _lines(done: Initialised) -> list[str]:
    config = printable(done.config_file)
    password = "new, only its owner can read it" if done.password_is_new else "was there, left as it is"
    repository = "new" if done.repository_is_new else "was there"
    rows = [
        ("config", config),
        ("password", f"{printable(done.password_file)}  ({password})"),
        ("repository", f"{printable(done.repository)}  ({repository}, ID {done.repository_id[:8]})"),
        ("state", printable(done.state)),
        *((f"[process.{name}]", printable(path)) for name, path in done.processes),
    ]
    width = max(len(label) for label, _ in rows)
    called = "" if config == "/etc/readiness/readiness.toml" else f" --config {config}"
    processes = count(len(done.processes), "critical process", "critical processes")
    return [
        f"Ready to begin: {processes} in {config}.",
        "",
        *(f"  {label:<{width}}  {value}" for label, value in rows),
        "",
        f"KEEP A COPY of {printable(done.password_file)} away from this machine.",
        "Without it nobody can read the backups, not even you.",
        *(f"Warning: {printable(warning)}" for warning in done.warnings),
        "",
        "Next:",
        f"  edit {config}: promises, objectives, proofs;",
        "    until [mail] there is filled in, nobody is told when something is wrong",
        f"  readiness{called} validate",
        f"  readiness{called} snapshot",
        f"  readiness{called} drill",
    ]
