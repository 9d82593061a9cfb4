"""An HTTP server for a service, which Ctrl-C ends after the requests that it has taken."""

from __future__ import annotations

import gc
import socket
from typing import Any

from zoo.errors import ZooError

_GRACE = 30  # seconds for the requests that are under way at the end


def listening(host: str, port: int) -> socket.socket:
    """A socket at which connections wait until they are answered.

    Args:
        host: a name or an address of this machine.
        port: 0 for any that is free.

    Raises:
        ZooError: it is taken, or there is no such host here.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=1024)
    except (OSError, OverflowError) as error:
        raise ZooError(f"{host}:{port} cannot be served at: {error}; choose another --host or --port") from error


def answer(application: Any, listener: socket.socket) -> None:
    """Serve until Ctrl-C, which is raised again at the end.

    Args:
        application: of ASGI.
        listener: as `listening` gives it.
    """
    import uvicorn

    gc.collect()
    gc.freeze()  # what is there now stays: it need not be looked through again and again
    config = uvicorn.Config(
        application, log_level="warning", access_log=False, timeout_graceful_shutdown=_GRACE, server_header=False
    )
    uvicorn.Server(config).run(sockets=[listener])
