#!/usr/bin/env python3
"""Prints a token (HS256) of the example's control plane, signed with the published secret of system.env.

    envoy/examples/agent-control-plane/mint.py --tenant tenant-a
"""

import argparse
import base64
import hashlib
import hmac
import json
import os
import re
import time

ENV_FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "system.env")


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def main():
    parser = argparse.ArgumentParser(description="Prints a token of the example's control plane.", epilog="The secret is published: nothing but the example may trust it.")
    parser.add_argument("--tenant", help="the claim `tenant`; absent if not given")
    parser.add_argument("--agent", default="did:web:agents.example:carol", help="the claim `sub` (default: %(default)s)")
    parser.add_argument("--expires-in", type=int, default=3600, metavar="SECONDS", help="at most 3600 (default: %(default)s)")
    args = parser.parse_args()

    with open(ENV_FILE, encoding="utf-8") as file:
        entry = re.search(r"^TRUSTED_ISSUERS=([^,\n]*)", file.read(), re.MULTILINE)
    issuer, _, secret, audience = entry.group(1).split("|")[:4]
    now = int(time.time())
    claims = {"iss": issuer, "aud": audience, "sub": args.agent, "iat": now, "exp": now + args.expires_in}
    if args.tenant is not None:
        claims["tenant"] = args.tenant
    signed = ".".join(b64(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
    print(signed + "." + b64(hmac.digest(secret.encode(), signed.encode(), hashlib.sha256)))


if __name__ == "__main__":
    main()
