"""Who asks and what they may do: users, roles, API keys, and what these come to for one request."""
