"""`[mail]`: who gets mail from whom, and the way it leaves this machine."""

import re
from collections.abc import Callable
from typing import Any, Literal, TypeVar

from agent.config.reading import Notes, read_items, read_table
from agent.config.values import title
from agent.config.wrong import Wrong, did_you_mean, shown
from agent.core.configuration.config import Mail
from agent.core.configuration.location import is_loopback
from agent.core.configuration.problem import At

V = TypeVar("V")
Security = Literal["starttls", "tls", "none"]

HERE: At = ("mail",)
PORTS: dict[Security, int] = {"starttls": 587, "tls": 465, "none": 25}
ROLES = ("owner", "admin", "deputy")
SERVER_ONLY = ("port", "security", "user", "password_file", "ca_file")
LONGEST_MAILBOX = 254
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = rf"{_LABEL}(?:\.{_LABEL})*"
MAILBOX = rf"(?!-){_ATOM}(?:\.{_ATOM})*@{_HOST}"
SERVER = rf"{_HOST}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*"


def read_mail(raw: Any, notes: Notes) -> Mail | None:
    """The table; None where there is none, and where it cannot be used."""
    if raw is None:
        return None
    before = len(notes.noted)
    values = read_table("mail", raw, HERE, notes)
    people = {role: _people(role, values[role], notes) for role in ROLES}
    sender = _checked("from", mailbox, values["from"], notes) or ""
    server = _checked("server", host, values["server"], notes) or ""
    security: Security = _checked("security", protection, values["security"], notes) or "starttls"
    if len(notes.noted) > before:
        return None
    mail = Mail(
        sender=sender,
        **people,
        server=server,
        port=values["port"] or PORTS[security],
        security=security,
        user=values["user"],
        password_file=values["password_file"] or "",
        ca_file=values["ca_file"] or "",
        sendmail=values["sendmail"] or "/usr/sbin/sendmail",
    )
    _check_people(mail, notes)
    _check_way(mail, {key for key in (*SERVER_ONLY, "sendmail") if values[key]}, notes)
    return mail if all(note.warning for note in notes.noted[before:]) else None


def mailbox(value: Any) -> str:
    """A mail address without a name around it."""
    written = title(value)
    if not re.fullmatch(MAILBOX, written):
        hint = "Write it without a name around it and in ASCII, such as office@harbourlane.example."
        raise Wrong(f"{shown(written)} is not a mail address", hint)
    if len(written) > LONGEST_MAILBOX:
        raise Wrong(f"is longer than the {LONGEST_MAILBOX} characters that an address may have")
    return written


def host(value: Any) -> str:
    """The name or the address of a mail server."""
    written = title(value)
    if not re.fullmatch(SERVER, written):
        hint = "Write its name alone, such as mail.example.org; the port has a key of its own."
        raise Wrong(f"{shown(written)} is not the name of a server", hint)
    return written


def protection(value: Any) -> Security:
    """How the way to the server is protected."""
    if value not in tuple(PORTS):  # it may be a list
        hint = did_you_mean(value, list(PORTS)) if isinstance(value, str) else ""
        raise Wrong(f"must be starttls, tls or none, not {shown(value)}", hint)
    found: Security = value
    return found


def _people(role: str, raw: Any, notes: Notes) -> tuple[str, ...]:
    def read(item: Any, at: At, into: Notes) -> str | None:
        try:
            return mailbox(item)
        except Wrong as wrong:
            into.error(at, wrong.message, wrong.hint)
            return None

    return read_items(read, raw, (*HERE, role), notes)


def _checked(key: str, check: Callable[[Any], V], value: Any, notes: Notes) -> V | None:
    try:
        return check(value) if value is not None else None
    except Wrong as wrong:
        notes.error((*HERE, key), wrong.message, wrong.hint)
        return None


def _check_people(mail: Mail, notes: Notes) -> None:
    if not (mail.owner or mail.admin):
        hint = 'Add owner = ["..."] for the weekly mail and admin = ["..."] for alarms.'
        notes.error(HERE, "names nobody who gets mail", hint)
    for role in ROLES:
        named: tuple[str, ...] = getattr(mail, role)
        for index, person in enumerate(named):
            if person.lower() in (other.lower() for other in named[:index]):
                notes.error(
                    notes.item((*HERE, role), index), f"{person} is named twice", "Take one of them out."
                )


def _check_way(mail: Mail, written: set[str], notes: Notes) -> None:
    """`written`: the keys about the way that the file has."""
    if not mail.server:
        for key in sorted(written & set(SERVER_ONLY)):
            notes.error(
                (*HERE, key),
                "means nothing without server, as mail then leaves by sendmail",
                "Add server, or take this out.",
            )
        return
    if "sendmail" in written:
        message = "stands beside server, so that it is not clear which way mail leaves"
        notes.error((*HERE, "sendmail"), message, "Keep one.")
    _check_login(mail, notes)
    _check_security(mail, notes)


def _check_login(mail: Mail, notes: Notes) -> None:
    if mail.user and not mail.password_file:
        hint = "Name the file with the password, readable by root alone; or credential:NAME."
        notes.error((*HERE, "user"), "has no password_file beside it", hint)
    if mail.password_file and not mail.user:
        hint = "Add user: the name to log in with, often the whole address."
        notes.error((*HERE, "password_file"), "has no user beside it", hint)


def _check_security(mail: Mail, notes: Notes) -> None:
    if mail.port == PORTS["tls"] and mail.security == "starttls":
        hint = 'Write security = "tls", or port = 587.'
        notes.warning((*HERE, "port"), "is where servers speak TLS from the first byte on", hint)
    if mail.security != "none":
        return
    if mail.ca_file:
        hint = "Take it out, or take security out."
        notes.error((*HERE, "ca_file"), 'means nothing beside security = "none"', hint)
    if is_loopback(mail.server.lower()):
        return
    if mail.user:
        message = "would send the password over the net in the clear"
        notes.error((*HERE, "security"), message, 'Write "starttls" or "tls".')
    else:
        message = "sends mail over the net in the clear: whoever sees it can read and change it"
        notes.warning((*HERE, "security"), message, 'Write "starttls" or "tls" where the server has it.')
