"""What design goals ask to measure, as programs: ``python -m bench [NAME]``."""
