"""The JSON Schema of the config, for editors; made from the same keys that the reader goes by.

`python -m agent.config.schema` prints it; config/readiness.schema.json is that text.
"""

import json
import sys
from typing import Any

from agent.config.keys import COMMAND_ONLY, NAME_PATTERN, PROOF_KINDS, RANGES, TABLES, Key
from agent.config.mailing import MAILBOX, SERVER
from agent.core.text.durations import PATTERN

Schema = dict[str, Any]

ABSOLUTE: Schema = {"type": "string", "pattern": "^/"}
SINGLE_LINE: Schema = {"type": "string", "pattern": "^[^\\n\\r\\t]*$"}
NAME: Schema = {"type": "string", "pattern": f"^{NAME_PATTERN}$"}
SAYS_SOMETHING: Schema = {"type": "string", "pattern": "\\S"}

KINDS: dict[str, Schema] = {
    "text": SINGLE_LINE,
    "title": SAYS_SOMETHING,
    "output": {"type": "string"},
    "query": SAYS_SOMETHING,
    "duration": {"type": "string", "pattern": PATTERN, "minLength": 2, "examples": ["30m", "24h", "2d"]},
    "money": {"type": "number", "minimum": 0},
    "path": ABSOLUTE,
    "secret": {"type": "string", "pattern": "^(/|credential:)"},
    "glob": ABSOLUTE,
    "pattern": {"type": "string", "pattern": "^[^!]"},
    "name": NAME,
    "host": {"type": "string", "pattern": "^[^\\s,/]+$"},
    "program": SAYS_SOMETHING,
    "argument": {"type": "string"},
    "url": {"type": "string", "pattern": "^(/|[a-z0-9]+:)"},
    "moment": {
        "type": "string",
        "pattern": "^(Mon|Tue|Wed|Thu|Fri|Sat|Sun) ([01]?[0-9]|2[0-3]):[0-5][0-9]$",
    },
    "date": {"type": "string", "format": "date"},
    "zone": {"type": "string", "examples": ["Europe/Berlin", "America/New_York"]},
    "cron": {"type": "string", "pattern": "^\\S+( +\\S+){4}$"},
    "option": {"type": "string", "pattern": "^[a-z0-9-]+\\.[a-z0-9-]+="},
    "quiet": {
        "type": "string",
        "pattern": "^(([01]?[0-9]|2[0-3]):[0-5][0-9] ?- ?([01]?[0-9]|2[0-3]):[0-5][0-9])?$",
    },
    "address": {"type": "string", "pattern": "^(https?://[^\\s#]+)?$"},
    "mailbox": {"type": "string", "pattern": f"^{MAILBOX}$"},
    "server": {"type": "string", "pattern": f"^({SERVER})$"},
    "security": {"enum": ["starttls", "tls", "none"]},
    "feeding": {"enum": ["copy", "snapshot"]},
    **{kind: {"type": "integer", "minimum": low, "maximum": high} for kind, (low, high) in RANGES.items()},
}


def schema() -> Schema:
    """The whole config as JSON Schema (draft 2020-12)."""
    top = {
        "business": _table("business") | {"description": "The business and its week."},
        "agent": _table("agent") | {"description": "How readiness itself runs."},
        "mail": _table("mail") | {"description": "Who gets mail, and the way it leaves this machine."},
        "alarm": _table("alarm") | {"description": "How people are called, and how silence is noticed."},
        "repository": _named("repository.NAME", "Restic repositories; the first is the primary."),
        "process": _named("process.NAME", "The critical processes of the business."),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "readiness.toml",
        "type": "object",
        "additionalProperties": False,
        "required": ["repository", "process"],
        "properties": top,
    }


def _table(table: str) -> Schema:
    keys = TABLES[table]
    described: Schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {key.name: _key(key) for key in keys},
    }
    if {"every", "cron"} <= described["properties"].keys():
        described["not"] = {"required": ["every", "cron"]}
    required = [key.name for key in keys if key.required]
    if required:
        described["required"] = required
    if table == "process.NAME.proof":
        described["oneOf"] = [{"required": [kind]} for kind in PROOF_KINDS]
        described["dependentRequired"] = {name: ["command"] for name in COMMAND_ONLY}
    return described


def _named(table: str, description: str) -> Schema:
    return {
        "type": "object",
        "description": description,
        "minProperties": 1,
        "propertyNames": NAME,
        "additionalProperties": _table(table),
    }


def _key(key: Key) -> Schema:
    inner = KINDS[key.kind] if key.kind in KINDS else _table(f"{key.table}.{key.name}")
    if not key.many:
        described = dict(inner)
    else:
        described = {"type": "array", "items": inner}
        if key.required or key.kind == "argument":
            described["minItems"] = 1
    described["description"] = key.meaning
    if key.many and not key.required and key.kind != "argument":
        described["default"] = []
    elif key.default is not None:
        described["default"] = key.default
    return described


def schema_text() -> str:
    """The schema as the file in config/ holds it."""
    return json.dumps(schema(), indent=2) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_text())
