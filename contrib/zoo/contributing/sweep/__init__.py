"""`zoo sweep FAMILY`: exports and verifies every network of a library, each in a process of its own."""
