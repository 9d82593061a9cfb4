"""Work on more than one machine: jobs are given to workers on the nodes of a Ray cluster."""
