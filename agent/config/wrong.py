"""How a message of the config speaks of what is wrong in it."""

from typing import Any

from agent.core.text.plain import printable


class Wrong(Exception):
    """A value that cannot be used: what is wrong with it, and what to write instead."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def shown(value: Any) -> str:
    """A value as a message names it, short and safe whatever it is."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        cut = value if len(value) <= 60 else value[:57] + "..."
        return f'"{printable(cut)}"'
    if isinstance(value, int) and abs(value) >= 10**15:
        return "a huge number"  # str() of thousands of digits is refused by Python itself
    if isinstance(value, list):
        return "a list"
    return "a table" if isinstance(value, dict) else str(value)


def did_you_mean(written: str, known: list[str]) -> str:
    """A hint with the known name that is closest, or an empty one."""
    import difflib  # noqa: PLC0415 - slow to import, and only wanted when something is wrong

    close = difflib.get_close_matches(written[:100], known[:1000], n=1, cutoff=0.6)
    return f'Did you mean "{close[0]}"?' if close else ""
