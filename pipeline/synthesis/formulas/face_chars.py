"""Which characters of a handwriting face are symbols of formulas."""

SPELLED = {"<": "\\lt", ">": "\\gt", "{": "\\{", "}": "\\}", "\N{HORIZONTAL ELLIPSIS}": "\\ldots"}
"""Labels that differ from their character."""

CHARS = "0123456789ABCEFGHILMNPRSTVXYabcdefghijklmnopqrstuvwxyz!()+,/=[]" + "".join(SPELLED)
