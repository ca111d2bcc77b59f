"""What the memo says, a question a function: each takes a teller and gives a section, or nothing to say."""
