"""What people write: operators, sequences, images, shapes and how it is printed."""
