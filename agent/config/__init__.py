"""The config: one TOML file becomes one frozen `Config`, or every problem in it at once."""

import hashlib
import os
import stat

import tomli
from msgspec import Struct
from msgspec.structs import replace

from agent.adapters.host.trusted import Untrusted, Weakness, deciders, opened
from agent.config.building import build
from agent.config.reading import Notes
from agent.core.configuration.config import Config
from agent.core.configuration.problem import Noted, Problem, sentence
from agent.core.text.plain import count, printable
from agent.errors import ConfigError

LARGEST = 1 << 20  # bytes; a config beyond this is not a config
INIT_HINT = "`readiness init DIRECTORY...` writes a config to start from; --config names another file."


class Reading(Struct, frozen=True):
    """What became of a config file: `config` is None when it is no TOML at all, and holds what could be
    read when there are errors among the problems. One that is not `trusted` was written, or may be, by
    somebody who must not decide what is done here: nothing that it names is to be started or opened."""

    config: Config | None
    problems: tuple[Problem, ...] = ()
    text: str = ""
    trusted: bool = True

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that refuse the config."""
        return tuple(problem for problem in self.problems if problem.severity == "error")


def load(path: str) -> Config:
    """The config in `path`; ConfigError carries every `Problem` of a config that cannot be used."""
    reading = read(path)
    errors = reading.errors
    if reading.config is not None and not errors:
        return reading.config
    first = errors[0]
    message, hint = sentence(first), first.hint
    if len(errors) > 1:
        where = f" in line {first.line}" if first.line else ""
        said = f"{first.key}: {first.message}" if first.key else first.message
        message = f"{count(len(errors), 'problem')} in {path}, the first{where}: {said}"
        hint = f"{hint}\n`readiness --config {path} validate` shows them all.".strip()
    raise ConfigError(message, hint, reading.problems)


def read(path: str) -> Reading:
    """Read a config without judging it: everything that is wrong with it, in the file's order."""
    notes = Notes()
    text = ""
    try:
        raw, weakness = _bytes(path)
        text = _text(raw)
        document = tomli.loads(text)
    except _Unreadable as refused:
        return _refused(path, refused.line, refused.message, refused.hint)
    except tomli.TOMLDecodeError as error:
        return _refused(path, error.lineno, f"is not valid TOML: {error.msg}", _toml_hint(error.msg))
    except RecursionError:
        return _refused(path, 0, "nests lists or tables far too deep", "Take the nesting out.")
    except ValueError:
        return _refused(path, 0, "holds a number of thousands of digits", "Take it out.")
    if not document:
        return _refused(path, 0, "is empty", INIT_HINT)
    config = replace(build(document, path, notes), sha256=hashlib.sha256(raw).hexdigest())
    weak = (_weak(path, weakness),) if weakness else ()
    return Reading(config, (*weak, *_located(notes.noted, path, text)), text, trusted=not weak)


def with_noted(reading: Reading, path: str, noted: list[Noted]) -> Reading:
    """The same with what the machine says, but not about keys that are wrong in themselves."""
    wrong = {problem.key for problem in reading.errors if problem.key}
    wrong |= {"agent.scratch"} if "agent.state" in wrong else set()
    added = _located(noted, path, reading.text)
    both = (*reading.problems, *(problem for problem in added if problem.key not in wrong))
    return replace(reading, problems=tuple(sorted(both, key=lambda problem: problem.line)))


def _located(noted: list[Noted], path: str, text: str) -> tuple[Problem, ...]:
    """The same with line numbers and written keys, in the file's order."""
    if not noted:
        return ()
    from agent.config.lines import line_numbers, line_of, written_key  # noqa: PLC0415 - only on errors

    lines = line_numbers(text)
    problems = (
        Problem(
            file=path,
            line=line_of(lines, note.at),
            key=written_key(note.at),
            message=note.message,
            hint=note.hint,
            severity="warning" if note.warning else "error",
        )
        for note in noted
    )
    return tuple(sorted(problems, key=lambda problem: problem.line))


class _Unreadable(Exception):
    def __init__(self, message: str, hint: str, line: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.line = line


def _text(raw: bytes) -> str:
    if not raw:
        raise _Unreadable("is empty", INIT_HINT)
    if b"\0" in raw:
        raise _Unreadable("is a binary file, not a config", INIT_HINT)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        message = f"is not UTF-8 text: byte 0x{raw[error.start]:02x} cannot be read"
        raise _Unreadable(message, "Save the file as UTF-8.", line) from None


def _bytes(path: str) -> tuple[bytes, Weakness | None]:
    """What is in the file, and whether somebody who must not decide here may have written it."""
    try:
        handle, weakness = opened(_whole(path), users=deciders())
        with open(handle, "rb") as file:  # noqa: PTH123
            mode = os.fstat(handle).st_mode
            if not stat.S_ISREG(mode):
                kind = "directory" if stat.S_ISDIR(mode) else "special file"
                raise _Unreadable(f"is a {kind}, not a config", INIT_HINT)
            raw = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise _Unreadable("does not exist", INIT_HINT) from None
    except PermissionError:
        raise _Unreadable("may not be read", "Run as root, or as the user who owns it.") from None
    except Untrusted as refused:
        raise _Unreadable(
            f"is not read: {printable(str(refused.strerror))}", "Name the file itself."
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _Unreadable(f"cannot be read: {reason}", INIT_HINT) from None
    if len(raw) > LARGEST:
        raise _Unreadable(f"is larger than {LARGEST >> 20} MiB, so it is not a config", INIT_HINT)
    return raw, weakness


def _whole(path: str) -> str:
    """From the root on, for who may rename a directory above may put another in its place."""
    return path if path.startswith("/") or not path else os.path.join(os.getcwd(), path)  # noqa: PTH109, PTH118


def _weak(path: str, weakness: Weakness) -> Problem:
    """That somebody else may write a config, who would decide what is run with our rights."""
    message = weakness.why
    if weakness.path != _whole(path):
        message = f"may be replaced by others: {printable(weakness.path)} {message}"
    return Problem(file=path, line=0, key="", message=message, hint=weakness.hint)


def _refused(path: str, line: int, message: str, hint: str) -> Reading:
    return Reading(None, (Problem(file=path, line=line, key="", message=message, hint=hint),))


def _toml_hint(message: str) -> str:
    if "twice" in message or "overwrite" in message:
        return "Every table and every key may be written once; lists of tables have [[two brackets]]."
    return "Check quotes, brackets and = there and on the line above."
