"""``serve``: the page and the predictions of a run over HTTP."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ..errors import MissingExtraError
from ..server.address import Address, choose_token, listen, networks_of
from ..server.limits import Limits
from ..system.arguments import checked
from ..system.installation import pip_line

if TYPE_CHECKING:
    from ..types import PathLike
    from .run import Run


@checked
def serve(
    run: PathLike | Run,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    token: str | None = None,
    trusted_proxies: Sequence[str] = (),
    progress: Callable[[Address], None] | None = None,
) -> signal.Signals | None:
    """Serve a run's page and predictions over HTTP until SIGINT or SIGTERM.

    Pending requests are finished, for at most two seconds, before it returns. ``POST /predict`` takes the bytes of an
    image file, or a form with several, and returns JSON; ``GET /openapi.json`` describes the service. Images are decoded in
    processes of their own, with limits of time and memory. It needs the extra ``serve`` and no back-end.

    Args:
        run: A run, or its folder.
        host: The address to listen on. Any other than this machine's own requires a token in every request.
        port: The port; 0 picks a free one.
        token: The token that clients must send; by default one is generated if ``host`` requires it.
        trusted_proxies: Addresses or networks of proxies, whose header ``X-Forwarded-For`` names the client.
        progress: Called with the :class:`Address` once the service accepts requests.

    Returns:
        The signal that stopped the service.

    Raises:
        RunError: The run folder is damaged.
        ConfigError: The token is too easy to guess, the port does not exist, or a proxy is no address.
        ServiceError: The port is taken, ``host`` is not an address of this machine, or no worker can be started.
        MissingExtraError: The extra ``serve`` is not installed.
    """
    try:
        from ..server.lifecycle import run_service  # needs the extra ``serve``
    except ImportError as error:
        if error.name != "h11":
            raise
        raise MissingExtraError(
            f"the service needs the package {error.name!r}, which is not installed. Install it with: {pip_line('serve')}"
        ) from error
    token, proxies = choose_token(host, token), networks_of(trusted_proxies)
    with listen(host, port) as listening:
        address = Address(host, listening.getsockname()[1], token)

        def started() -> None:
            if progress:
                progress(address)

        return run_service(os.fspath(run), listening, address, limits=Limits(), started=started, trusted_proxies=proxies)
