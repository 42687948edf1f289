"""The command line: ``main`` parses and exits, ``render`` turns verdicts into text or JSON."""
