"""An export as servers and other programs take it: model repositories, and one file with everything inside."""
