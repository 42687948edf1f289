"""Array code: forward and backward passes, read into claims."""
