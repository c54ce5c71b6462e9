"""The search engines: finding and editing text in a search body, and one adapter an engine."""
