"""What a document states, and what it is decided to be."""
