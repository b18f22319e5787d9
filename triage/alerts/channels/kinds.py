"""Every kind of channel with what sends by it."""

from triage.alerts.channels import apprise, email, slack, webhook
from triage.alerts.channels.model import Sender

SENDERS: dict[str, Sender] = {
    "email": email.SENDER,
    "slack": slack.SENDER,
    "webhook": webhook.SENDER,
    "apprise": apprise.SENDER,
}
