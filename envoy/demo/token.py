#!/usr/bin/env python3
"""Prints a JWT (RS256) of the demo issuer, signed with the published demo key.

    envoy/demo/token.py --tenant acme --sub alice --expires-in 3600 --claim 'roles=["admin"]'
"""

import os
import sys

if __name__ == "__main__":
    # Python puts this folder first in its search path, where this file would hide the standard library's `token`.
    _here = os.path.dirname(os.path.abspath(__file__))
    sys.path = [p for p in sys.path if os.path.abspath(p or ".") != _here]

import argparse
import base64
import hashlib
import json
import time

ISSUER = "https://idp.example.com/"
KEY_FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "issuer-key.jwk.json")
# DER of DigestInfo{sha256, ...}, which PKCS #1 v1.5 puts before the digest (RFC 8017, 9.2).
SHA256_PREFIX = bytes.fromhex("3031300d060960864801650304020105000420")


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def compact_json(value):
    return json.dumps(value, separators=(",", ":")).encode()


def number(jwk, name):
    text = jwk[name]
    return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), "big")


def sign(claims, jwk):
    header = {"alg": "RS256", "kid": jwk["kid"], "typ": "JWT"}
    signed = b64(compact_json(header)) + "." + b64(compact_json(claims))
    n, d = number(jwk, "n"), number(jwk, "d")
    size = (n.bit_length() + 7) // 8
    digest_info = SHA256_PREFIX + hashlib.sha256(signed.encode()).digest()
    padded = b"\x00\x01" + b"\xff" * (size - len(digest_info) - 3) + b"\x00" + digest_info
    # Not constant-time, which doesn't matter for a key that everybody has.
    signature = pow(int.from_bytes(padded, "big"), d, n).to_bytes(size, "big")
    return signed + "." + b64(signature)


def claim(text):
    name, equals, value = text.partition("=")
    try:
        if not (name and equals):
            raise ValueError
        return name, json.loads(value)
    except ValueError:
        raise argparse.ArgumentTypeError("expected name=json, such as 'plan=\"gold\"' or 'roles=[\"admin\"]'")


def main():
    parser = argparse.ArgumentParser(description="Prints a JWT of the demo issuer.", epilog="The signing key is published: nothing but the demo may trust it.")
    parser.add_argument("--tenant", help="the claim `tenant`; absent if not given")
    parser.add_argument("--sub", default="alice", help="the claim `sub` (default: %(default)s)")
    parser.add_argument("--audience", default="api", help="the claim `aud` (default: %(default)s)")
    parser.add_argument("--expires-in", type=int, default=3600, metavar="SECONDS", help="from now; negative: already expired (default: %(default)s)")
    parser.add_argument("--claim", type=claim, action="append", default=[], metavar="NAME=JSON", help="one more claim, or another value for one; may be repeated")
    args = parser.parse_args()

    now = int(time.time())
    claims = {"iss": ISSUER, "sub": args.sub, "aud": args.audience, "iat": now, "exp": now + args.expires_in}
    if args.expires_in < 0:
        claims["iat"] = claims["exp"] - 1
    if args.tenant is not None:
        claims["tenant"] = args.tenant
    claims.update(args.claim)
    with open(KEY_FILE, encoding="utf-8") as file:
        print(sign(claims, json.load(file)))


if __name__ == "__main__":
    main()
