"""Ways in which people and programs change a message on its way into a paste."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Callable

_SHOWN = re.compile(r"(?:\x1b\[[\d;]*m)*.(?:\x1b\[0m)?")
"""A character as it is shown, with the colour codes around it."""


def wrapped(width: int, indent: str = "    ") -> Callable[[str], str]:
    """As a terminal of ``width`` columns breaks it: in the middle of words, not in colours, with an indent."""

    def change(text: str) -> str:
        shown = [_SHOWN.findall(line) for line in text.split("\n")]
        lines = ["".join(line[at : at + width]) for line in shown for at in range(0, max(1, len(line)), width)]
        return ("\n" + indent).join(lines)

    return change


def boxed(text: str) -> str:
    """Inside a frame of box-drawing characters."""
    lines = [part for line in text.split("\n") for part in textwrap.wrap(line, 70) or [""]]
    return "╭" + "─" * 72 + "╮\n" + "\n".join(f"│ {line:<70} │" for line in lines) + "\n╰" + "─" * 72 + "╯"


def coloured(text: str) -> str:
    """With terminal colours around each word."""
    return " ".join(f"\x1b[31;1m{word}\x1b[0m" for word in text.split(" "))


def nested(depth: int) -> Callable[[str], str]:
    """As a string inside ``depth`` JSON objects."""

    def change(text: str) -> str:
        for _ in range(depth):
            text = json.dumps({"note": text})
        return text

    return change


def curly(text: str) -> str:
    """With the typographic quotes that a word processor puts in."""
    return text.replace('"', "”").replace("'", "’").replace("`", "‘")


def logged(prefix: str) -> Callable[[str], str]:
    """With a log's prefix before each line."""
    return lambda text: "\n".join(prefix + line for line in text.split("\n"))


def among(before: str, after: str) -> Callable[[str], str]:
    """Between other words."""
    return lambda text: f"{before}\n{text}\n{after}"


VARIANTS: dict[str, Callable[[str], str]] = {
    "wrapped at 40": wrapped(40),
    "wrapped at 60": wrapped(60),
    "wrapped at 80": wrapped(80, "  ⎿  "),
    "boxed": boxed,
    "coloured": coloured,
    "nested once": nested(1),
    "nested twice": nested(2),
    "nested three times": nested(3),
    "curly quotes": curly,
    "docker prefix": logged("api-1  | "),
    "quoted mail": logged("> "),
    "among Chinese": among("昨天开始一直这样，重启也没有用：", "有人遇到过吗？怎么解决？"),
    "among German": among("Seit heute früh kommt bei jeder Anfrage das hier:", "Was kann ich da machen? Danke!"),
    "among Korean": among("오늘 아침부터 계속 이렇게 나옵니다.", "어떻게 해결하나요?"),
    "among a traceback": among(
        'Traceback (most recent call last):\n  File "/srv/app/main.py", line 88, in run\n    reply = ask()',
        "INFO: shutting down worker 3",
    ),
}
