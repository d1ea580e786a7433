"""Two OpenID providers: a real small one in a process of its own, and one whose tokens say whatever a test wants."""

from __future__ import annotations

import functools
import json
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey

from tests.fakes.website import PLAIN

CLIENT, CLIENT_SECRET = "cityops", "of the tests alone"


@contextmanager
def real(*people: dict[str, Any]) -> Iterator[str]:
    """Run ``oidc-provider-mock`` with these people; give its address."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    claims = [word for person in people for word in ("--user-claims", json.dumps(person))]
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "-p", str(port), *claims]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _wait(f"http://127.0.0.1:{port}/.well-known/openid-configuration")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _wait(address: str) -> None:
    with httpx.Client(verify=PLAIN, timeout=10) as http:
        for _ in range(300):
            try:
                http.get(address).raise_for_status()
            except httpx.TransportError:
                time.sleep(0.1)
            else:
                return
    raise TimeoutError(address)


def consent(address: str, person: str) -> str:
    """Say yes at the real provider as somebody; return where it sends the browser."""
    with httpx.Client(verify=PLAIN, timeout=30) as http:
        answer = http.post(address, data={"sub": person})
        assert answer.status_code == 302, answer.text
        return str(answer.headers["location"])


@dataclass
class Liar:
    """A provider whose next token says what it is told.

    Attributes:
        claims: of the next token, over those of an honest one; None takes one away.
        key: it signs with.
        shown: keys that it shows.
        how: algorithm of the signature.
        asked: parameters of requests for tokens.
        document: over what an honest one says of itself.
    """

    claims: dict[str, Any] = field(default_factory=dict)
    key: Any = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    shown: list[Any] = field(default_factory=list)
    how: str = "RS256"
    nonce: str = ""
    issuer: str = ""
    looked: int = 0
    document: dict[str, Any] = field(default_factory=dict)

    def says(self) -> dict[str, Any]:
        """Return what it says of itself."""
        self.looked += 1
        at = self.issuer
        return {
            "issuer": at,
            "authorization_endpoint": f"{at}/authorize",
            "token_endpoint": f"{at}/token",
            "jwks_uri": f"{at}/keys",
        } | self.document

    def keys(self) -> dict[str, Any]:
        """Return the keys that it shows."""
        return dict(KeySet(self.shown or [self.key]).as_dict())

    def token(self) -> dict[str, Any]:
        """Return a token as it is told to make it."""
        now = int(time.time())
        honest = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": "42",
            "nonce": self.nonce,
            "iat": now,
            "exp": now + 300,
        }
        claims = {k: v for k, v in (honest | self.claims).items() if v is not None}
        header = {"alg": self.how, "kid": "one"}
        if self.how == "none":
            made = _unsigned(header, claims)
        else:
            key = OctKey.import_key(CLIENT_SECRET * 3) if self.how.startswith("HS") else self.key
            made = jwt.encode(header, claims, key, algorithms=[self.how])
        return {"access_token": "x", "token_type": "Bearer", "id_token": made}


def _unsigned(header: dict[str, Any], claims: dict[str, Any]) -> str:
    from webauthn.helpers import bytes_to_base64url as text

    return ".".join(text(json.dumps(part).encode()) for part in (header, claims)) + "."


@functools.cache
def _usual_key() -> Any:
    """Return the key that every liar begins with: to make one takes a fifth of a second."""
    return RSAKey.generate_key(2048, {"kid": "one"})


@contextmanager
def lying(tls: ssl.SSLContext | None = None) -> Iterator[Liar]:
    """Run a provider that says what it is told; with ``tls`` over https, as localhost."""
    liar = Liar(key=_usual_key())

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(liar.keys() if self.path == "/keys" else liar.says())

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self._answer(liar.token())

        def _answer(self, said: dict[str, Any]) -> None:
            body = json.dumps(said).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    liar.issuer = f"http://127.0.0.1:{server.server_address[1]}"
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        liar.issuer = f"https://localhost:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=[0.05], daemon=True)
    thread.start()
    try:
        yield liar
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
