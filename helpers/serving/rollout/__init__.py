"""Deploy a new version to some users first: split traffic, compare, promote, roll back."""
