"""Certificates are verified, and what is wrong with one is said."""

import asyncio
import ssl
import subprocess
from pathlib import Path

import pytest

from snapshots.endpoints.http import HttpEndpoint, HttpSettings
from snapshots.errors import CannotConnect
from tests.endpoints.http.delivering import against, page
from tests.support.faulty_server import Faulty


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key, and a certificate for 127.0.0.1 that it has signed itself, in one file."""
    folder = tmp_path_factory.mktemp("tls")
    made = folder / "made.pem"
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
            "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
            "-keyout", folder / "key.pem", "-out", made,
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    both = folder / "both.pem"
    both.write_text((folder / "key.pem").read_text() + made.read_text())
    return both


async def outcomes_at(url: str) -> list[str]:
    async with asyncio.timeout(60), HttpEndpoint(HttpSettings(url)) as target:
        return [verdict.outcome for verdict in await target.deliver(page(1, 2))]


def serving(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_a_certificate_that_nobody_trusts(certificate: Path) -> None:
    faulty = Faulty()
    with pytest.raises(CannotConnect, match="certificate of the server is not trusted") as caught:
        against(faulty, lambda s: outcomes_at(f"{s.url}/status/201"), serving(certificate))
    assert "SSL_CERT_FILE" in caught.value.hint
    assert faulty.received == []


def test_an_own_authority(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    outcomes = against(Faulty(), lambda s: outcomes_at(f"{s.url}/status/201"), serving(certificate))
    assert outcomes == ["delivered"] * 2


def test_a_certificate_for_another_host(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with pytest.raises(CannotConnect, match="localhost"):
        against(
            Faulty(),
            lambda s: outcomes_at(f"{s.url.replace('127.0.0.1', 'localhost')}/status/201"),
            serving(certificate),
        )


def test_a_server_without_tls() -> None:
    with pytest.raises(CannotConnect, match="TLS connection failed"):
        against(Faulty(), lambda s: outcomes_at(s.url.replace("http:", "https:")))
