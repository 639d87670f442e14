"""The errors of exporting that this course knows, and texts about an error."""
