"""For programs that call the Claude API with the anthropic SDK: reports of every attempt, and retries that make sense.

    from anthropic import Anthropic
    from triage.client import TriageReporter, with_policy

    reporter = TriageReporter("https://triage.example.org", "tri_...", service="checkout")
    client = with_policy(Anthropic(middleware=[reporter]))

It needs the SDK and nothing else; neither the server nor Django is imported.
"""

from triage.client.course import Policy, Step
from triage.client.policy import with_policy
from triage.client.reporter import TriageReporter

__all__ = ["Policy", "Step", "TriageReporter", "with_policy"]
