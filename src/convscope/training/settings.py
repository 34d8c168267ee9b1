"""The type and the range of a setting, from which its check, its value from text and its help come."""

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from ..errors import ConfigError

KINDS: Mapping[type, type] = {int: Integral, float: Real, bool: bool, str: str}
"""What a value must be an instance of, so that NumPy's numbers are numbers, too."""
SWITCH = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


@dataclass(frozen=True)
class Within:
    """The range of a number, as metadata of its annotation: ``Annotated[int, Within("at least 1", …)]``."""

    words: str
    """The range in words that follow “must be”."""
    holds: Callable[[Any], bool]


@dataclass(frozen=True)
class Setting:
    """One setting of a training."""

    name: str
    kind: type
    """``int``, ``float``, ``bool`` or ``str``."""
    accepted: str
    """The values in words, such as “adam or adamw”."""
    accepts: Callable[[Any], bool]

    def checked(self, value: Any) -> Any:
        """Return ``value`` as a plain Python value; ConfigError if it has another type or is out of range."""
        fits = isinstance(value, KINDS[self.kind]) and isinstance(value, bool) == (self.kind is bool)
        if not fits or (self.kind is float and not math.isfinite(value)) or not self.accepts(value):
            raise ConfigError(f"{self.name} must be {self.accepted}; got {value!r}.")
        return self.kind(value)

    def parse(self, text: str) -> Any:
        """Return the value that ``text`` spells; ConfigError if it spells none, or one out of range."""
        try:
            value = SWITCH.get(text.strip().lower(), text) if self.kind is bool else self.kind(text.strip())
        except ValueError:
            value = text
        return self.checked(value)


@functools.cache
def settings_of(owner: type) -> Mapping[str, Setting]:
    """Return the settings of a dataclass by name: its fields annotated as numbers in a range, switches or choices."""
    found = {}
    for name, hint in get_type_hints(owner, include_extras=True).items():
        kind, *metadata = get_args(hint) if get_origin(hint) is Annotated else (hint,)
        if metadata:
            found[name] = Setting(name, kind, metadata[0].words, metadata[0].holds)
        elif kind is bool:
            found[name] = Setting(name, bool, "true or false", lambda _: True)
        elif get_origin(kind) is Literal:
            *others, last = get_args(kind)
            found[name] = Setting(name, str, f"{', '.join(others)} or {last}", get_args(kind).__contains__)
    return found


def check_settings(instance: Any) -> None:
    """Check all settings of a frozen dataclass, for its ``__post_init__``, and make their values plain ones."""
    owner: Any = type(instance)
    for name, setting in settings_of(owner).items():
        object.__setattr__(instance, name, setting.checked(getattr(instance, name)))
