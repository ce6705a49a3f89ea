"""Tokens that a service account signs: what they claim, who can check them, when they are new."""

import json
import time

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from snapshots.errors import ProjectError
from snapshots.project import service_account as accounts
from snapshots.project.service_account import ServiceAccount, authority
from snapshots.project.settings import AUDIENCE, Credentials


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def file(tmp_path, key):
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    path = tmp_path / "account.json"
    known = {"client_email": "wells@example.com", "private_key": pem, "private_key_id": "k1"}
    path.write_text(json.dumps(known))
    return path


def token(account):
    scheme, _, token = account.headers()["Authorization"].partition(" ")
    assert scheme == "Bearer"
    return token


def test_a_token_claims_who_we_are_for_an_hour_and_the_public_key_proves_it(file, key):
    account = ServiceAccount(file, "k3y", AUDIENCE)
    assert account.headers()["x-api-key"] == "k3y"
    claims = jwt.decode(token(account), key.public_key(), algorithms=["RS256"], audience=AUDIENCE)
    assert claims["iss"] == claims["sub"] == "wells@example.com"
    assert claims["exp"] - claims["iat"] == 3600
    assert abs(claims["iat"] - time.time()) < 60
    assert jwt.get_unverified_header(token(account)) == {
        "alg": "RS256", "typ": "JWT", "kid": "k1",
    }  # fmt: skip


def test_a_token_is_kept_until_shortly_before_its_end_and_then_renewed(file, monkeypatch):
    clock = [1_700_000_000.0]
    monkeypatch.setattr(accounts.time, "time", lambda: clock[0])
    account = ServiceAccount(file, "k3y", AUDIENCE)
    first = token(account)
    clock[0] += 3600 - accounts.RENEWED - 1
    assert token(account) == first
    clock[0] += 2
    assert token(account) != first


def test_all_of_it_is_secret(file):
    account = ServiceAccount(file, "k3y", AUDIENCE)
    assert {"k3y", token(account)} <= set(account.secrets())
    assert not [secret for secret in account.secrets() if secret in repr(account)]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "not valid JSON"),
        ("[]", "no client_email"),
        ('{"client_email": "a"}', "no private_key"),
        (
            '{"client_email": "a", "private_key": "hunter2", "private_key_id": "k"}',
            "not an RSA key",
        ),
    ],
)
def test_a_file_that_is_none_is_an_error_that_tells_no_key(tmp_path, content, says):
    path = tmp_path / "account.json"
    path.write_text(content)
    with pytest.raises(ProjectError, match=says) as caught:
        ServiceAccount(path, "k3y", AUDIENCE)
    assert caught.value.place == str(path)
    assert "hunter2" not in f"{caught.value} {caught.value.hint}"


def test_without_an_account_the_token_is_the_one_given():
    assert authority(None) is None
    assert authority(Credentials("k", "t")).headers() == {
        "x-api-key": "k", "Authorization": "Bearer t",
    }  # fmt: skip
