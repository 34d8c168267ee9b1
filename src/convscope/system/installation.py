"""How to add an optional dependency to this installation."""

import json
import os
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit


def pip_line(extra: str) -> str:
    """Return the line that installs an extra of convscope from where convscope itself was installed.

    pip notes the origin of what is not from an index in ``direct_url.json``, in the format of
    https://packaging.python.org/specifications/direct-url. A file or checkout that has gone counts as an index.
    """
    try:
        noted = metadata.distribution("convscope").read_text("direct_url.json")
    except metadata.PackageNotFoundError:  # a source tree on the path
        noted = None
    origin: dict[str, Any] = json.loads(noted) if noted else {"url": ""}
    url, editable = origin["url"], origin.get("dir_info", {}).get("editable")
    if url.startswith("file:") and "vcs_info" not in origin:
        path = unquote(urlsplit(url).path)
        path = path.removeprefix("/") if os.name == "nt" else path  # /C:/folder
        return f'pip install {"-e " * bool(editable)}"{path}[{extra}]"' if Path(path).exists() else _from_index(extra)
    if "vcs_info" in origin:
        url = f"{origin['vcs_info']['vcs']}+{url}@{origin['vcs_info']['commit_id']}"
    return f'pip install "convscope[{extra}] @ {url}"' if url else _from_index(extra)


def _from_index(extra: str) -> str:
    return f'pip install "convscope[{extra}]"'
