"""What an error of the Claude API is, what it means, and how many there are."""
