"""Certificate chains: who issued them, and whether that is an authority that the public web trusts."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import certifi
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.utils import CryptographyDeprecationWarning


@dataclass(frozen=True)
class Chain:
    """The certificates of a handshake, the server's own first.

    ``verified`` is the chain that OpenSSL built up to an authority that this machine trusts; without trust it is what
    the server presented.
    """

    certificates: tuple[x509.Certificate, ...]
    verified: bool

    @property
    def issuer(self) -> str:
        """Who issued the server's own certificate, in words; empty where nothing was presented."""
        return _name(self.certificates[0].issuer) if self.certificates else ""

    @property
    def is_self_signed(self) -> bool:
        """Whether the server's certificate was issued by nobody but itself."""
        return bool(self.certificates) and self.certificates[0].issuer == self.certificates[0].subject

    @property
    def is_public(self) -> bool:
        """Whether an authority of Mozilla's list stands at its end.

        Decided by the key of the authority, not by its name: cross-signed authorities have several certificates and
        one key, and a name can be taken by anybody.
        """
        if not self.certificates:
            return False
        last = self.certificates[-1]
        return _key_of(last) in _public_keys() or any(_issued(root, last) for root in _public_roots())

    def evidence(self) -> dict[str, Any]:
        """Return the chain as values that JSON can carry: each certificate's subject, issuer and end."""
        told = [
            {"subject": _name(one.subject), "issuer": _name(one.issuer), "until": one.not_valid_after_utc.isoformat()}
            for one in self.certificates
        ]
        return {"chain": told, "trusted_here": self.verified, "public_authority": self.is_public}


def read_chain(ssl_object: Any) -> Chain:
    """Return the chain of a finished handshake.

    ``ssl_object`` is what the HTTP library hands out: the inner object of a socket. Its methods are public on the
    socket itself from Python 3.13 on, and the same inside before.
    """
    verified = ssl_object.get_verified_chain() if _was_verified(ssl_object) else None
    found: Sequence[Any] = verified or ssl_object.get_unverified_chain() or ()
    return Chain(tuple(_certificate(each) for each in found), bool(verified))


def _was_verified(ssl_object: Any) -> bool:
    return bool(ssl_object.context.verify_mode)


def _certificate(found: Any) -> x509.Certificate:
    if isinstance(found, bytes):
        return x509.load_der_x509_certificate(found)
    return x509.load_pem_x509_certificate(found.public_bytes().encode())


@lru_cache(maxsize=1)
def _public_roots() -> tuple[x509.Certificate, ...]:
    with warnings.catch_warnings():  # some authorities' certificates are as old as the rules that they break
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        return tuple(x509.load_pem_x509_certificates(Path(certifi.where()).read_bytes()))


@lru_cache(maxsize=1)
def _public_keys() -> frozenset[bytes]:
    return frozenset(_key_of(root) for root in _public_roots())


def _key_of(certificate: x509.Certificate) -> bytes:
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(key).digest()


def _issued(root: x509.Certificate, certificate: x509.Certificate) -> bool:
    if root.subject != certificate.issuer:
        return False
    try:
        certificate.verify_directly_issued_by(root)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _name(name: x509.Name) -> str:
    """Return the parts of a name that a person knows somebody by."""
    wanted = (x509.NameOID.COMMON_NAME, x509.NameOID.ORGANIZATION_NAME)
    parts = [str(each.value) for oid in wanted for each in name.get_attributes_for_oid(oid)]
    return ", ".join(dict.fromkeys(parts)) or name.rfc4514_string()
