"""A newcomer's first minutes without an API key: a stand-in for the Claude API and programs that call it."""
