"""What an instructor needs beside the lessons."""
