"""Frozen periods (周督查, 月通报, 年总评): what they hold, how they are made, kept, compared and shown."""
