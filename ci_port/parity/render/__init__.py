"""A report in the forms that other programs and people read; `forms` has them by name."""
