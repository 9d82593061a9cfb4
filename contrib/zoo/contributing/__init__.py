"""For contributors and maintainers: new, check, readme, report, matrix."""
