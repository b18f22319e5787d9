"""What went wrong from when until when: opened and closed by looks at the verdict, with a time line of each.

For those who build on it: :func:`going_on` tells what is open now, :func:`note_alert` writes that somebody was told,
:func:`lag` sums up how late the provider's status page was. ``watch`` and ``watch_all`` are what the clock calls.
"""

from triage.incidents.lag import Lag, lag
from triage.incidents.markdown import as_markdown
from triage.incidents.timeline import LONGEST_NOTE, note, note_alert
from triage.incidents.watching import watch, watch_all
from triage.incidents.windows import between, going_on
from triage.incidents.wording import duration, span, title

__all__ = [
    "LONGEST_NOTE",
    "Lag",
    "as_markdown",
    "between",
    "duration",
    "going_on",
    "lag",
    "note",
    "note_alert",
    "span",
    "title",
    "watch",
    "watch_all",
]
