"""What an error of exporting means."""
