"""What turns documents, code and typed text into claims."""
