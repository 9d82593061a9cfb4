"""Small data sets, written on request: real ones that scikit-learn carries, and drawn ones."""
