"""Raises an error and prints, with terminal escapes, HTML and marks of text direction."""

PAINT = "\x1b[2J\x1b]0;title\x07<script>alert(1)</script>\u202e[bold red]100/100[/]\r\ud800\u2028"


def attack():
    print(PAINT.encode("utf-8", "surrogatepass").decode("utf-8", "replace"))
    raise ValueError(PAINT)
