"""Project folders that tests write."""

from pathlib import Path

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "combocurve"

SERVER = """
[connection]
type = "postgres"

[postgres]
user = "reader"
password = "hunter2"
host = "localhost"
"""


def project(folder, toml=SERVER, **resources):
    (folder / "resources").mkdir(parents=True, exist_ok=True)
    (folder / "combocurve.toml").write_text(toml)
    for name, sql in (resources or {"wells": "SELECT 1 AS a"}).items():
        (folder / "resources" / f"{name.replace('_', '-')}.sql").write_text(sql)
    return folder


def toml_for(server, api=""):
    """The settings of a server of the tests."""
    return f"""
[connection]
type = "{server.kind}"

[{server.kind}]
user = "{server.user}"
password = "{server.password}"
host = "{server.host}"
port = {server.port}
database = "{server.database}"

[api]
key = "key-of-tests"
token = "token-of-tests"
{api}
"""
