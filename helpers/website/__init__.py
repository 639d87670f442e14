"""The course as a website: `make site` writes its source and lets Sphinx build it."""
