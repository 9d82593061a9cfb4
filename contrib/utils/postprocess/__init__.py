"""From the arrays that a network gives to results that a person reads; one file a task."""
