"""`make matrix`: which reader keeps the promise of which way to export, as a table.

Each export of the corpus is made and asked in each reader, on the installed versions or on others,
and its answers are compared with those of the live model. The table is written as data and as a
page, with what changed since the last time at the top.
"""
