"""A temporary Prefect server for one command. It ends with the process that started it, however that one ends.

The two hold the ends of a pipe: the server's standard input. The system closes it for a process that was killed too,
so no server is left behind; the one that Prefect starts by itself outlives a flow that is killed.
"""

import atexit
import os
import socket
import subprocess
import sys
import threading
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from eo.errors import StoreError
from eo.store import explained

START_SECONDS = 180
"""A server needs up to a minute on a busy machine and on a first start."""

_STOP_SECONDS = 5


def start(home: Path) -> str:
    """Start a server on a free port of this machine alone, to the end of this process, and give its API's address.

    Parameters
    ----------
    home : Prefect's home, where the server keeps its database and, in ``server.log``, what it says

    Raises
    ------
    StoreError
        The server does not start.
    """
    said = home / "server.log"
    with explained(said):
        home.mkdir(parents=True, exist_ok=True)
        log = said.open("wb")
    with log, socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        process = subprocess.Popen(  # noqa: S603 - this module, run by this interpreter
            [sys.executable, "-m", __name__, str(listening.fileno())],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            pass_fds=[listening.fileno()],
            start_new_session=True,  # Ctrl-C is for the flow, which has still to report to the server
        )
    atexit.register(process.communicate)  # closes the pipe and waits, after Prefect has sent what it has still to send
    _wait(port, said)
    return f"http://127.0.0.1:{port}/api"


def _wait(port: int, said: Path) -> None:
    """Wait for an answer: the request stands in the queue of the socket until the server is there to take it."""
    asked = HTTPConnection("127.0.0.1", port, timeout=START_SECONDS)
    try:
        asked.request("GET", "/api/health")
        asked.getresponse().read()
    except (OSError, HTTPException) as error:
        why = str(error) or type(error).__name__
        raise StoreError(f"a temporary Prefect server must start, and it did not ({why}); see {said}") from None
    finally:
        asked.close()


def _serve(descriptor: int) -> None:
    """Serve on an open socket until standard input is closed."""
    alone = threading.Event()
    threading.Thread(target=_end, args=[alone], daemon=True).start()
    import uvicorn
    from prefect.server.api.server import create_app

    app = create_app(ephemeral=True, final=True)
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="on"))

    def stop() -> None:
        alone.wait()
        server.should_exit = True

    threading.Thread(target=stop, daemon=True).start()
    server.run(sockets=[socket.socket(fileno=descriptor)])


def _end(alone: threading.Event) -> None:
    """Let the server end when nobody holds the other end of the pipe; end it where it takes too long."""
    os.read(sys.stdin.fileno(), 1)  # past Python's buffer, whose lock would be held when the server ends by itself
    alone.set()
    time.sleep(_STOP_SECONDS)
    os._exit(0)


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
