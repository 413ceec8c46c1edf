"""A name that a regular expression accepts: the few forms of patterns that products use for the names of files."""

import re
from collections.abc import Callable, Mapping, Sequence

_PLAIN = {"d": "0", "w": "A", "s": " ", "b": ""}
_WORDS = {"[A-Z]+": "GLOBE", "[A-Z0-9]+": "SYNTHETIC", "[A-Z0-9-]+": "SYNTHETIC"}


def sampled(pattern: str, given: Mapping[str, Sequence[str]] | None = None) -> str:
    """Give a text that a pattern accepts: the first of alternatives, nothing of what is optional.

    Parameters
    ----------
    given : named group -> texts of which the first one that the group accepts stands for it

    Raises
    ------
    ValueError
        The pattern has a form that is not known here.
    """
    found = _Pattern(pattern, given or {}).alternatives()
    if not re.search(pattern, found):
        raise ValueError(f"a pattern of a product accepts its example; {pattern!r} does not accept {found!r}")
    return found


class _Pattern:
    """A pattern read from left to right."""

    def __init__(self, text: str, given: Mapping[str, Sequence[str]]) -> None:
        self.text, self.given, self.at = text, given, 0

    def alternatives(self) -> str:
        found = [self.sequence()]
        while self.text[self.at : self.at + 1] == "|":
            self.at += 1
            found.append(self.sequence())
        return found[0]

    def sequence(self) -> str:
        out = ""
        while self.at < len(self.text) and self.text[self.at] not in "|)":
            out += self.repeated(self.at, self.atom)
        return out

    def repeated(self, start: int, atom: Callable[[], str]) -> str:
        one = atom()
        whole = self.text[start : self.at]
        match = re.compile(r"[?*+]|\{(\d+)(,\d*)?\}").match(self.text, self.at)
        if match is None:
            return one
        self.at = match.end()
        if match[0] in {"?", "*"}:
            return ""
        return _WORDS.get(whole + match[0], one) * int(match[1] or 1)

    def atom(self) -> str:
        here = self.text[self.at]
        if here == "(":
            return self.group()
        if here == "[":
            return self.one_of()
        self.at += 1
        if here == "\\":
            self.at += 1
            said = self.text[self.at - 1]
            return _PLAIN.get(said, said)
        return {"^": "", "$": "", ".": "x"}.get(here, here)

    def group(self) -> str:
        head = re.compile(r"\((\?P<(\w+)>|\?:|\?!|\?i\))?").match(self.text, self.at)
        if head is None:
            raise ValueError(f"a group begins otherwise in {self.text[self.at :]!r}")
        self.at = head.end()
        if head[1] == "?i)":
            return ""
        start, inside = self.at, self.alternatives()
        rule = self.text[start : self.at]
        self.at += 1
        if head[1] == "?!":
            return ""
        return next((one for one in self.given.get(head[2] or "", ()) if re.fullmatch(rule, one)), inside)

    def one_of(self) -> str:
        end = self.text.index("]", self.at)
        inside = self.text[self.at + 1 : end]
        self.at = end + 1
        return _PLAIN.get(inside[1], inside[1]) if inside.startswith("\\") else inside[0]
