"""`python -m edge` is `edge-emo`."""

from .cli import main

if __name__ == "__main__":
    main()
