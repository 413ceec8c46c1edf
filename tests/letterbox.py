"""Where mails arrive: an SMTP server of this machine that takes each one, and says who sent it (RFC 5321, RFC 4954)."""

import base64
import socketserver
import threading
import time
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass
class Letterbox:
    """The mails that came, and the passwords that were given."""

    got: list[EmailMessage] = field(default_factory=list)
    passwords: set[str] = field(default_factory=set)

    def serve(self) -> socketserver.ThreadingTCPServer:
        box = self

        class Handler(socketserver.StreamRequestHandler):
            def say(self, line: str) -> None:
                self.wfile.write(f"{line}\r\n".encode())

            def handle(self) -> None:
                self.say("220 synthetic")
                while words := self.rfile.readline().decode().split():
                    match words[0].upper():
                        case "EHLO":
                            self.say("250-synthetic\r\n250 AUTH PLAIN")
                        case "AUTH":
                            box.passwords.add(base64.b64decode(words[2]).split(b"\0")[2].decode())
                            self.say("235 welcome")
                        case "DATA":
                            self.say("354 go on")
                            lines = list(iter(self.rfile.readline, b".\r\n"))
                            box.got.append(message_from_bytes(b"".join(lines), policy=policy.default))
                            self.say("250 taken")
                        case "QUIT":
                            self.say("221 bye")
                            return
                        case _:
                            self.say("250 fine")

        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server

    def wait(self, subject: str, seconds: float = 200) -> EmailMessage:
        """Give the mail of a subject."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for one in self.got:
                if one["subject"] == subject:
                    return one
            time.sleep(0.2)
        raise AssertionError([one["subject"] for one in self.got])
