"""Small real data sets, written on request from what scikit-learn carries."""
