"""Presence: who is here, for those who may know; and what a person shows of themselves."""
