"""Servers on loopback that keep what they are sent: a mail server, and a web server."""

import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any, TypeVar

Listener = TypeVar("Listener", bound=socketserver.BaseServer)


class Mailbox(socketserver.ThreadingTCPServer):
    """A mail server without logins and encryption; ``mails`` has each mail that it took, with its recipients."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _SmtpSession)
        self.mails: list[tuple[list[str], EmailMessage]] = []

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self.server_address[1])


class _SmtpSession(socketserver.StreamRequestHandler):
    """The part of RFC 5321 that a client needs to send mail."""

    server: Mailbox

    def handle(self) -> None:
        recipients: list[str] = []
        self._say("220 ready")
        for line in self.rfile:
            command = line.decode().strip()
            if command.upper().startswith("RCPT TO:"):
                recipients.append(command.partition("<")[2].partition(">")[0])
            if command.upper() == "DATA":
                self._say("354 end with a dot")
                self.server.mails.append((recipients, self._message()))
                recipients = []
            self._say("221 bye" if command.upper() == "QUIT" else "250 ok")

    def _message(self) -> EmailMessage:
        lines = iter(self.rfile.readline, b".\r\n")
        return message_from_bytes(
            b"".join(line.removeprefix(b".") for line in lines), EmailMessage, policy=policy.default
        )

    def _say(self, answer: str) -> None:
        self.wfile.write(f"{answer}\r\n".encode())


class Hook(HTTPServer):
    """A web server; ``posts`` has the path and the body of each request. It answers with ``status``."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Post)
        self.posts: list[tuple[str, bytes]] = []
        self.status = 200

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_port}"


class _Post(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        self.server.posts.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def listening(server: Listener) -> Iterator[Listener]:
    """Serve in a thread until the end of the block."""
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
