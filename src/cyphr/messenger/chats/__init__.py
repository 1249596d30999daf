"""Chats: between two people, and groups."""
