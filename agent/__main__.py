"""`python -m agent` is `readiness`."""

from agent.cli import main

if __name__ == "__main__":
    main()
