"""Certificate authorities and certificates for the tests, made on the spot by openssl."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

EC = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")


def have_openssl() -> bool:
    return shutil.which("openssl") is not None


@dataclass(frozen=True)
class Certificate:
    """A certificate and its private key, as PEM files."""

    certificate: Path
    key: Path


class Authority:
    """A certificate authority in a folder of its own."""

    def __init__(self, folder: Path, name: str = "Test CA") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.certificate = folder / "ca.pem"
        self._key = folder / "ca.key"
        words = ["req", "-x509", *EC, "-noenc", "-days", 30, "-subj", f"/CN={name}"]
        words += ["-addext", "keyUsage=critical,keyCertSign,cRLSign"]
        _openssl(*words, "-keyout", self._key, "-out", self.certificate)

    def issue(
        self,
        name: str,
        *,
        days: int = 30,
        also: str = "DNS:localhost,IP:127.0.0.1",
        purpose: str = "serverAuth,clientAuth",
        key: tuple[str, ...] = EC,
    ) -> Certificate:
        """Sign a certificate; with negative `days` it has expired."""
        made = Certificate(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        request, extensions = self._folder / f"{name}.csr", self._folder / f"{name}.ext"
        extensions.write_text(
            "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
            "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
            f"subjectAltName={also}\nextendedKeyUsage={purpose}\n"
        )
        words = ["-noenc", "-subj", f"/CN={name}", "-keyout", made.key, "-out", request]
        _openssl("req", *key, *words)
        words = ["-CA", self.certificate, "-CAkey", self._key, "-days", days]
        words += ["-extfile", extensions, "-out", made.certificate]
        _openssl("x509", "-req", "-in", request, *words)
        return made


def with_password(plain: Certificate, to: Path) -> Path:
    """Write the private key again, under a password."""
    _openssl("pkey", "-in", plain.key, "-aes128", "-passout", "pass:secret", "-out", to)
    return to


def _openssl(*words: object) -> None:
    subprocess.run(
        ["openssl", *map(str, words)], check=True, capture_output=True, stdin=subprocess.DEVNULL
    )
