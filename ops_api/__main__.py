"""``python -m ops_api`` is ``cityops``."""

from ops_api.cli import main

if __name__ == "__main__":
    main()
