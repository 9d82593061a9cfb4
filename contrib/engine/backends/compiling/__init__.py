"""What runtimes share that compile a network before they run it: one base class, a cache, and changes to graphs."""
