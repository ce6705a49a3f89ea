"""An OAuth2 server with client credentials (RFC 6749), and an API that wants its tokens."""

import base64
import itertools
import json
import threading
from urllib.parse import parse_qs, unquote_plus

from tests.support.http_server import Handler, as_json, response

CLIENT, SECRET = "the client:1", "s3cret & more%/+"


class OAuthApi(Handler):
    """Gives tokens at /token, and takes rows with one of them everywhere else.

    A token is valid for `uses` requests, if that is a number. `says`: for how many seconds it
    claims to be valid; None: it does not say so. `trouble`: so many requests for a token
    are answered with 503 at first.
    """

    def __init__(self, *, uses=None, trouble=0, scope=None, says=3600, kind="bearer"):
        self.given = []
        """The form of each request for a token that was granted."""
        self.asked = 0
        self.rows = []
        self.refused = []
        """Tokens that were not accepted."""
        self.held = threading.Event()
        self.held.set()
        """Clear: requests for tokens hang."""
        self._uses = uses
        self._trouble = trouble
        self._scope = scope
        self._says = says
        self._kind = kind
        self._valid = {}
        self._numbers = itertools.count(1)

    def revoke(self):
        """From now on all tokens are refused that were given so far."""
        self._valid.clear()

    def on_request(self, request, connection):
        if request.path == "/token":
            return self._token(request)
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        left = self._valid.get(token, 0)
        if kind != "Bearer" or left == 0:
            self.refused.append(token)
            return as_json(401, {"message": f"{token} is not valid"})
        self._valid[token] = left - 1
        self.rows += (
            json.loads(request.body) if request.body[:1] == b"[" else [json.loads(request.body)]
        )
        return response(201)

    def _token(self, request):
        self.asked += 1
        self.held.wait()
        if self.asked <= self._trouble:
            return response(503)
        content_type = request.headers.get("content-type", "").split(";")[0]
        if request.method != "POST" or content_type != "application/x-www-form-urlencoded":
            return as_json(400, {"error": "invalid_request"})
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        who = self._who(request, form)
        if who != (CLIENT, SECRET):
            error = {"error": "invalid_client", "error_description": f"who is {who}?"}
            return as_json(401, error, www_authenticate='Basic realm="tokens"')
        if form.get("grant_type") != "client_credentials":
            return as_json(400, {"error": "unsupported_grant_type"})
        if form.get("scope") != self._scope:
            return as_json(400, {"error": "invalid_scope"})
        self.given.append(form)
        token = f"token-{next(self._numbers)}-of-tests"
        left = -1 if self._uses is None else self._uses
        self._valid[token] = left
        says = {} if self._says is None else {"expires_in": self._says}
        body = {"access_token": token, "token_type": self._kind, **says}
        return as_json(200, body, cache_control="no-store")

    def _who(self, request, form):
        """Id and secret, from the header or from the body, and never from both (2.3)."""
        header = request.headers.get("authorization", "")
        if not header.startswith("Basic "):
            return form.get("client_id"), form.get("client_secret")
        if "client_secret" in form:
            return None
        pair = base64.b64decode(header.removeprefix("Basic ")).decode()
        return tuple(map(unquote_plus, pair.split(":", 1)))
