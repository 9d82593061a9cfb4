"""Files from elsewhere: fetched once, verified always, and kept by what they are."""
