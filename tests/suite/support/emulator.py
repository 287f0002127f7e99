"""Runs one emulator, moto or ministack, on a free loopback port, and prints the port once it answers.

It lives exactly as long as its standard input is open. The test binary holds the other end, so the emulator goes
away however the binary ends: finished, panicked, or killed.
"""

import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
import urllib.request


def end_with_stdin(scratch):
    sys.stdin.buffer.read()
    shutil.rmtree(scratch, ignore_errors=True)
    # The whole group: ministack runs functions in worker processes of its own.
    os.killpg(0, signal.SIGKILL)


def announce(port):
    print(port, flush=True)


def moto():
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    # Without this, moto runs functions in Docker.
    config = urllib.request.Request(
        f"http://127.0.0.1:{port}/moto-api/config", data=b'{"lambda": {"use_docker": false}}', method="POST"
    )
    urllib.request.urlopen(config, timeout=30).read()
    # moto takes only functions whose role its IAM knows. It routes by the service in the signature's scope.
    role = urllib.request.Request(
        f"http://127.0.0.1:{port}/",
        data=b"Action=CreateRole&Version=2010-05-08&RoleName=lambda&AssumeRolePolicyDocument={}",
        headers={"Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/iam/aws4_request"},
    )
    urllib.request.urlopen(role, timeout=30).read()
    announce(port)
    threading.Event().wait()


def ministack():
    # Binding here and handing the socket over leaves no moment in which another process could take the port.
    # ministack reads the port from the environment, too: its functions call back to it.
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    os.environ.update(
        BIND_HOST="127.0.0.1",
        GATEWAY_PORT=str(port),
        # Two more listeners, on fixed ports, that would collide between test processes.
        IOT_MTLS_ENABLED="0",
        SFTP_ENABLED="0",
    )

    import asyncio

    from hypercorn.asyncio import serve
    from hypercorn.config import Config
    from ministack.app import app

    def announce_when_ready():
        url = f"http://127.0.0.1:{port}/_ministack/health"
        while True:
            try:
                urllib.request.urlopen(url, timeout=30).read()
                return announce(port)
            except OSError:
                time.sleep(0.02)

    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.keep_alive_timeout = 75
    threading.Thread(target=announce_when_ready, daemon=True).start()
    asyncio.run(serve(app, config))


def main():
    os.setsid()
    scratch = tempfile.mkdtemp(prefix="lambdeck-emulator-")
    tempfile.tempdir = scratch
    os.environ.update(HOME=scratch, TMPDIR=scratch)
    threading.Thread(target=end_with_stdin, args=(scratch,), daemon=True).start()
    {"moto": moto, "ministack": ministack}[sys.argv[1]]()


main()
