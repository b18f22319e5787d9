"""Files that programs leave behind, read into reports; one module a form, each makes objects of our own JSON format."""
