"""For programs that call the Claude API with the anthropic SDK: reports of every attempt.

    from anthropic import Anthropic
    from triage.client import TriageReporter

    reporter = TriageReporter("https://triage.example.org", "tri_...", service="checkout")
    client = Anthropic(middleware=[reporter])

It needs the SDK and nothing else; neither the server nor Django is imported.
"""

from triage.client.reporter import TriageReporter

__all__ = ["TriageReporter"]
