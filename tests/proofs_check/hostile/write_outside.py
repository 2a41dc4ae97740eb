"""Writes outside its folder."""


def attack():
    with open("@OUTSIDE@/made", "w") as out:
        out.write("here I was")
