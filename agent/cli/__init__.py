"""The command line: parse, call one operation, print, exit. Every error ends here as one sentence."""

import os
import sys
from importlib import import_module
from typing import Any

import click

from agent import __version__
from agent.adapters.host.interrupts import hear_no_more, stop_all, unwind_on_signals
from agent.cli.parts.output import Invocation, print_error
from agent.cli.parts.streams import open_closed_streams, outlet, require_written
from agent.errors import Exit, Interrupted, ReadinessError, StateError, UsageError, refusal

DEFAULT_CONFIG = "/etc/readiness/readiness.toml"

# name -> (module, one line for --help); modules are imported only when their command runs
COMMANDS = {
    "init": ("agent.cli.init", "Write a config to start from, a password file and the repository."),
    "validate": ("agent.cli.validate", "Check the config and the machine: every problem at once."),
    "snapshot": ("agent.cli.snapshot", "Take snapshots now."),
    "copy": ("agent.cli.copy", "Bring plan B up to date: copy the good snapshots."),
    "drill": ("agent.cli.drill", "Rehearse the restore: cold, timed, verified, proven."),
    "exposure": ("agent.cli.exposure", "What would be lost now? Looks at every file."),
    "retain": ("agent.cli.retain", "Remove the snapshots that keep in the config lets go."),
    "check": ("agent.cli.check", "Check the repositories, and read the next part of their data."),
    "prune": ("agent.cli.prune", "Free the space of removed snapshots."),
    "status": ("agent.cli.status", "One screen: the verdict and why."),
    "forecast": ("agent.cli.forecast", "When would each process be back?"),
    "report": ("agent.cli.report", "Write the readiness report."),
    "metrics": ("agent.cli.metrics", "The verdict and its figures for Prometheus."),
    "notify": ("agent.cli.notify", "Mail what changed and what is due, and send what waits."),
    "ack": ("agent.cli.ack", "Say that you have seen a finding or an alarm test."),
    "mail": ("agent.cli.mail", "Try the way that mail leaves this machine."),
    "agent": ("agent.cli.agent", "Run the service."),
    "view": ("agent.cli.view", "Show on which file systems the paths lie."),
    "ledger": ("agent.cli.ledger", "Verify or export the record of everything that was done."),
}


class LazyGroup(click.Group):
    """Imports a subcommand's module only when it is called, so that `status` stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _ = COMMANDS[cmd_name]
        command: click.Command = import_module(module).command
        _accept_global_options(command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            raise UsageError(f"There is no command {args[0]}.", _meant(args[0]))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


def _meant(word: str) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - only a wrong word pays for it

    near = get_close_matches(word, COMMANDS, 1)
    return f"Did you mean {near[0]}?" if near else f"There are {', '.join(COMMANDS)}."


def _set_global(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    if value and not ctx.resilient_parsing:
        setattr(ctx.find_object(Invocation), str(param.name), value)


def _global_options() -> list[click.Parameter]:
    """`--config`, `--json` and `-v` are taken before and after the command's name."""
    shared: dict[str, Any] = {"expose_value": False, "callback": _set_global}
    return [
        click.Option(["--config", "config_file"], metavar="FILE", help="The config to use.", **shared),
        click.Option(
            ["--json", "as_json"], is_flag=True, help="Print one JSON object and nothing else.", **shared
        ),
        click.Option(["-v", "--verbose"], is_flag=True, help="Say more on standard error.", **shared),
    ]


def _accept_global_options(command: click.Command) -> None:
    if any(parameter.name == "config_file" for parameter in command.params):
        return
    command.params.extend(_global_options())
    if isinstance(command, click.Group):
        for name in command.commands:
            _accept_global_options(command.commands[name])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="readiness", message="%(prog)s %(version)s")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Could you recover your daily operations over the weekend if you lost a significant part of your
    infrastructure today?

    Exit statuses: 0 good; 1 tested and bad; 2 wrong usage; 3 could not be tested or nothing proven;
    4 at risk; 75 busy, try again; 78 the config is wrong; 130 interrupted.
    """


cli.params.extend(_global_options())


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit status; prints every refusal as one sentence.

    KeyboardInterrupt when it was interrupted before all was said.
    """
    invocation = _invocation(arguments)
    return _written(invocation, _attempt(arguments, invocation))


def _invocation(arguments: list[str]) -> Invocation:
    invocation = Invocation(config_file=os.environ.get("READINESS_CONFIG") or DEFAULT_CONFIG)
    invocation.as_json = "--json" in arguments
    return invocation


def _written(invocation: Invocation, status: int) -> int:
    try:
        require_written()
    except StateError as error:
        print_error(invocation, error)
        return status or error.exit
    return status


def _attempt(arguments: list[str], invocation: Invocation) -> int:
    try:
        return int(cli.main(arguments, prog_name="readiness", standalone_mode=False, obj=invocation) or 0)
    except click.exceptions.Exit as stop:
        return int(stop.exit_code)
    except click.exceptions.NoArgsIsHelpError as error:
        # not 0: that would tell a script that all is well
        print_error(invocation, UsageError(error.format_message()))
        return Exit.USAGE
    except click.ClickException as error:
        print_error(invocation, UsageError(error.format_message(), "See readiness --help."))
        return Exit.USAGE
    except click.Abort as interrupted:
        raise KeyboardInterrupt from interrupted
    except ReadinessError as error:
        print_error(invocation, error)
        return error.exit
    except Exception as error:
        if invocation.verbose and not isinstance(error, OSError):
            raise
        print_error(invocation, refusal(error))
        return Exit.NOT_TESTED


def main() -> None:
    """The console script. Whatever it writes is for its own user only."""
    os.umask(0o077)
    open_closed_streams()
    sys.stdout, sys.stderr = outlet(1, sys.stdout), outlet(2, sys.stderr)
    try:
        unwind_on_signals()
        status = run(sys.argv[1:])
        hear_no_more()
    except KeyboardInterrupt:
        stop_all()
        invocation = _invocation(sys.argv[1:])
        print_error(invocation, Interrupted("Interrupted; everything was cleaned up."))
        status = _written(invocation, Exit.INTERRUPTED)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # all is written and closed: taking the interpreter apart costs a sixth of a `status`
