"""Certificates of an authority of the tests: for a server at 127.0.0.1, and for a client."""

from __future__ import annotations

import subprocess
from pathlib import Path


class Certificates:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ca = folder / "ca.pem"
        self._make("ca", "-x509", "-days", "2", "-subj", "/CN=Authority of the tests")
        self.server, self.server_key = self._signed("server", "subjectAltName=IP:127.0.0.1")
        self.client, self.client_key = self._signed("client", "extendedKeyUsage=clientAuth")

    def _make(self, name: str, *more: str) -> None:
        key = ("-newkey", "rsa:2048", "-nodes", "-keyout", f"{self.folder}/{name}.key")
        _openssl("req", *key, "-out", f"{self.folder}/{name}.pem", *more)

    def _signed(self, name: str, extension: str) -> tuple[Path, Path]:
        self._make(name, "-subj", f"/CN={name}")
        request = self.folder / f"{name}.pem"
        extensions = self.folder / f"{name}.ext"
        extensions.write_text(f"{extension}\nbasicConstraints=CA:FALSE\n")
        signed = self.folder / f"{name}.crt"
        _openssl(
            "x509", "-req", "-in", str(request), "-CA", str(self.ca), "-CAkey",
            f"{self.folder}/ca.key", "-CAcreateserial", "-days", "2", "-extfile", str(extensions),
            "-out", str(signed),
        )  # fmt: skip
        return signed, self.folder / f"{name}.key"


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)
