"""What `restic backup` complains of, item by item: is it about a source, or about the repository?

0.14 loses the words of most errors: `{}`. While it only counts what there is to save ("scan"), it does not
touch the repository, so that what it complains of then is about a source.
"""

import json
import os
import re
from typing import Any

from msgspec.structs import replace

from agent.adapters.restic import errors as restic_errors
from agent.adapters.restic.check import MEDIUM
from agent.core.model.repository import Complaint
from agent.core.text.plain import printable

NAMELESS = "\ufffd"  # restic writes it for bytes that it cannot name
NO_SUCH_FILE = ": no such file or directory"
SOURCE = "file-unreadable"  # the code of a complaint about a source
DAMAGED = "repository-damaged"
_OF_THE_REPOSITORY = re.compile(
    r"tree \S+ (is not known|could not be loaded)|not found in (the )?repository|repository could be damaged"
    r"|ciphertext verification failed|invalid data returned|hash mismatch|unable to load|\bload\(|ReadFull\("
    r"|decrypting blob|packs? from index",
    re.IGNORECASE,
)
_ON_THE_WAY = ("repository-unreadable", "repository-unreachable")  # codes: it says nothing of what is kept
_OF_A_SOURCE = re.compile(r"\b(open|lstat|stat|read|readdirent|readlink|openfile|fdopendir)\b")


def complaints(stderr: bytes) -> tuple[Complaint, ...]:
    """Each item that restic complained of, once; the code of one that cannot be told is empty."""
    told: dict[str, Complaint] = {}
    sources: set[str] = set()
    there: set[str] = set()  # what restic did find, in one of its tries
    prose: list[str] = []
    for line in stderr.decode(errors="surrogateescape").splitlines():
        message = _object(line)
        if message is None:
            prose.append(line)
            continue
        item = message.get("item")
        if not isinstance(item, str) or not item:
            continue
        if message.get("during") == "scan":
            sources.add(item)
        words = _words(message.get("error"))
        if NAMELESS in item or not words.lower().endswith(NO_SUCH_FILE):
            there.add(item)
        told.setdefault(item, Complaint(path=item, code=_code(item, words, prose), words=_shown(words)))
    found = [
        replace(
            one,
            code=SOURCE if one.path in sources and not one.code else one.code,
            absent=one.path not in there,
        )
        for one in told.values()
    ]
    return tuple(one for one in found if one.code not in ("", SOURCE) or not _is_gone(one.path))


def _code(item: str, words: str, prose: list[str]) -> str:
    rest = words.replace(item, "") if len(item) > 1 else words
    if _OF_THE_REPOSITORY.search(rest):
        code = restic_errors.code_of(rest)
        lost = code not in _ON_THE_WAY or MEDIUM in rest.lower()
        return DAMAGED if lost else code
    if not words:  # what it tried again and again stands above, without the item
        code = restic_errors.code_of("\n".join(line for line in prose if _OF_THE_REPOSITORY.search(line)))
        return code if code in _ON_THE_WAY else ""
    return SOURCE if item in words and _OF_A_SOURCE.search(rest) else ""


def _words(error: object) -> str:
    if not isinstance(error, dict):
        return ""
    if isinstance(error.get("message"), str):
        return str(error["message"]).strip()
    operation, path, number = error.get("Op"), error.get("Path"), error.get("Err")
    if not (isinstance(operation, str) and isinstance(path, str)):
        return ""
    why = os.strerror(number) if isinstance(number, int) and 0 < number < 4096 else "failed"
    return f"{operation} {path}: {why}"


def _shown(words: str) -> str:
    first = words.splitlines()[0] if words else ""
    return printable(restic_errors.without_secrets(first[: restic_errors.LONGEST_TOLD]))[:300]


def _object(line: str) -> dict[str, Any] | None:
    try:
        message = json.loads(line) if line.startswith("{") else None
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) else None


def _is_gone(path: str) -> bool:
    """Whether a file came and went while restic read."""
    try:
        os.lstat(path)
    except FileNotFoundError:
        return NAMELESS not in path
    except (OSError, ValueError):
        return False
    return False
