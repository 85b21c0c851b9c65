"""The web app: what it ships, how it is built and served. Its sources are TypeScript, in `app/`."""
