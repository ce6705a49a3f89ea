"""Sending through proxies, with certificates and by HTTP/2: over real servers of each kind."""

import json
from collections import Counter
from contextlib import ExitStack

import pytest

from tests.support.certificates import Certificates
from tests.support.command import objects, snapshots
from tests.support.database_servers import free_port
from tests.support.http_server import Handler, response, serving
from tests.support.proxy_servers import Front, Microsocks, Squid, Tinyproxy, TlsSquid

pytestmark = pytest.mark.servers
ROWS = 300
NO_PROXIES = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy", "no_proxy"), "")


class Api(Handler):
    def __init__(self):
        self.taken = Counter()
        self.requests = []

    def on_request(self, request, connection):
        self.requests.append(request)
        body = json.loads(request.body)
        self.taken.update(row["id"] for row in (body if isinstance(body, list) else [body]))
        return response(201)


@pytest.fixture
def api():
    with serving(Api()) as running:
        yield running


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def begun():
    """Starts servers that end with the test."""
    with ExitStack() as stack:
        yield stack.enter_context


def send(url, folder, *more, rows=ROWS, **variables):
    (folder / "a.csv").write_text("id\n" + "".join(f"{n}\n" for n in range(rows)))
    given = ("send", "a.csv", "--to", url, "--json", "--again", "--progress", "none", *more)
    return snapshots(*given, cwd=folder, **{**NO_PROXIES, **variables})


def delivered(done, rows=ROWS):
    assert done.returncode == 0, (done.stdout, done.stderr)
    (result,) = objects(done)
    assert (result["loaded"], result["ambiguous"]) == (rows, 0)


def refused(done):
    """Nothing was sent; message and hint."""
    assert done.returncode in {2, 6}, (done.stdout, done.stderr)
    said = done.stdout + done.stderr
    assert "Traceback" not in said
    return said


KINDS = [Tinyproxy, Squid, TlsSquid, Microsocks]


@pytest.mark.parametrize("login", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_through_a_proxy(tmp_path, api, begun, certificates, kind, login):
    """What it reads itself, and with TLS what it only passes on."""
    proxy = begun(kind(certificates, login=login))
    url, ca = f"{api.url}/rows", ("--ca", certificates.ca)
    delivered(send(url, tmp_path, *ca, HTTP_PROXY=proxy.url()))
    delivered(send(url, tmp_path, *ca, "--proxy", "${P}", P=proxy.url()))
    delivered(send(url, tmp_path, *ca, all_proxy=proxy.url(), NO_PROXY="localhost, example.org"))
    taken = 3
    assert set(api.handler.taken.values()) == {taken}
    hosts = {request.headers["host"] for request in api.handler.requests}
    assert hosts == {api.url.removeprefix("http://")}
    assert not any("proxy-authorization" in request.headers for request in api.handler.requests)
    proxy.close()
    direct = {"HTTP_PROXY": proxy.url(), "no_proxy": "127.0.0.0/8"}
    delivered(send(url, tmp_path, rows=3, **direct), rows=3)
    delivered(send(url, tmp_path, "--proxy", "none", rows=3, HTTP_PROXY=proxy.url()), rows=3)
    said = refused(send(url, tmp_path, "--retry-seconds", "0.1", HTTP_PROXY=proxy.url()))
    assert "no connection with the proxy" in said
    assert "pass%20word" not in said
    assert "password1" not in said


@pytest.mark.parametrize("kind", KINDS)
def test_tls_goes_through_a_proxy_unread(tmp_path, begun, certificates, api, kind):
    proxy, front = begun(kind(certificates)), begun(Front(certificates, api.url))
    more = ("--ca", certificates.ca)
    for to in ("tls", "tls1"):
        delivered(send(front.url(to), tmp_path, *more, HTTPS_PROXY=proxy.url()))
    delivered(send(front.url("plain"), tmp_path, "--http2", *more, HTTP_PROXY=proxy.url()))
    if kind is Microsocks:
        return
    log = proxy.connections.read_text()
    assert "CONNECT 127.0.0.1" in log
    assert "POST" not in log


@pytest.mark.parametrize("kind", [Tinyproxy, Squid, TlsSquid])
def test_a_proxy_that_wants_other_credentials(tmp_path, api, begun, certificates, kind):
    proxy, front = begun(kind(certificates, login=True)), begun(Front(certificates))
    wrong = f"{kind.scheme}://someone:s3cret-w0rd@127.0.0.1:{proxy.port}"
    ca = ("--ca", certificates.ca)
    said = refused(send(f"{api.url}/rows", tmp_path, *ca, HTTP_PROXY=wrong))
    # What it answers itself may look like an answer of the API.
    not_us = "The proxy does not let us through"
    assert ("does not accept these credentials" if kind is Tinyproxy else not_us) in said
    said += refused(send(front.url("tls"), tmp_path, *ca, HTTPS_PROXY=wrong))
    assert not_us in said
    assert "s3cret" not in said
    assert not api.handler.requests


def test_a_proxy_that_is_not_trusted_or_speaks_no_tls(tmp_path, api, begun, certificates):
    proxy, front = begun(TlsSquid(certificates)), begun(Front(certificates))
    url = f"{api.url}/rows"
    said = refused(send(url, tmp_path, HTTP_PROXY=proxy.url()))
    assert "The certificate of the proxy is not trusted" in said
    assert "--ca" in said
    said = refused(send(front.url("tls"), tmp_path, HTTPS_PROXY=proxy.url()))
    assert "The certificate of the proxy is not trusted" in said
    plain = begun(Squid()).url().replace("http:", "https:")
    more = ("--ca", certificates.ca, "--retry-seconds", "0.1")
    for to, variable in ((url, "HTTP_PROXY"), (front.url("tls"), "HTTPS_PROXY")):
        said = refused(send(to, tmp_path, *more, **{variable: plain}))
        assert "The TLS connection with the proxy failed" in said
        assert "http://" in said
    encrypted = proxy.url().replace("https:", "http:")
    for to, variable in ((url, "HTTP_PROXY"), (front.url("tls"), "HTTPS_PROXY")):
        said = refused(send(to, tmp_path, *more, **{variable: encrypted}))
        assert "proxy" in said
    assert not api.handler.requests


def test_a_proxy_behind_which_there_is_no_server(tmp_path, begun):
    proxy = begun(Squid())
    for scheme in ("http", "https"):
        to = f"{scheme}://127.0.0.1:{free_port()}/rows"
        said = refused(send(to, tmp_path, "--retry-seconds", "0.1", "--proxy", proxy.url()))
        assert "503" in said


@pytest.mark.parametrize("wrong", ["ftp://proxy:1", "http://", "http://h:99999", "socks4://h"])
def test_a_proxy_that_is_none(tmp_path, wrong):
    assert "proxy is not valid" in refused(send("http://127.0.0.1/", tmp_path, "--proxy", wrong))


def test_a_client_certificate(tmp_path, begun, certificates):
    front = begun(Front(certificates, client=True))
    more = ["--ca", certificates.ca]
    for to in ("tls", "tls1"):
        said = refused(send(front.url(to), tmp_path, *more))
        assert "demands a client certificate" in said
        assert "--cert FILE" in said
        ours = ("--cert", certificates.client, "--cert-key", certificates.client_key)
        delivered(send(front.url(to), tmp_path, *more, *ours))
    variables = {
        "SNAPSHOTS_CA": certificates.ca,
        "SNAPSHOTS_CERT": certificates.client,
        "SNAPSHOTS_CERT_KEY": certificates.client_key,
    }
    given = {name: str(path) for name, path in variables.items()}
    delivered(send(front.url("tls"), tmp_path, **given))


@pytest.mark.parametrize("http2", ["true", "false"])
def test_a_project_reaches_its_api_by_a_proxy_and_certificates(
    tmp_path, begun, certificates, api, http2
):
    proxy = begun(Tinyproxy(login=True))
    front = begun(Front(certificates, api.url, client=True))
    for name in ("ca", "client", "client_key"):
        (tmp_path / name).write_bytes(getattr(certificates, name).read_bytes())
    (tmp_path / "a.csv").write_text("id\n1\n2\n")
    (tmp_path / "snapshots.toml").write_text(f"""
[api]
url = "{front.url("tls")}"
proxy = "${{PROXY}}"
ca = "ca"
cert = "client"
cert_key = "client_key"
http2 = {http2}
[resources.rows]
file = "a.csv"
""")
    given = {**NO_PROXIES, "PROXY": proxy.url()}
    delivered(snapshots("run", ".", "--json", cwd=tmp_path, **given), rows=2)
    assert "CONNECT 127.0.0.1" in proxy.connections.read_text()


def test_certificates_that_cannot_be_used(tmp_path, begun, certificates):
    front = begun(Front(certificates))
    url = front.url("tls")
    assert "not trusted" in refused(send(url, tmp_path))
    assert "no certificates of authorities" in refused(send(url, tmp_path, "--ca", "a.csv"))
    more = ("--ca", certificates.ca, "--cert")
    assert "cannot be used" in refused(send(url, tmp_path, *more, certificates.client))
    key = ("--cert-key", certificates.server_key)
    assert "cannot be used" in refused(send(url, tmp_path, *more, certificates.client, *key))
    assert "needs its certificate" in refused(send(url, tmp_path, *key))
    assert "cannot be used" in refused(send(url, tmp_path, *more, "missing.pem"))


@pytest.mark.parametrize("concurrency", [1, 32])
def test_http2_by_the_choice_of_the_server_and_by_ours(
    tmp_path, begun, certificates, api, concurrency
):
    """Though the server ends each connection after so many requests: none of them is ambiguous."""
    front = begun(Front(certificates, api.url, requests=40))
    more = ("--ca", certificates.ca, "--concurrency", concurrency)
    delivered(send(front.url("tls"), tmp_path, *more))
    delivered(send(front.url("tls"), tmp_path, "--http2", *more))
    delivered(send(front.url("plain"), tmp_path, "--http2", *more))
    assert set(api.handler.taken.values()) == {3}


def test_http2_where_there_is_none(tmp_path, begun, certificates, api):
    front = begun(Front(certificates))
    said = refused(send(front.url("tls1"), tmp_path, "--http2", "--ca", certificates.ca))
    assert "does not speak HTTP/2" in said
    said = refused(send(f"{api.url}/rows", tmp_path, "--http2"))
    assert "it answers by HTTP/1.1" in said
    assert not api.handler.taken


def test_answers_by_gzip_are_kept_unpacked(tmp_path, begun, certificates):
    class Refusing(Handler):
        def on_request(self, request, connection):
            assert "gzip" in request.headers["accept-encoding"]
            return response(422, "the row has no name " * 5)

    with serving(Refusing()) as running:
        front = begun(Front(certificates, running.url))
        more = ("--ca", certificates.ca, "--max-rejects", "100%")
        done = send(front.url("tls"), tmp_path, *more, rows=2)
        assert done.returncode == 3, (done.stdout, done.stderr)
    rejects = objects(snapshots("rejects", 1, "--json", cwd=tmp_path))
    assert {one["reason"][:30] for one in rejects} == {"HTTP 422: the row has no name "}
