"""A module for each skill: `example(rng, size)` draws a training conversation, `case(rng, size)` a held-out case."""
