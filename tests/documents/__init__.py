"""Documents in the styles that people use, with the truth of each of their statements."""
