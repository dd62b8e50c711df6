"""The process that looks into foreign files: handed one file a question, it gives one small answer.

It takes the worst of what a file can do, so whoever asks must reckon with any answer, with none, and with its
death. What it imports is the standard library alone: it starts quickly, and may be handed nothing of ours.

Its standard input is a socket. A line of JSON is a question, descriptors come with it; a line is the answer.
"""

import json
import os
import socket
import sqlite3
from typing import Any

from agent.adapters.looking import archives, databases, streams, walls

LONGEST_QUESTION = 1 << 20
MOST_HANDLES = 250  # with one part of a question, which the kernel bounds
NO_MEMORY = 7  # as SQLite says it


def main() -> None:
    """Go behind the walls, say so, and answer questions until nobody is there any more."""
    line = socket.socket(fileno=os.dup(0))
    wishes, [room, held] = _hear(line)
    walls.shut_in(room, user=wishes["user"], rooted=wishes["rooted"], alone=wishes["alone"])
    os.close(room)
    walls.limit(wishes["bytes"])
    _say(line, {"walled": True})
    while True:
        question, handles = _hear(line)
        with walls.lifeline(held):
            answer = _answer(question, handles)
        for handle in handles:
            os.close(handle)
        _say(line, answer)


def _answer(question: dict[str, Any], handles: list[int]) -> dict[str, Any]:
    try:
        if "packed" in question or "heads" in question:
            return streams.answer(question, handles)
        looks = archives.answer if "archive" in question else databases.answer
        return looks(question, handles)
    except MemoryError:
        return {"error": "it takes more memory than anything may", "code": NO_MEMORY}
    except UnicodeError:  # Python asks for names in UTF-8, SQLite does not
        return {"error": "a name in it is no UTF-8", "is_foreign": True}
    except (sqlite3.Error, sqlite3.Warning, OSError) as error:
        why = str(error)[:500]
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        return {"error": why, "code": code, "is_foreign": bool(databases.FOREIGN.search(why))}


def _hear(line: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """The next question; nobody there is the end."""
    heard, handles = b"", []
    while not heard.endswith(b"\n"):
        part, more, _, _ = socket.recv_fds(line, 1 << 16, MOST_HANDLES)
        handles += more
        if not part or len(heard) > LONGEST_QUESTION:
            raise SystemExit(0)
        heard += part
    return json.loads(heard), handles


def _say(line: socket.socket, answer: dict[str, Any]) -> None:
    try:
        line.sendall(json.dumps(answer).encode() + b"\n")
    except OSError:
        raise SystemExit(0) from None


if __name__ == "__main__":
    main()
