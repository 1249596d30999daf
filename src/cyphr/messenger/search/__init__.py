"""Search: words in one's own chats, in Russian and English."""
