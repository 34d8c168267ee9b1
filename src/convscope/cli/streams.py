"""Standard output and standard error in any encoding: what it lacks is written in ASCII, so that no finished command fails."""

import codecs
import io
import sys

HANDLER = "convscope"
IN_ASCII = {
    "–": "-", "−": "-", "—": "-", "…": "...", "→": "->", "×": "x", "·": ".", "±": "+/-", "≤": "<=", "≥": ">=", "≈": "~", "ε": "eps",
    "“": '"', "”": '"', "‘": "'", "’": "'", "\N{NO-BREAK SPACE}": " ", "░": ".", "▒": "o", "▓": "O", "█": "#",
}  # fmt: skip


def accept_any_text() -> None:
    """Let standard output and standard error write any text, also unpaired surrogates of file names."""
    codecs.register_error(HANDLER, _in_ascii)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=HANDLER)


def lacks_unicode() -> bool:
    """Return whether standard output cannot write every character."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return not codecs.lookup(encoding).name.startswith("utf")


def _in_ascii(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(IN_ASCII.get(each) or _escaped(each) for each in error.object[error.start : error.end]), error.end


def _escaped(character: str) -> str:
    # In UTF-16, so that the escapes of JSON and of JavaScript are the same.
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{int.from_bytes(units[start : start + 2]):04x}" for start in range(0, len(units), 2))
