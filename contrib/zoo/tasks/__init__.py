"""What each domain does with a sample, put together from `utils`."""
