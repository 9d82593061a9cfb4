"""`zoo sync`: what is equal in many places is written once, from the models; all else is written by people."""
