"""Certificates of our own making, for the servers that the tests start."""

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


class Issuer:
    """Somebody who signs certificates; who trusts `file` trusts them."""

    def __init__(self, base: Path, name: str = "test authority") -> None:
        self.file = base / f"{name.replace(' ', '-')}.pem"
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name(name)
        own = _builder(self._name, self._name, self._key, timedelta(days=1))
        own = own.add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        own = own.add_extension(_usage(signs=True), True)
        own = own.add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), False)
        self.file.write_bytes(own.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def issue(self, base: Path, host: str = "127.0.0.1", days: float = 1) -> None:
        """server.pem for `host` and its server.key, in `base`; one of fewer than 0 days has expired."""
        key = ec.generate_private_key(ec.SECP256R1())
        named = _builder(_name(host), self._name, key, timedelta(days=days))
        try:
            other: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(host))
        except ValueError:
            other = x509.DNSName(host)
        named = named.add_extension(x509.SubjectAlternativeName([other]), False)
        named = named.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), False
        )
        signed = named.sign(self._key, hashes.SHA256())
        (base / "server.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        (base / "server.key").touch(mode=0o600)
        (base / "server.key").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common)])


def _usage(signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, valid: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now + valid)
    )
