"""What a person gives: files, addresses, folders, patterns, pages, tables, and what is made in memory."""
