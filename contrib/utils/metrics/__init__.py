"""How good results are: one file a metric family."""
