"""From a file to the arrays that a network takes; one file a task, one folder a source framework."""
