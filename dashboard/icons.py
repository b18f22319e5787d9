"""The few line icons of the pages, drawn on a 16 by 16 grid and put into the page itself: no file to wait for."""

from __future__ import annotations

from typing import Final

PATHS: Final[dict[str, str]] = {
    "overview": '<path d="M2 12.5 5.5 8l2.5 2.5L14 3.5"/><path d="M10.5 3.5H14V7"/>',
    "diagnose": '<path d="M3 2.5v4a3.5 3.5 0 0 0 7 0v-4"/><path d="M6.5 10v1a3 3 0 0 0 6 0V9.5"/>'
    '<circle cx="12.5" cy="8" r="1.5"/>',
    "reference": '<path d="M8 4c-1.5-1.2-3.5-1.5-6-1.5v10c2.5 0 4.5.3 6 1.5 1.5-1.2 3.5-1.5 6-1.5v-10'
    'C11.5 2.5 9.5 2.8 8 4Zm0 0v10"/>',
    "walk": '<circle cx="8" cy="3.2" r="1.7"/><circle cx="3.5" cy="12.8" r="1.7"/>'
    '<circle cx="12.5" cy="12.8" r="1.7"/><path d="M8 5v2.5m0 0-4 3.6m4-3.6 4 3.6"/>',
    "issues": '<circle cx="8" cy="8" r="6"/><path d="M8 5v3.5M8 11v.1"/>',
    "requests": '<path d="M2 5h11m0 0-3-3m3 3-3 3M14 11H3m0 0 2.5-2.5M3 11l2.5 2.5"/>',
    "limits": '<path d="M2.5 12a6 6 0 1 1 11 0"/><path d="m8 9.5 3-3.5"/><path d="M2.5 12h1.5m8 0h1.5"/>',
    "health": '<path d="M1.5 8.5h3L6 4l3 8.5 1.8-4h3.7"/>',
    "incidents": '<path d="M8 2.5 14.5 13.5h-13Z"/><path d="M8 6.5v3.2M8 11.6v.1"/>',
    "policy": '<path d="M2.5 13.5h11M4 11V7.5M8 11V3.5M12 11V5.5"/>',
    "alerts": '<path d="M3.5 11.5h9c-1-1-1.2-2-1.2-4.5a3.3 3.3 0 0 0-6.6 0c0 2.5-.2 3.5-1.2 4.5Z"/>'
    '<path d="M6.5 13.8h3"/>',
    "connect": '<path d="M5.5 2v3m5-3v3M3.5 5h9v2.5a4.5 4.5 0 0 1-9 0Zm4.5 7v2.5"/>',
    "settings": '<path d="M2 4.5h6m4 0h2M2 11.5h2m4 0h6"/><circle cx="10" cy="4.5" r="1.8"/>'
    '<circle cx="6" cy="11.5" r="1.8"/>',
    "search": '<circle cx="7" cy="7" r="4.5"/><path d="m10.5 10.5 3.5 3.5"/>',
    "menu": '<path d="M2 4h12M2 8h12M2 12h12"/>',
    "close": '<path d="m4 4 8 8m0-8-8 8"/>',
    "chevron": '<path d="m4 6 4 4 4-4"/>',
    "check": '<path d="m3 8.5 3.5 3.5L13 4.5"/>',
    "retry": '<path d="M13.5 8a5.5 5.5 0 1 1-1.7-4M13.5 2v3h-3"/>',
    "wait": '<circle cx="8" cy="8" r="6"/><path d="M8 4.5V8l2.5 1.5"/>',
    "stop": '<circle cx="8" cy="8" r="6"/><path d="m5.8 5.8 4.4 4.4m0-4.4-4.4 4.4"/>',
    "unknown": '<circle cx="8" cy="8" r="6"/><path d="M6.2 6.3A1.8 1.8 0 1 1 8 8.3v.7M8 11.2v.1"/>',
    "up": '<path d="M8 13V3m0 0L4 7m4-4 4 4"/>',
    "down": '<path d="M8 3v10m0 0 4-4m-4 4L4 9"/>',
    "person": '<circle cx="8" cy="5" r="2.7"/><path d="M2.8 14c.4-3 2.4-4.5 5.2-4.5s4.8 1.5 5.2 4.5"/>',
    "project": '<path d="M2 4.5h4.5L8 6h6v7H2Z"/>',
    "external": '<path d="M9 2.5h4.5V7M13 3 7 9M6 3.5H2.5v10h10V10"/>',
    "quiet": '<path d="M2 11.5h12"/><path d="M4.5 8.5h7M7 5.5h2"/>',
    "lock": '<rect x="3" y="7" width="10" height="7" rx="1.5"/><path d="M5 7V5a3 3 0 0 1 6 0v2"/>',
}

_FRAME: Final = (
    '<svg viewBox="0 0 16 16" width="16" height="16" fill="none" stroke="currentColor" stroke-width="1.5" '
    'stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">{}</svg>'
)


def svg(name: str) -> str:
    """Return the icon ``name`` as an SVG element that screen readers skip.

    Raises:
        KeyError: there is no such icon.
    """
    return _FRAME.format(PATHS[name])
