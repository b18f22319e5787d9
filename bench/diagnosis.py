"""``python -m bench.diagnosis``: what the diagnosis of a paste costs, in milliseconds of one core."""

from __future__ import annotations

import random
import time

from triage.diagnosis import diagnose
from triage.knowledge import load

_PASTES = {"4 KB": (4_096, 300), "1 MB": (1_000_000, 20)}
"""Characters of a paste, and how many are measured."""
_TIMES = 3
"""How often each is measured: the least counts, since others use the machine too."""


def main() -> None:
    """Measure pastes packed with the messages of many causes, the dearest kind there is, and print the figures."""
    dice = random.Random(1)
    messages = [example for cause in load().causes.values() for example in cause.examples]
    diagnose("")
    print("diagnosis, CPU-ms a paste:      p50      p99")
    for name, (size, count) in _PASTES.items():
        taken = sorted(_milliseconds(_packed(messages, size, dice)) for _ in range(count))
        print(f"  {name:<24}{taken[len(taken) // 2]:>10.1f}{taken[int(len(taken) * 0.99)]:>9.1f}")
    print()


def _packed(messages: list[str], size: int, dice: random.Random) -> str:
    lines: list[str] = []
    length = 0
    while length < size:
        lines.append(f"2026-11-21T14:02:{len(lines) % 60:02}Z ERROR worker: {dice.choice(messages)}")
        length += len(lines[-1]) + 1
    return "\n".join(lines)[:size]


def _milliseconds(text: str) -> float:
    taken = []
    for _ in range(_TIMES):
        began = time.process_time()
        diagnose(text)
        taken.append(time.process_time() - began)
    return min(taken) * 1000


if __name__ == "__main__":
    main()
