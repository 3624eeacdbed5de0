"""Signatures, verified by the libraries that receivers use."""

import base64
import json
import subprocess
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from service.webhooks.signing import encode_secret, new_secret, signature_headers
from tests.node import MODULES, NODE

BODY = '{"type":"event.create","data":{"title":"対話 — Zoë"}}'.encode()
ID = "018e9a2c-6a00-7000-8000-00000000000c"


def _headers(*secrets: bytes, body: bytes = BODY, at: float | None = None) -> dict[str, str]:
    return signature_headers(ID, int(at or time.time()), body, secrets)


def test_the_specifications_example_has_its_signature() -> None:
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    headers = signature_headers("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body, (secret,))
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_secret_is_long_enough_and_has_its_prefix() -> None:
    secret = new_secret()
    assert 24 <= len(secret) <= 64
    assert encode_secret(secret).startswith("whsec_")
    assert base64.b64decode(encode_secret(secret).removeprefix("whsec_")) == secret
    assert new_secret() != secret


@given(st.binary(min_size=24, max_size=64), st.text(max_size=200))
def test_the_python_library_verifies_a_signature(secret: bytes, text: str) -> None:
    body = json.dumps({"text": text}).encode()
    assert Webhook(encode_secret(secret)).verify(body, _headers(secret, body=body)) == {"text": text}


def test_two_signatures_verify_with_either_secret() -> None:
    old, new = new_secret(), new_secret()
    headers = _headers(new, old)
    for secret in (old, new):
        Webhook(encode_secret(secret)).verify(BODY, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(encode_secret(new_secret())).verify(BODY, headers)


def test_a_changed_request_does_not_verify() -> None:
    secret = new_secret()
    headers, verify = _headers(secret), Webhook(encode_secret(secret)).verify
    for tampered in (
        (BODY + b" ", headers),
        (BODY.replace(b"create", b"delete"), headers),
        (BODY, headers | {"webhook-id": ID.replace("c", "d")}),
        (BODY, headers | {"webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1)}),
        (BODY, headers | {"webhook-signature": headers["webhook-signature"].replace("v1,", "v2,")}),
        (BODY, _headers(secret, at=time.time() - 301)),
        (BODY, _headers(secret, at=time.time() + 301)),
    ):
        with pytest.raises(WebhookVerificationError):
            verify(*tampered)


_VERIFY = """
const { Webhook } = require(process.argv[2]);
const cases = JSON.parse(require("fs").readFileSync(0, "utf8"));
console.log(JSON.stringify(cases.map(({ secret, body, headers }) => {
  try { return new Webhook(secret).verify(body, headers); } catch (error) { return error.message; }
})));
"""


def test_the_javascript_library_verifies_a_signature_and_refuses_others() -> None:
    old, new = new_secret(), new_secret()
    headers, body = _headers(new, old), BODY.decode()
    cases = [
        {"secret": encode_secret(new), "body": body, "headers": headers},
        {"secret": encode_secret(old), "body": body, "headers": headers},
        {"secret": encode_secret(new_secret()), "body": body, "headers": headers},
        {"secret": encode_secret(new), "body": body + " ", "headers": headers},
    ]
    result = subprocess.run(
        [NODE, "-e", _VERIFY, "-", MODULES / "standardwebhooks"],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        check=True,
    )
    refused = "No matching signature found"
    assert json.loads(result.stdout) == [json.loads(BODY), json.loads(BODY), refused, refused]
