"""Results as pictures: one file a task."""
