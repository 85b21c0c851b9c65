"""The web app: what it ships, how it is built and served. Its own sources are TypeScript, in `app/`."""
