"""The language of the prompt: formulas as they are typed, read into SymPy with their shapes."""
