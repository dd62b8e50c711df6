"""What our own code consists of: its commands, and the codes that it hands to its functions."""

import ast
from collections.abc import Iterator
from functools import cache

import click

from agent.cli import cli
from support.places import ROOT


def _tree(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=path)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from _tree(below, f"{path} {name}".strip())
    else:
        yield path, command


@cache
def calls() -> list[tuple[str, ast.expr]]:
    """Every function that is called in our code, with its first argument."""
    return [
        (getattr(node.func, "attr", getattr(node.func, "id", "")), node.args[0])
        for file in (ROOT / "agent").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and node.args
    ]


def literals(function: str) -> set[str]:
    """The codes that the core hands to a function by this name."""
    return {
        code.value
        for name, first in calls()
        if name == function
        for code in ast.walk(first)
        if isinstance(code, ast.Constant) and isinstance(code.value, str)
    }


LEAVES = dict(_tree(cli, ""))  # the commands that do something, by their words
