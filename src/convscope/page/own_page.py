"""Whether a page is one that this version wrote. Of any other, such as one in a run of somebody else, the scripts are unknown."""

import re
from functools import cache
from pathlib import Path

from markupsafe import escape

from .bundle import run_scripts
from .csp import content_security_policy

IN_HEAD = re.compile(rb"<(?:meta|link|base)\b", re.IGNORECASE)
"""Elements that can send a browser elsewhere although the policy forbids scripts and connections."""


def is_own_page(page: bytes) -> bool:
    """Return whether ``page`` begins as the page of a run does, with a policy that lets a browser run our scripts alone."""
    own = _head().match(page)
    return own is not None and len(IN_HEAD.findall(page)) == len(IN_HEAD.findall(own[0]))


@cache
def _head() -> re.Pattern[bytes]:
    template = Path(__file__).with_name("templates").joinpath("head.html").read_text("utf-8")
    policy = str(escape(content_security_policy(run_scripts(), [""])))
    (of_style,) = re.findall(r"style-src (\S+?);", policy.replace("&#39;", "'"))
    known = re.sub(r"{%.*?%}\n", "", template[template.index("<!doctype") : template.index("<style>")])
    pattern = re.escape(known).replace(re.escape("{{ policy }}"), re.escape(policy))
    pattern = pattern.replace(re.escape(str(escape(of_style))), r"&\#39;sha256-[\w+/]{43}=&\#39;")
    return re.compile(re.sub(r"\\\{\\\{.*?\\\}\\\}", r'[^<"]*', pattern).encode())
