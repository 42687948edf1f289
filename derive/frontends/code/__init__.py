"""Array code as claims: a forward and its backward, traced for every size.

The user's file is executed by Python from a transformed copy, with its array libraries replaced
by one namespace whose arrays are bodies over index symbols. What comes out is a set of
definitions and one claim for each input, which the engine decides as any other.

The modules, from the ground up:

- ``sizes``: symbolic sizes, what is decided of them and what is assumed;
- ``trace``: the trace that is being made: definitions, assumptions, names, notes;
- ``axes``: axes as segments of factors, brought to a common form;
- ``arrays``: the traced array, elementwise arithmetic, reductions, in-place changes;
- ``indexing``: what is read and written at slices, points, masks and arrays of integers;
- ``operations``: what every library has, under neutral names; ``einsums``: einsum;
- ``numpy_names``: the table of names and defaults of NumPy; ``torch_names`` and ``jax_names`` are
  tables of the same kind. ``libraries`` says which module name gets which table;
- ``transform``: the copy of the source; ``runtime``: what the copy calls;
- ``loops``: loops over symbolic ranges and branches on values;
- ``loader``: files and functions, executed from their copies;
- ``shapes``: shapes as people write them, and the inputs that are made of them;
- ``pairs``: a forward and its backward become claims;
- ``native``: the user's own functions run: the trace check, and refutations before they are said.
"""
