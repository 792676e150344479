"""Running a prompt: build, ask, collect, publish; and keeping the account of it."""
