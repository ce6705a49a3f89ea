"""A private nginx that answers 201 to everything: what a client is measured against."""

from __future__ import annotations

import http.client

from tests.support.database_servers import Server, find

CONFIGURATION = """
daemon off;
pid {folder}/pid;
error_log stderr warn;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{ listen 127.0.0.1:{port}; location / {{ return 201; }} }}
}}
"""


class Nginx(Server):
    accounts = ("www-data", "nginx")

    def create(self) -> None:
        text = CONFIGURATION.format(folder=self.folder, port=self.port)
        (self.folder / "nginx.conf").write_text(text)

    def command(self) -> list[str]:
        conf = f"{self.folder}/nginx.conf"
        return [find("nginx"), "-p", str(self.folder), "-e", "stderr", "-c", conf]

    def ping(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("POST", "/", b"{}")
            return connection.getresponse().status == 201
        except OSError:
            return False
        finally:
            connection.close()

    def prepare(self) -> None:
        """Nothing: it has no data."""

    def url(self, database: str = "movies") -> str:
        return f"http://127.0.0.1:{self.port}/{database}"
