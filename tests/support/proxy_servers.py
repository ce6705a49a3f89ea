"""Private proxies: tinyproxy and squid for HTTP, microsocks for SOCKS 5, and nginx in front of an
API."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

from tests.support.certificates import Certificates
from tests.support.database_servers import Server, find, free_port

NAME, PASSWORD = "someone", "pass word:1"
"""Whom the proxies let through."""


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
    except OSError:
        return False
    return True


class Proxy(Server):
    """A proxy that wants name and password, if `login`."""

    accounts = ("nobody",)
    scheme = ""

    def __init__(self, certificates: Certificates | None = None, *, login: bool = False) -> None:
        """`certificates`: for those that speak TLS themselves."""
        super().__init__()
        self.certificates = certificates
        self.login = login

    def create(self) -> None:
        """Nothing: it has no data."""

    def prepare(self) -> None:
        """Nothing: it has no data."""

    def ping(self) -> bool:
        return listens(self.port)

    def url(self, database: str = "") -> str:
        user = "someone:pass%20word%3A1@" if self.login else ""
        return f"{database or self.scheme}://{user}127.0.0.1:{self.port}"


class Tinyproxy(Proxy):
    scheme = "http"

    def create(self) -> None:
        lines = [f"Port {self.port}", "Listen 127.0.0.1", "Timeout 60", "MaxClients 100"]
        lines += [f'LogFile "{self.connections}"', "LogLevel Connect"]
        if self.login:
            # It takes no password with a colon or a blank.
            lines.append("BasicAuth someone password1")
        (self.folder / "tinyproxy.conf").write_text("\n".join(lines) + "\n")

    @property
    def connections(self) -> Path:
        """A file with what it was asked."""
        return self.folder / "tinyproxy.log"

    def command(self) -> list[str]:
        return [find("tinyproxy"), "-d", "-c", f"{self.folder}/tinyproxy.conf"]

    def url(self, database: str = "") -> str:
        user = "someone:password1@" if self.login else ""
        return f"{database or self.scheme}://{user}127.0.0.1:{self.port}"


class Microsocks(Proxy):
    scheme = "socks5"

    def command(self) -> list[str]:
        login = ["-u", NAME, "-P", PASSWORD] if self.login else []
        return [find("microsocks"), "-i", "127.0.0.1", "-p", str(self.port), *login]


SQUID = """
{listen}
pid_filename {folder}/squid.pid
access_log stdio:{folder}/access.log
cache_log {folder}/cache.log
coredump_dir {folder}
cache deny all
pinger_enable off
shutdown_lifetime 0 seconds
server_idle_pconn_timeout 1 second
visible_hostname proxy.example
dns_nameservers 127.0.0.1
{rules}
"""
ANYONE = "http_access allow all"
PEOPLE = """
auth_param basic program {program} {folder}/people
acl people proxy_auth REQUIRED
http_access allow people
http_access deny all
"""
_HELPERS = (
    "/usr/lib/squid",
    "/usr/lib64/squid",
    "/usr/libexec/squid",
    "/opt/homebrew/opt/squid/libexec",
)


class Squid(Proxy):
    """The proxy of most companies. It keeps connections, where tinyproxy closes each."""

    accounts = ("proxy", "squid", "nobody")
    scheme = "http"

    def create(self) -> None:
        rules = ANYONE
        if self.login:
            name, password = (f"{self.folder}/people", PASSWORD)
            made = subprocess.run(
                ["openssl", "passwd", "-apr1", password], check=True, capture_output=True, text=True
            )
            Path(name).write_text(f"{NAME}:{made.stdout}")
            helpers = (Path(folder, "basic_ncsa_auth") for folder in _HELPERS)
            program = next(path for path in helpers if path.exists())
            rules = PEOPLE.format(program=program, folder=self.folder)
        text = SQUID.format(listen=self.listen(), folder=self.folder, rules=rules)
        (self.folder / "squid.conf").write_text(text)

    def listen(self) -> str:
        """Where and how it listens."""
        return f"http_port 127.0.0.1:{self.port}"

    @property
    def connections(self) -> Path:
        """A file with what it was asked."""
        return self.folder / "access.log"

    def command(self) -> list[str]:
        # Several of them must not share the memory of one name.
        name = f"snapshots{self.port}"
        return [find("squid"), "-N", "-n", name, "-f", f"{self.folder}/squid.conf"]


class TlsSquid(Squid):
    """The same behind TLS, so that nobody reads what is asked of it."""

    scheme = "https"

    def listen(self) -> str:
        assert self.certificates is not None
        pem = self.folder / "server.pem"
        parts = (self.certificates.server, self.certificates.server_key)
        pem.write_text("".join(part.read_text() for part in parts))
        self.own(pem)
        return f"https_port 127.0.0.1:{self.port} tls-cert={pem}"


FRONT = """
daemon off;
pid {folder}/pid;
error_log stderr warn;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    keepalive_requests {requests};
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    gzip on; gzip_proxied any; gzip_types *; gzip_min_length 1;
    server {{
        listen 127.0.0.1:{port} http2;
        listen 127.0.0.1:{tls} ssl http2;
        listen 127.0.0.1:{tls1} ssl;
        ssl_certificate {server}; ssl_certificate_key {server_key};
        ssl_client_certificate {ca}; ssl_verify_client {verify};
        location / {{ {answer}; add_header X-Protocol $server_protocol always; }}
    }}
}}
"""


class Front(Server):
    """nginx with HTTP/2 and TLS, before an API or with an answer of its own."""

    accounts = ("www-data", "nginx")

    def __init__(
        self,
        certificates: Certificates,
        api: str = "",
        *,
        client: bool = False,
        requests: int = 1_000_000,
    ) -> None:
        super().__init__()
        self._client = client
        self.tls, self.tls1 = free_port(), free_port()
        """The ports with TLS: with HTTP/2 and without."""
        self._values = {
            "answer": f"proxy_pass {api}" if api else "return 201",
            "ca": self._copied(certificates.ca),
            "server": self._copied(certificates.server),
            "server_key": self._copied(certificates.server_key),
            "verify": "on" if client else "off",
            "requests": requests,
        }

    def _copied(self, file: Path) -> Path:
        """A copy that the account of the server can read."""
        copy = self.folder / file.name
        copy.write_bytes(file.read_bytes())
        self.own(copy)
        return copy

    def create(self) -> None:
        ports = {"port": self.port, "tls": self.tls, "tls1": self.tls1}
        text = FRONT.format(folder=self.folder, **ports, **self._values)
        (self.folder / "nginx.conf").write_text(text)

    def command(self) -> list[str]:
        conf = f"{self.folder}/nginx.conf"
        return [find("nginx"), "-p", str(self.folder), "-e", "stderr", "-c", conf]

    def ping(self) -> bool:
        return all(listens(port) for port in (self.port, self.tls, self.tls1))

    def prepare(self) -> None:
        """Nothing: it has no data."""

    def url(self, database: str = "plain") -> str:
        """`plain` is HTTP/2 without TLS; `tls` has HTTP/2, `tls1` has not."""
        scheme = "http" if database == "plain" else "https"
        port = {"plain": self.port, "tls": self.tls, "tls1": self.tls1}[database]
        return f"{scheme}://127.0.0.1:{port}/rows"
