"""One thing that is wrong with a config or the machine it describes."""

from typing import Literal

from msgspec import Struct

At = tuple[str | int, ...]  # where in a config: ("process", "orders", "paths", 1)


class Noted(Struct, frozen=True):
    """Something wrong, before its line is known."""

    at: At
    message: str
    hint: str = ""
    warning: bool = False


class Problem(Struct, frozen=True, kw_only=True):
    """What is wrong, where, and what to do. An error refuses the config, a warning does not."""

    file: str
    line: int  # from 1; 0 when it concerns the file as a whole
    key: str  # such as "process.orders.rto"; empty when no key is to blame
    message: str
    hint: str
    severity: Literal["error", "warning"] = "error"


def place(problem: Problem) -> str:
    """Where it is, as editors and terminals make a link of it: "FILE:LINE key"."""
    where = f"{problem.file}:{problem.line}" if problem.line else problem.file
    return f"{where} {problem.key}" if problem.key else where


def sentence(problem: Problem) -> str:
    """Place and message on one line."""
    return f"{place(problem)}: {problem.message}"
