"""Web servers: `gate` and `server` serve any ASGI application safely; each application is a folder below."""
