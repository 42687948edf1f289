"""Documents: formulas where they are written.

``contents`` are what a document holds, ``containers`` find it, ``parser`` makes a ``tree`` of each
formula.
"""
