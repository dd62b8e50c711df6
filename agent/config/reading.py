"""Tables of the file: every key checked by its kind, everything wrong noted instead of stopping."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from agent.config.keys import TABLES, Key
from agent.config.values import CHECKS
from agent.config.wrong import Wrong, did_you_mean, shown
from agent.core.configuration.problem import At, Noted

T = TypeVar("T")

SECRETS = ("password", "passphrase", "secret", "password_command")


class Notes:
    """Collects what is wrong while the file is read."""

    def __init__(self) -> None:
        self.noted: list[Noted] = []
        self._dropped: set[At] = set()

    def error(self, at: At, message: str, hint: str = "") -> None:
        """Note what refuses the config."""
        self.noted.append(Noted(at, message, hint))

    def warning(self, at: At, message: str, hint: str = "") -> None:
        """Note what is allowed but deserves a look."""
        self.noted.append(Noted(at, message, hint, warning=True))

    def drop(self, at: At) -> None:
        """Remember that the list item at this place could not be read and was left out."""
        self._dropped.add(at)

    def item(self, at: At, index: int) -> At:
        """Where in the file the item stands that is now at `index` of the list at `at`."""
        for position in range(index + 1 + len(self._dropped)) if self._dropped else ():
            index += (*at, position) in self._dropped and position <= index
        return (*at, index)


def read_table(table: str, values: Any, at: At, notes: Notes) -> dict[str, Any]:
    """Every key of one table by name; what is missing or wrong has its default, None where it has none.

    Keys that are tables themselves come as they stand, or as an empty list.
    """
    if not isinstance(values, dict):
        notes.error(at, f"must be a table, not {shown(values)}", f"Write its keys below [{table}].")
        values = {}
    elif not values.keys() <= {key.name for key in TABLES[table]}:
        _note_unknown(table, values, at, notes)
    return {key.name: _read_key(key, values, at, notes) for key in TABLES[table]}


def _read_key(key: Key, values: dict[str, Any], at: At, notes: Notes) -> Any:
    here = (*at, key.name)
    if key.name not in values:
        if key.required:
            notes.error(here, "is missing", key.meaning)
        return _default(key)
    value = values[key.name]
    if not key.many:
        return _checked(key, value, here, notes)
    if not isinstance(value, list):
        notes.error(here, f"must be a list, not {shown(value)}", f"Write it in brackets: {_example(key)}")
        return _default(key)
    return _read_list(key, value, here, notes)


def _example(key: Key) -> str:
    return f"[[{key.path}]]" if key.kind in ("proof", "step") else f'{key.name} = ["..."].'


def _read_list(key: Key, value: list[Any], at: At, notes: Notes) -> tuple[Any, ...]:
    if key.kind not in CHECKS:
        return tuple(value)
    if key.required and not value:
        notes.error(at, "must not be empty", key.meaning)
    return read_items(lambda item, here, into: _checked(key, item, here, into), value, at, notes)


def read_items(
    read: Callable[[Any, At, Notes], T | None], items: Iterable[Any], at: At, notes: Notes
) -> tuple[T, ...]:
    """The items of a list that could be read."""
    kept = []
    for index, item in enumerate(items):
        value = read(item, (*at, index), notes)
        if value is None:
            notes.drop((*at, index))
        else:
            kept.append(value)
    return tuple(kept)


def _checked(key: Key, value: Any, at: At, notes: Notes) -> Any:
    check = CHECKS.get(key.kind)
    if check is None:
        return value
    try:
        return check(value)
    except Wrong as wrong:
        notes.error(at, wrong.message, wrong.hint)
        return None if key.many else _default(key)


def _default(key: Key) -> Any:
    if key.many:
        return ()
    check = CHECKS.get(key.kind)
    return check(key.default) if check and key.default is not None else key.default


def _note_unknown(table: str, values: dict[str, Any], at: At, notes: Notes) -> None:
    known = [key.name for key in TABLES[table]]
    for name in values:
        if name not in known:
            notes.error((*at, name), "is not a key that is known here", _unknown_hint(name, known))


def _unknown_hint(name: str, known: list[str]) -> str:
    if name in SECRETS:
        return "Keep the password in a file and name that file with password_file."
    homes = [table for table, keys in TABLES.items() if name in (key.name for key in keys)]
    if homes:
        return f"It belongs to [{homes[0]}]. Known here: {', '.join(known)}."
    return did_you_mean(name, known) or f"Known here: {', '.join(known)}."
