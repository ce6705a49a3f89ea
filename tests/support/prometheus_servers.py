"""A private Prometheus and a private Pushgateway, as database_servers.py has databases."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import Any, ClassVar

from tests.support.database_servers import Server, find

SCRAPE_SECONDS = 1
_OWN = {"__name__", "job", "instance"}


class Monitor(Server):
    """A server that answers HTTP and says when it is ready."""

    accounts: ClassVar[tuple[str, ...]] = ("prometheus",)

    def create(self) -> None: ...

    def prepare(self) -> None: ...

    def url(self, database: str = "") -> str:
        return f"http://127.0.0.1:{self.port}{database}"

    def ping(self) -> bool:
        try:
            with urllib.request.urlopen(self.url("/-/ready"), timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


class Pushgateway(Monitor):
    def command(self) -> list[str]:
        return [
            find("prometheus-pushgateway", "pushgateway"),
            f"--web.listen-address=127.0.0.1:{self.port}",
            "--persistence.file=",
        ]


class Prometheus(Monitor):
    """Scrapes each second what its configuration says."""

    def __init__(self, configuration: str) -> None:
        super().__init__()
        self.configuration = configuration

    def create(self) -> None:
        (self.folder / "prometheus.yml").write_text(self.configuration)

    def command(self) -> list[str]:
        return [
            find("prometheus"),
            f"--config.file={self.folder}/prometheus.yml",
            f"--storage.tsdb.path={self.folder}/data",
            f"--web.listen-address=127.0.0.1:{self.port}",
        ]

    def ask(self, path: str, **parameters: str) -> Any:
        """The `data` of an answer of the HTTP API."""
        query = urllib.parse.urlencode(parameters)
        try:
            with urllib.request.urlopen(self.url(f"/api/v1/{path}?{query}"), timeout=30) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{parameters}: {error.read().decode()}") from error

    def query(self, expression: str) -> dict[frozenset[tuple[str, str]], float]:
        """What an expression is now, by the labels that are not Prometheus's own."""
        return {
            frozenset((k, v) for k, v in one["metric"].items() if k not in _OWN):
                float(one["value"][1])
            for one in self.ask("query", query=expression)["result"]
        }  # fmt: skip

    def wait_for(self, expression: str, wanted: dict[frozenset[tuple[str, str]], float]) -> None:
        """Until a scrape has brought it."""
        deadline = time.monotonic() + 300
        while (found := self.query(expression)) != wanted:
            assert time.monotonic() < deadline, f"{expression}: {found}, and not {wanted}"
            time.sleep(0.2)
