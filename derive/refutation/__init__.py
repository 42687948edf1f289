"""The search for a point at which a claim is wrong, and the check of a proof."""
