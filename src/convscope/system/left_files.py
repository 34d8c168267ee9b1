"""Names of files and folders that operating systems and programs leave among people's data."""

import re

_LEFT = re.compile(
    r"\..+|__macosx|__pycache__|lost\+found|network trash folder|temporary items"  # .DS_Store, ._1.png, .ipynb_checkpoints
    r"|system volume information|\$(recycle|extend|windows|winre|sysreset|getcurrent|av_).*|found\.\d{3}|(?-i:RECYCLER)"  # Windows
    r"|@(eadir|tmp|recycle|recently-snapshot|sharebin|database|__.*)|#(recycle|snapshot)|~snapshot"  # storage servers
    r"|(eh)?thumbs(_vista)?\.db|desktop\.ini|icon\r|~\$.+",
    re.IGNORECASE | re.DOTALL,
)


def is_left_by_system(name: str) -> bool:
    """Return whether a file or folder of this name is none of the user's data, such as ``@eaDir`` or ``Thumbs.db``."""
    return _LEFT.fullmatch(name) is not None
