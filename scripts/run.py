#!/usr/bin/env python3
"""Starts Envoy with envoy/envoy.yaml and prints requests to try.

    scripts/run.py                          in the foreground, until Ctrl-C
    scripts/run.py --try                    sends those requests itself, on free ports, and compares the answers
    scripts/run.py --try --without-guard    the same with the guard cut out: the backstop must refuse everything

ENVOY names the Envoy to start; without it, the one that `make envoy` got.
"""

import argparse
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DEMO = os.path.join(ROOT, "envoy", "demo")
CONFIG = os.path.join(ROOT, "envoy", "envoy.yaml")
PLUGIN = os.path.join(ROOT, "target", "tenant-guard.wasm")
GUARD = re.compile(r"^ *# guard: begin\n.*?^ *# guard: end\n", re.MULTILINE | re.DOTALL)
PORTS = {"guarded": 10000, "application": 10001, "control_plane": 10002, "admin": 9901}
START_SECONDS = 60


class Trouble(Exception):
    """Something the user should read as one line."""


# What to try ------------------------------------------------------------------------------------


def mint(tenant):
    command = [sys.executable, os.path.join(DEMO, "token.py"), "--tenant", tenant]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def requests_to_try(port, guarded=True):
    """The text for the user. `parse` reads it back, so that what is tried is what is printed."""
    with open(os.path.join(DEMO, "api-keys.json"), encoding="utf-8") as file:
        keys = json.load(file)
    acme_key, globex_key = keys["acme"], keys["globex"]
    bearer = f"-H 'authorization: Bearer {mint('acme')}'"
    url = f"http://127.0.0.1:{port}"
    things = f"curl -si {url}/v1/things"
    tries = [
        ("A token of acme", "200 with x-tenant-id: acme", f"{things} {bearer}"),
        ("An API key of acme", "200 with x-tenant-id: acme", f"{things} -H 'x-api-key: {acme_key}'"),
        ("acme's token, asking for globex", "403 tenant_mismatch", f"{things} -H 'x-tenant-id: globex' {bearer}"),
        ("A reserved name", "403 tenant_reserved", f"{things} -H 'x-tenant-id: default' {bearer}"),
        ("No credentials", "401 credentials_missing", things),
        ("A route that asks for a scope", "403 scope_missing", f"curl -si {url}/v1/reports -H 'x-api-key: {acme_key}'"),
        ("More than globex's key may in an hour", "429 rate_limited", f"curl -si '{url}/v1/things?[1-4]' -H 'x-api-key: {globex_key}'"),
        ("A tenant of the directory", "200 with x-tenant-id: initech", f"{things} -H 'x-api-key: {keys['initech']}'"),
        ("A tenant that the directory has suspended", "403 tenant_inactive", f"{things} -H 'x-api-key: {keys['umbrella']}'"),
        ("A public path, with a forged identity", "200 without x-tenant-id", f"curl -si {url}/healthz -H 'x-tenant-id: acme'"),
    ]
    if not guarded:
        tries = [(what, "403 from the backstop", command) for what, _, command in tries]
    return "\n".join(f"# {what}. Expect {expected}\n{command}\n" for what, expected, command in tries)


def parse(text):
    found = re.findall(r"^# (.+)\. Expect (.+)\n(curl .+)$", text, re.MULTILINE)
    if not found or len(found) != text.count("curl "):
        raise Trouble("the printed requests can't be read back")
    return found


def compare(expected, answer):
    """None, or how the answer differs from what was announced."""
    # Of several answers the last one counts.
    _, _, last = answer.replace("\r\n", "\n").rpartition("HTTP/1.1 ")
    head, _, body = ("HTTP/1.1 " + last).partition("\n\n")
    match = re.match(r"HTTP/\S+ (\d+)", head)
    status = match.group(1) if match else "no answer"
    wanted, _, rest = expected.partition(" ")
    if status != wanted:
        return f"got {status}: {body.strip()[:300]}"
    lines = body.split("\n")
    if rest.startswith("with "):
        good = rest[len("with "):] in lines
    elif rest.startswith("without "):
        good = not any(line.startswith(rest[len("without "):] + ":") for line in lines)
    elif rest == "from the backstop":
        good = body == "RBAC: access denied"
    else:
        try:
            good = json.loads(body)["code"] == rest
        except (ValueError, TypeError, KeyError):
            good = False
    return None if good else f"got {status} with the body: {body.strip()[:300]}"


def try_all(text):
    if not shutil.which("curl"):
        raise Trouble("curl is missing: install it to try the demo's requests")
    failed = 0
    tries = parse(text)
    # A proxy from the environment isn't for this machine's own addresses.
    environment = {**os.environ, "NO_PROXY": "*", "no_proxy": "*"}
    for what, expected, command in tries:
        run = subprocess.run(["sh", "-c", command + " --max-time 20"], env=environment, stdout=subprocess.PIPE)
        difference = compare(expected, run.stdout.decode("utf-8", "replace"))
        print(f"demo: {what}: {expected} ... {'ok' if difference is None else 'FAILED, ' + difference}", flush=True)
        failed += difference is not None
    print(f"demo result: {'FAILED' if failed else 'ok'}. {len(tries) - failed} passed; {failed} failed", flush=True)
    return failed == 0


# Envoy ------------------------------------------------------------------------------------------


def envoy_binary():
    given = os.environ.get("ENVOY") or os.path.join(ROOT, ".tools", "envoy", "bin", "envoy")
    found = shutil.which(given)
    if not found:
        raise Trouble(f"there is no Envoy at {given}: `make envoy` gets one, or set ENVOY")
    return os.path.abspath(found)


def require_free(ports):
    for port in ports:
        with socket.socket() as probe:
            # Envoy wouldn't say: its listeners share a port with those of another Envoy.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                raise Trouble(f"port {port} on 127.0.0.1 is taken: stop what listens there and try again")


def free_ports():
    with contextlib.ExitStack() as stack:
        probes = {name: stack.enter_context(socket.socket()) for name in PORTS}
        for probe in probes.values():
            probe.bind(("127.0.0.1", 0))
        return {name: probe.getsockname()[1] for name, probe in probes.items()}


def configuration(ports, guarded):
    with open(CONFIG, encoding="utf-8") as file:
        text = file.read()
    if not guarded:
        text, cut = GUARD.subn("", text)
        if cut != 1 or "tenant-guard.wasm" in text:
            raise Trouble("the lines `# guard: begin` and `# guard: end` in envoy/envoy.yaml don't enclose the guard")
    by_number = {str(PORTS[name]): str(port) for name, port in ports.items()}
    used = set()

    def port_of(match):
        used.add(match.group(1))
        return "port_value: " + by_number.get(match.group(1), match.group(1))

    text = re.sub(r"port_value: (\d+)", port_of, text)
    if used != set(by_number):
        raise Trouble("envoy/envoy.yaml and scripts/run.py name different ports")
    return text


def wait_until_ready(process, admin_port):
    url = f"http://127.0.0.1:{admin_port}/ready"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            raise Trouble(f"Envoy ended with {process.returncode} before it was ready; its last lines say why")
        try:
            with opener.open(url, timeout=2) as reply:
                if reply.status == 200:
                    return
        except (OSError, urllib.error.URLError):
            pass
        time.sleep(0.1)
    raise Trouble(f"Envoy wasn't ready after {START_SECONDS} s")


@contextlib.contextmanager
def envoy(ports, guarded, quiet):
    if guarded and not os.path.exists(PLUGIN):
        raise Trouble("there is no plugin at target/tenant-guard.wasm: `make build` makes it")
    binary = envoy_binary()
    with tempfile.TemporaryDirectory(prefix="tenant-guard-") as folder:
        file = os.path.join(folder, "envoy.yaml")
        with open(file, "w", encoding="utf-8") as out:
            out.write(configuration(ports, guarded))
        log = os.path.join(folder, "envoy.log")
        # A hot restart would use shared memory that two Envoys can't both have.
        command = [binary, "--config-path", file, "--concurrency", "2", "--log-level", "warn", "--disable-hot-restart"]
        with open(log, "wb") if quiet else contextlib.nullcontext() as out:
            process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT if quiet else None, start_new_session=True)
        try:
            wait_until_ready(process, ports["admin"])
            yield process
        except Exception:
            if quiet:
                with open(log, encoding="utf-8", errors="replace") as lines:
                    sys.stderr.write("".join(lines.readlines()[-20:]))
            raise
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def run_demo(guarded):
    require_free(PORTS.values())
    with envoy(PORTS, guarded, quiet=False) as process:
        print("Envoy is ready. Requests to try in another terminal (the tokens expire in an hour):\n")
        print(requests_to_try(PORTS["guarded"], guarded))
        print("Below is Envoy's access log. Ctrl-C ends it.", flush=True)
        if process.wait() != 0:
            raise Trouble(f"Envoy ended with {process.returncode}")
    return True


def try_demo(guarded):
    ports = free_ports()
    with envoy(ports, guarded, quiet=True):
        return try_all(requests_to_try(ports["guarded"], guarded))


def stop(*_):
    raise KeyboardInterrupt


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--try", dest="attempt", action="store_true", help="send the requests, on free ports, and compare the answers")
    parser.add_argument("--without-guard", action="store_true", help="cut the guard out of a copy of the configuration")
    args = parser.parse_args()
    # SIGINT too: a shell that starts this in the background would have it ignored.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    try:
        good = (try_demo if args.attempt else run_demo)(not args.without_guard)
    except Trouble as trouble:
        sys.exit(f"{os.path.basename(__file__)}: {trouble}")
    except KeyboardInterrupt:
        if args.attempt:
            sys.exit(130)
        print("\nEnvoy has ended.")
        return
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
