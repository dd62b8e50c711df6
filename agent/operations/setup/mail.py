"""The way mail leaves this machine, as far as the machine can tell without sending any."""

import posixpath

from agent.core.configuration.config import Mail
from agent.core.configuration.problem import At, Noted
from agent.core.text.plain import printable
from agent.operations.ports.machine import Machine
from agent.operations.setup.secrets import check_password

SET_ID = 0o6000
INSTEAD = (
    'Name a server, such as server = "localhost" with security = "none" for the one on this machine;'
    " by hand and from cron it works as it is."
)


def check_mail(mail: Mail | None, machine: Machine) -> list[Noted]:
    """The password, the certificates, or the sendmail; nothing is connected to."""
    if mail is None:
        return []
    if not mail.server:
        return _check_sendmail(("mail", "sendmail"), mail.sendmail, machine)
    noted = []
    if mail.password_file:
        noted += check_password(("mail", "password_file"), mail.password_file, "mail server", machine)
    if mail.ca_file and not machine.holds_certificates(mail.ca_file):
        message = f"{printable(mail.ca_file)} holds no certificates that we can read"
        hint = "Name a file with the certificates to trust, in PEM form."
        noted.append(Noted(("mail", "ca_file"), message, hint))
    return noted


def _check_sendmail(at: At, path: str, machine: Machine) -> list[Noted]:
    real = machine.real_path(path)
    facts = machine.facts(real)
    if facts is None or facts.kind != "file" or not facts.mode & 0o111:
        hint = "Install a mail server, or name one as server in [mail]."
        return [Noted(at, f"{printable(path)} is no program that could take mail", hint)]
    helper = machine.facts(posixpath.join(posixpath.dirname(real), "postdrop"))  # of postfix
    if facts.mode & SET_ID or (helper and helper.mode & SET_ID):
        message = "needs set-uid or set-gid rights, which the service gives to no program"
        return [Noted(at, message, INSTEAD, warning=True)]
    return []
