"""Grade submitted notebooks: run each in a box, and check its answers in a second box.

1. `notebook_run` runs the notebook in the first box. The answers leave it as data: see `answers`.
2. `check_run` reads the data in the second box, which runs nothing of the learner's Python code,
   and calls the checks of the course.
3. The process that starts the boxes reads only the verdicts of the second box.

Answers that are no data, such as functions, are checked in the first box, beside the learner's
code. `integrity` notices if the notebook has changed the course there.
"""
