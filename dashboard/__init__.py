"""The web face of Triage."""
