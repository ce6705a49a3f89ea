"""What is secret: by its name, by its looks and by its place; and what is not."""

import json

import pytest

from snapshots import locations
from snapshots.endpoints.http.settings import HttpSettings
from snapshots.engine.plan.endpoint import Endpoint
from snapshots.engine.queue.request import ImportRequest
from snapshots.errors import UsageError
from snapshots.redaction import (
    hides_something,
    is_secret,
    secret_parameters,
    shown,
    without_secrets,
)
from tests.support.command import snapshots
from tests.support.http_server import response, serving
from tests.support.recording_api import Api

SECRET = """
    pwd password passwd db_password userPwd pass userpass dbpass passcode passphrase PW
    token access_token accessToken refresh-token id_token X-Vault-Token Private-Token csrf
    xsrf_token     secret client_secret clientSecret oauth_signature oauth_nonce nonce
    sig signature X-Amz-Signature X-Amz-Credential X-Amz-Security-Token x-goog-signature sign hmac
    key key1 apikey api_key api-key apiKey APIKEY X-API-Key Ocp-Apim-Subscription-Key authkey
    AWSAccessKeyId AccountKey private_key SharedAccessSignature sas appid
    code auth_code authcode access_code device_code code_verifier otp pin ticket
    session session_id sessionid SESSIONID PHPSESSID JSESSIONID connect.sid sid cookie Set-Cookie
    auth Authorization Proxy-Authorization X-Auth bearer jwt assertion SAMLResponse credential cred
    authuser authinfo apiKennwort user_pswd
"""
OPEN = """
    page limit since until dataset region q format year month id name user host options
    author authors author_id authority country_code countryCode zip_code zipcode postcode barcode
    status_code language_code product_code sort_key primary_key partition_key keyword keywords
    monkey     passenger passenger_id passengers bypass compass design signal encode category
    relationship
    Content-Type Accept User-Agent Prefer Idempotency-Key
    sslmode sslkey ssl_key sslcert ssl_ca sslrootcert passfile service unix_socket charset
    require_auth default_auth channel_binding target_session_attrs application_name connect_timeout
"""


def test_names():
    assert [name for name in SECRET.split() if not is_secret(name)] == []
    assert [name for name in OPEN.split() if is_secret(name)] == []


@pytest.mark.parametrize("name", SECRET.split())
def test_a_secret_in_a_url_is_neither_shown_nor_kept(name):
    url = f"https://example.org/a.csv?page=2&{name}=geheim"
    assert shown(url) == f"https://example.org/a.csv?page=2&{name}=***"
    assert hides_something(url)
    with pytest.raises(UsageError, match="credentials") as caught:
        ImportRequest(url=url)
    assert "geheim" not in str(caught.value)
    with pytest.raises(UsageError, match="process list") as caught:
        Endpoint(url)
    assert "geheim" not in str(caught.value)
    assert Endpoint(f"https://example.org/?{name}=${{VARIABLE}}").url
    assert HttpSettings("http://h/", headers={name: "geheim99"}).secrets()[0] == "geheim99"
    place = locations.locate(f"postgresql://ana@h/d?{name}=geheim&sslmode=require")
    assert place.url() == "postgresql://ana@h/d?sslmode=require"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://ana:geheim@h/a.csv", "https://h/a.csv"),
        ("https://ana:ge/heim@h:80/a.csv", "https://h:80/a.csv"),
        ("https://geheim@h/a.csv", "https://h/a.csv"),
        ("https://h/a.csv?geheim0123456789", "https://h/a.csv?***"),
        ("https://h/a.csv?x=ab12cd34ef56gh78", "https://h/a.csv?x=***"),
        ("https://h/a.csv?x=eyJhbGciOi.eyJzdWIi.geheim", "https://h/a.csv?x=***"),
        ("https://h/a.csv?a=1;token=geheim", "https://h/a.csv?a=1;token=***"),
        ("https://h/a.csv?then=https://u:geheim@z/", "https://h/a.csv?then=***"),
        ("https://h/a.csv?then=https%3A%2F%2Fz%2F%3Fpwd%3Dgeheim", "https://h/a.csv?then=***"),
        ("https://h/a;jsessionid=geheim/b.csv?p=1", "https://h/a;jsessionid=***/b.csv?p=1"),
        ("https://h/a.csv?p%77d=geheim", "https://h/a.csv?p%77d=***"),
        ("https://h/a.csv#token=geheim", "https://h/a.csv"),
    ],
)
def test_by_looks_and_places(url, expected):
    assert shown(url) == expected
    assert "#" in url or hides_something(url)


def test_what_is_not_secret_stays():
    for url in (
        "https://h/a.csv?country_code=PT&page=2",
        "https://h/data/2026-01-01/a;v=1/b.csv?q=abc",
        "s3://bucket/key/a.csv",
    ):
        assert shown(url) == url
        assert not hides_something(url)
    assert secret_parameters("http://h/?country_code=PT&a=1#b=2") == []


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("see http://ana:geheim@h:80/x?token=geheim.", "see http://h:80/x?token=***."),
        ("Authorization: Bearer geheim12345", "Authorization: Bearer ***"),
        ("authorization=Basic Z2VoZWltOjE=", "authorization=*** ***"),
        ('{"code": 422, "api_key": "geheim0123456789"}', '{"code": 422, "api_key": "***"}'),
        ("connect with password=geheim host=h", "connect with password=*** host=h"),
        ("token eyJhbGciOi.eyJzdWIi.geheim is old", "token *** is old"),
        # What helps stays.
        ("Key (code)=(5) already exists.", "Key (code)=(5) already exists."),
        ("token: must not be empty", "token: must not be empty"),
        ("Basic authentication is needed", "Basic authentication is needed"),
        ("postgresql://ana@h:5432/d is away", "postgresql://ana@h:5432/d is away"),
        ('{"code": "duplicate", "key": "well-5"}', '{"code": "duplicate", "key": "well-5"}'),
    ],
)  # fmt: skip
def test_what_others_say(said, expected):
    assert without_secrets(said) == expected


def test_an_api_that_repeats_what_it_was_not_told_by_us(tmp_path):
    class Talkative(Api):
        def on_request(self, request, connection):
            return response(422, 'https://u:geheim77@h/x?pwd=geheim77, "token": "geheim7712345678"')

    (tmp_path / "a.csv").write_text("id\n1\n")
    with serving(Talkative()) as running:
        done = snapshots("send", "a.csv", "--to", running.url, cwd=tmp_path)
    said = [done, *(snapshots(*words, cwd=tmp_path) for words in (("rejects", 1), ("show", 1)))]
    assert "https://h/x?pwd=***" in said[1].stdout
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("snapshots.db*"))
    assert b"geheim77" not in kept + "".join(one.stdout + one.stderr for one in said).encode()


@pytest.mark.parametrize("name", ["pwd", "code", "session", "sid", "sig", "auth_code"])
def test_no_command_says_or_keeps_it(name, tmp_path):
    (tmp_path / "a.csv").write_text("id\n1\n")
    url = f"http://ana:geheim77@127.0.0.1:9/a.csv?{name}=geheim77"
    said = ""
    for words in (
        ("import", url), ("list", url), ("send", "a.csv", "--to",
        f"http://127.0.0.1:9/?{name}=geheim77"),
        ("send", "a.csv", "--to", url), ("import", "a.csv", "--pushgateway", url),
        ("import", url, "--log-format", "text"), ("import", "a.csv", url, "--log-format", "json"),
        ("import", "a.csv", "--database", f"postgresql://u:geheim77@127.0.0.1:9/d?{name}=geheim77"),
        ("import", "a.csv", "--database", url), ("import", "a.csv", "--workers", url),
        ("show", url),
    ):  # fmt: skip
        done = snapshots(*words, cwd=tmp_path)
        said += done.stdout + done.stderr
    kept = b"".join(one.read_bytes() for one in tmp_path.rglob("*") if one.is_file())
    assert "geheim77" not in said
    assert b"geheim77" not in kept
    assert json.dumps(said)
