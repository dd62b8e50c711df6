"""Repositories for tests that cost nothing to make, with a key that opens at once.

restic makes every key so that deriving it takes half a second, at each start. The tests start restic
a thousand times; their passwords guard nothing. Only the key file is replaced (format: restic's design
document, "Keys, Encryption and MAC"): restic itself stays the real one. `restic init` takes two seconds of
the processor, so what it made is kept beside the programs in the tests' cache.
"""

import atexit
import base64
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.poly1305 import Poly1305

from support import restics

QUICK = {"N": 2, "r": 8, "p": 1}


def empty_repository(repository: Path, restic: Path, password: str, which: str = "primary") -> None:
    """As `restic init` makes it. Those of one name are copies of one and have its ID; two names differ."""
    assert not (repository / "config").exists()
    shutil.copytree(_initialised(restic, password, which), repository, dirs_exist_ok=True)


@cache
def _initialised(restic: Path, password: str, which: str) -> Path:
    """One that nobody writes to; it stays for the next tests where the program does."""
    if restics.cache() in restic.parents:
        program = restic.stat()
        about = repr((program.st_size, program.st_mtime_ns, password, which, QUICK))
        kept = restic.with_name("repositories") / hashlib.sha256(about.encode()).hexdigest()[:16]
        if not kept.exists():
            kept.parent.mkdir(exist_ok=True)
            made = _made(restic, password, kept.parent)
            with suppress(OSError):  # another test process was quicker
                made.rename(kept)
            shutil.rmtree(made, ignore_errors=True)
        return kept
    made = _made(restic, password, None)
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def _made(restic: Path, password: str, where: Path | None) -> Path:
    made = Path(tempfile.mkdtemp(prefix="readiness-repository-", dir=where))
    environment = {**os.environ, "RESTIC_REPOSITORY": str(made), "RESTIC_PASSWORD": password}
    subprocess.run([restic, "--no-cache", "init"], check=True, env=environment, capture_output=True)
    quicken(made, password)
    for empty in (made / "data").iterdir():  # 256, which restic makes anew where it needs them
        empty.rmdir()
    return made


def quicken(repository: Path, password: str) -> None:
    """Replace the only key of a repository by one with the same password that costs nothing to derive."""
    (old,) = [file for file in (repository / "keys").rglob("*") if file.is_file()]
    key = json.loads(old.read_bytes())
    master = _decrypt(_derive(password, key), base64.b64decode(key["data"]))
    key |= QUICK | {"salt": base64.b64encode(os.urandom(64)).decode()}
    key["data"] = base64.b64encode(_encrypt(_derive(password, key), master)).decode()
    content = json.dumps(key).encode()
    new = old.with_name(hashlib.sha256(content).hexdigest())
    old.unlink()
    new.write_bytes(content)


def _derive(password: str, key: dict[str, int | str]) -> bytes:
    """Encryption key (32 bytes), then the two halves of the MAC key (16 and 16)."""
    return hashlib.scrypt(
        password.encode(),
        salt=base64.b64decode(str(key["salt"])),
        n=int(key["N"]),
        r=int(key["r"]),
        p=int(key["p"]),
        maxmem=1 << 28,
        dklen=64,
    )


def _decrypt(secret: bytes, sealed: bytes) -> bytes:
    nonce, text, mac = sealed[:16], sealed[16:-16], sealed[-16:]
    assert _mac(secret, nonce, text) == mac, "the password does not open the key"
    return _counter_mode(secret, nonce, text)


def _encrypt(secret: bytes, plain: bytes) -> bytes:
    nonce = os.urandom(16)
    text = _counter_mode(secret, nonce, plain)
    return nonce + text + _mac(secret, nonce, text)


def _counter_mode(secret: bytes, nonce: bytes, text: bytes) -> bytes:
    return Cipher(algorithms.AES(secret[:32]), modes.CTR(nonce)).encryptor().update(text)


def _mac(secret: bytes, nonce: bytes, text: bytes) -> bytes:
    pad = Cipher(algorithms.AES(secret[32:48]), modes.ECB()).encryptor().update(nonce)
    return Poly1305.generate_tag(secret[48:64] + pad, text)
