"""Assembles, builds and serves the web app. Its TypeScript sources are in `app/`."""
