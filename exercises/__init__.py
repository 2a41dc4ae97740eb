"""The course: a folder for each exercise, see README.md."""
