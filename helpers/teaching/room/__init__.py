"""A page that shows, live, where the learners of a class are; see `helpers.exercises.room`."""
