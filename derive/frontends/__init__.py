"""What people write, read into claims."""
